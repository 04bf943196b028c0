/**
 * What sets up a claim's comparison here: a preset of the Lab, an experiment of the Decode page, or a command. An experiment of
 * the ledger is a comparison; what is here runs at small scale, so nothing repeats the reported figure.
 */
import type { PresetInfo } from '@/worker/protocol';
import type { ComparisonPlan } from '@/worker/store-protocol';
import { headerArms, headerCells } from '../preset-header';
import type { Claim } from './ledger';

type Plan =
  | {
      readonly kind: 'preset';
      readonly preset: string;
      readonly set?: Readonly<Record<string, string>>;
      /** The baseline's preset, where the header of `preset` declares no arms. */
      readonly against?: string;
      readonly note?: string;
    }
  /** A card of the Decode page, and the command that does the same. */
  | { readonly kind: 'decode'; readonly card: string; readonly command: string }
  | { readonly kind: 'command'; readonly command: string; readonly note: string }
  | { readonly kind: 'missing'; readonly why: string };

export interface ArmLink {
  readonly label: string;
  readonly href: string;
}

export type Reproduction =
  | {
      readonly kind: 'here';
      readonly preset: string;
      readonly href: string;
      /** Every arm of the comparison, the baseline first. */
      readonly arms: readonly ArmLink[];
      /** The terminal's command for all cells, where the preset is a matrix. */
      readonly command: string | null;
      /** What to keep in mind. */
      readonly how: string;
    }
  | { readonly kind: 'decode'; readonly card: string; readonly href: string; readonly command: string }
  | { readonly kind: 'command'; readonly command: string; readonly note: string }
  | { readonly kind: 'missing'; readonly why: string };

const BASELINE = 'gpt2-vanilla-baseline';
const missing = (why: string): Plan => ({ kind: 'missing', why });
const VISION = missing('Missing here: image models and their data.');

const PLANS: Readonly<Record<string, Plan>> = {
  'gpt2-ra-sdpa': { kind: 'preset', preset: 'gpt2-attention-matrix' },
  'gpt2-ra-layer-placement': { kind: 'preset', preset: 'gpt2-ra-placement' },
  'gpt2-ra-variants': {
    kind: 'preset',
    preset: 'gpt2-ra-sdpa',
    set: { RA_FORM_FOLD: 'y' },
    against: BASELINE,
    note: 'Other forms: the choice “Form” under reciprocal attention.',
  },
  'gpt2-mla': { kind: 'preset', preset: 'gpt2-mla', against: BASELINE },
  'gpt2-kvsplice-fim': { kind: 'preset', preset: 'gpt2-kvsplice-matrix' },
  'gpt2-kv-tying': { kind: 'preset', preset: 'gpt2-kv-tying' },
  'gpt2-bitter-lesson': { kind: 'preset', preset: 'gpt2-bitter-lesson-iterations' },
  'gpt2-bitter-equal-budget': { kind: 'preset', preset: 'gpt2-pruning-matched-small' },
  'gpt2-sparsity-sweep': { kind: 'preset', preset: 'gpt2-sparsity-sweep' },
  'gpt2-rmlp': { kind: 'preset', preset: 'gpt2-rmlp' },
  'gpt2-ratio': { kind: 'preset', preset: 'gpt2-ratio-matrix' },
  'gpt2-optimizers': { kind: 'preset', preset: 'gpt2-optimizer-matrix' },
  'gpt2-effective-batch': {
    kind: 'preset',
    preset: BASELINE,
    set: { GRADIENT_ACCUMULATION: '2' },
    against: BASELINE,
    note: 'Equal updates; for equal tokens halve MAX_ITERS as well.',
  },
  'gpt2-vanilla-baseline': { kind: 'preset', preset: BASELINE },
  'gpt2-fim-trace': {
    kind: 'command',
    command: 'wb fisher --run DIR',
    note: 'Traces of every layer of a trained checkpoint, beside what uniform attention gives; --repo-probe adds the published way.',
  },
  'gpt2-fisher-signal': {
    kind: 'command',
    command: 'wb fisher-adam --run DIR',
    note: 'Per-sequence Fisher, mini-batch Fisher and Adam’s second moment of one checkpoint, with rank correlations.',
  },
  'gpt2-prune-select': {
    kind: 'command',
    command: 'wb bench prune',
    note: 'Times the selection of a threshold; one checkpoint under several scores: wb prune --run DIR.',
  },
  'gpt2-kv-asym-quant': {
    kind: 'decode',
    card: 'K/V precision asymmetry',
    command: 'wb decode asymmetry --run DIR',
  },
  'gpt2-calibrate-ratio': {
    kind: 'command',
    command: 'wb decode calibrate --run DIR',
    note: 'The INT6/INT8 key ratio of a trained checkpoint.',
  },
  'gpt2-fused-kv': { kind: 'decode', card: 'Fusion', command: 'wb decode fusion --run DIR' },
  'gpt2-kv-bandwidth': { kind: 'decode', card: 'Batch saturation', command: 'wb bpa matrix --out DIR' },
  'gpt2-roofline': { kind: 'decode', card: 'Roofline of this adapter', command: 'wb roofline' },
  'gpt2-kv-prune-spline': {
    kind: 'command',
    command: 'wb kvs-spline --run DIR',
    note: 'How well the values of a trained model survive the warp, beside PCA; no language-model result was published.',
  },
  'gpt2-fim-quant': missing('Missing here: weight formats under 16 bits.'),
  'gpt2-cartridge': missing('Missing here: stored prefixes.'),
  'gpt2-rgsa': missing('Missing here: routed sparse attention.'),
  'gpt2-tiering': missing('Missing here: placement of tensors over memory tiers.'),
  'gpt2-mechint': missing('Missing here: channel masks trained after the model.'),
  'resnet18-matrix': VISION,
  'lenet5-matrix': VISION,
  'gnn-page': missing('Missing here: graph networks and the fraud data.'),
};

/** Claims that the comparison of their experiment does not answer. */
const OWN_PLANS: Readonly<Record<string, Plan>> = {
  'weight-tying-params': { kind: 'preset', preset: BASELINE, set: { GPT2_WEIGHT_TYING: 'n' }, against: BASELINE },
  'kv-transpose-tying-step-time': missing('Missing here: keys from the transposed value weights.'),
  'ra-pattern-a100-val-ppl': missing('Missing here: queries and keys that change places by layer.'),
  'ra-pattern-w7900-val-ppl': missing('Missing here: queries and keys that change places by layer.'),
  'ra-double-tinystories': missing('Missing here: an ungated second attention; gpt2-ra-sdpa has the learned branch.'),
};

/** The key of a claim's plan, and of the local runs that belong to it. */
export const planKey = ({ id, experiment }: Claim): string => (id in OWN_PLANS ? id : (experiment ?? ''));

/** Comparisons that finished runs can be evidence for, by `planKey`. */
export const COMPARISONS: readonly ComparisonPlan[] = Object.entries({ ...PLANS, ...OWN_PLANS }).flatMap(
  ([id, plan]) => {
    if (plan.kind !== 'preset') return [];
    const { preset, set, against } = plan;
    return [{ id, preset, ...(set ? { set } : {}), ...(against === undefined ? {} : { against }) }];
  },
);

const link = (preset: string, set: Readonly<Record<string, string>> = {}): string =>
  `#/lab?${new URLSearchParams({ defconfig: preset, ...set })}`;

const armLinks = ({ name, text }: PresetInfo): ArmLink[] =>
  headerArms(text).map(({ label, set }) => ({ label, href: link(name, set) }));

/** @param presets those that ship; one that a plan names and that is not among them is reported as missing by name */
export function reproduction(claim: Claim, presets: readonly PresetInfo[]): Reproduction {
  if (claim.experiment === null) return { kind: 'missing', why: claim.obstacle ?? 'Nothing to run.' };
  const plan = (OWN_PLANS[claim.id] ?? PLANS[claim.experiment]) as Plan | undefined;
  if (plan === undefined) return { kind: 'missing', why: `Missing here: the experiment ${claim.experiment}.` };
  switch (plan.kind) {
    case 'missing':
    case 'command':
      return plan;
    case 'decode':
      return { ...plan, href: '#/decode' };
    case 'preset':
      return setUp(plan, presets);
  }
}

function setUp(plan: Extract<Plan, { kind: 'preset' }>, presets: readonly PresetInfo[]): Reproduction {
  const { preset: name, set, against, note } = plan;
  const preset = presets.find((p) => p.name === name);
  if (preset === undefined) return { kind: 'missing', why: `Missing here: the preset ${name}.` };
  const cells = headerCells(preset.text);
  const changed = Object.entries(set ?? {}).map((pair) => pair.join('='));
  const own: ArmLink = { label: changed.join(' ') || name, href: link(name, set) };
  const arms = against === undefined ? armLinks(preset) : [{ label: against, href: link(against) }, own];
  const command = cells > 1 ? `wb matrix --defconfig ${name}` : null;
  const how = [
    against === undefined ? null : 'Both arms with the same seed.',
    note ?? null,
    cells > 1 ? `All ${cells} cells, paired, by one button there or by` : null,
  ];
  const text = how.filter((part) => part !== null).join(' ');
  return { kind: 'here', preset: name, href: own.href, arms, command, how: text };
}
