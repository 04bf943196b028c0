/**
 * Which preset sets up a claim's comparison here, and what is missing where none does. An experiment of the ledger is a
 * comparison; a preset is one arm or a paired matrix at small scale, so none of these repeats the reported figure.
 */
import type { PresetInfo } from '@/worker/protocol';
import type { Claim } from './ledger';

type Plan =
  | { readonly preset: string; readonly set?: Readonly<Record<string, string>>; readonly against?: string }
  | { readonly missing: string };

export type Reproduction =
  | {
      readonly kind: 'here';
      readonly preset: string;
      readonly href: string;
      /** What to run beside it, or the terminal command for all its arms. */
      readonly how: string;
    }
  | { readonly kind: 'missing'; readonly why: string };

const DECODE = 'Missing here: a preset that measures decode and quantised caches.';
const VISION = 'Missing here: image models and their data.';
const GRAPHS = 'Missing here: graph networks and the fraud data.';

const PLANS: Readonly<Record<string, Plan>> = {
  'gpt2-ra-sdpa': { preset: 'gpt2-attention-matrix' },
  'gpt2-ra-layer-placement': { preset: 'gpt2-ra-placement' },
  'gpt2-mla': { preset: 'gpt2-mla', against: 'gpt2-vanilla-baseline' },
  'gpt2-kvsplice-fim': { preset: 'gpt2-kvsplice-matrix' },
  'gpt2-kv-tying': { preset: 'gpt2-kv-tying' },
  'gpt2-bitter-lesson': { preset: 'gpt2-bitter-lesson-iterations' },
  'gpt2-bitter-equal-budget': { preset: 'gpt2-pruning-matched-small' },
  'gpt2-sparsity-sweep': { preset: 'gpt2-sparsity-sweep' },
  'gpt2-rmlp': { preset: 'gpt2-vanilla-baseline', set: { MLP_RECIPROCAL: 'y' }, against: 'gpt2-vanilla-baseline' },
  'gpt2-ratio': { preset: 'gpt2-vanilla-baseline', set: { MLP_RATIO: 'y' }, against: 'gpt2-vanilla-baseline' },
  'gpt2-optimizers': { preset: 'gpt2-optimizer-matrix' },
  'gpt2-effective-batch': {
    preset: 'gpt2-vanilla-baseline',
    set: { GRADIENT_ACCUMULATION: '2' },
    against: 'gpt2-vanilla-baseline at equal updates, then at equal tokens',
  },
  'gpt2-vanilla-baseline': { preset: 'gpt2-vanilla-baseline' },
  'gpt2-ra-variants': {
    missing: 'Missing here: the folded, swapped and doubled forms. gpt2-ra-sdpa has the learned branch.',
  },
  'gpt2-fim-trace': {
    missing: 'No preset for this comparison; the document Fisher and Adam has what is measured here.',
  },
  'gpt2-fisher-signal': {
    missing: 'No preset for this comparison; the document Fisher and Adam has what is measured here.',
  },
  'gpt2-fim-quant': { missing: 'Missing here: weight formats under 16 bits.' },
  'gpt2-prune-select': { missing: 'No preset: `wb bench prune` times selection in the terminal.' },
  'gpt2-kv-prune-spline': { missing: 'Missing here: the spline and pruning of the cache.' },
  'gpt2-kv-asym-quant': { missing: DECODE },
  'gpt2-calibrate-ratio': { missing: DECODE },
  'gpt2-fused-kv': { missing: DECODE },
  'gpt2-kv-bandwidth': { missing: DECODE },
  'gpt2-roofline': {
    missing: 'No preset: wb-roofline computes it, and `wb doctor` measures the roof of this adapter.',
  },
  'gpt2-cartridge': { missing: 'Missing here: stored prefixes.' },
  'gpt2-rgsa': { missing: 'Missing here: routed sparse attention.' },
  'gpt2-tiering': { missing: 'Missing here: placement of tensors over memory tiers.' },
  'gpt2-mechint': { missing: 'Missing here: channel masks trained after the model.' },
  'resnet18-matrix': { missing: VISION },
  'lenet5-matrix': { missing: VISION },
  'gnn-page': { missing: GRAPHS },
};

/** @param presets those that ship; one that a plan names and that is not among them is reported as missing by name */
export function reproduction(claim: Claim, presets: readonly PresetInfo[]): Reproduction {
  if (claim.experiment === null) return { kind: 'missing', why: claim.obstacle ?? 'Nothing to run.' };
  const plan = PLANS[claim.experiment] as Plan | undefined;
  if (plan === undefined) return { kind: 'missing', why: `Missing here: the experiment ${claim.experiment}.` };
  if ('missing' in plan) return { kind: 'missing', why: plan.missing };
  const preset = presets.find(({ name }) => name === plan.preset);
  if (preset === undefined) return { kind: 'missing', why: `Missing here: the preset ${plan.preset}.` };
  const query = new URLSearchParams({ defconfig: preset.name, ...plan.set });
  const cells = Number(/^#\s*Cells:\s*(\d+)/m.exec(preset.text)?.[1] ?? 1);
  return { kind: 'here', preset: preset.name, href: `#/lab?${query}`, how: how(preset.name, cells, plan.against) };
}

function how(preset: string, cells: number, against?: string): string {
  if (cells > 1) return `One arm runs in the Lab; all ${cells} cells, paired: wb matrix --defconfig ${preset}`;
  return against === undefined ? 'One run.' : `Compare with ${against}, same seed.`;
}
