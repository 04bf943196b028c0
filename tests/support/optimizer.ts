/** Runs one update rule over a flat arena, in f64 and as kernels, on the same gradients. */
import { adam, gradNorm, gradReduce, segmentTable, sgd, spamClip } from '@/engine/kernels/optimizer';
import type { KernelProgram } from '@/engine/kernel';
import { biasCorrection, clipCoefficient } from '@/optim/adamw';
import { STATE_SLOTS, type StateSlot } from '@/optim/kinds';
import { SOFT_RESET, SPAM_MIN_QUEUE, SPAM_QUEUE } from '@/optim/spam';
import { type OptimizerSettings, stepPlan, updateTensor } from '@/optim/update';
import { type HostArray, operand, runKernels } from './gpu';

export interface Tensors {
  readonly w: Float32Array;
  readonly state: Partial<Record<StateSlot, Float32Array>>;
  /** [norm, coefficient, ok, m scale, v scale, z, clipped] of the last step. */
  readonly norm: Float32Array;
  readonly queue: Float32Array;
}

export const emptyState = (settings: OptimizerSettings, w: Float32Array): Tensors => ({
  w,
  state: Object.fromEntries(STATE_SLOTS[settings.kind].map((slot) => [slot, new Float32Array(w.length)])),
  norm: new Float32Array(16),
  queue: new Float32Array(SPAM_QUEUE),
});

const R = { w: 0, g: 1, m: 2, v: 3, peak: 4, table: 5, partials: 6, norm: 7, mask: 8, queue: 9, clipped: 10 } as const;

/** One step of the kernels; elements below `decayed` decay. `mask` holds keep bits. n must be a multiple of 64. */
export async function gpuStep(
  settings: OptimizerSettings,
  before: Tensors,
  gradient: Float32Array,
  step: number,
  { decayed = Infinity, mask = null as Uint32Array | null } = {},
): Promise<Tensors> {
  const n = before.w.length;
  const split = Math.min(decayed, n);
  const segments = [
    { offset: 0, size: split, decay: true, slabOffset: null, slabs: 1 },
    ...(split < n ? [{ offset: split, size: n - split, decay: false, slabOffset: null, slabs: 1 }] : []),
  ].filter((s) => s.size > 0);
  const layout = segmentTable(segments, n);
  const at = (name: keyof typeof R, size = n, dtype: 'f32' | 'u32' = 'f32') =>
    operand(R[name], [size], 'read_write', dtype);
  const common = { label: 't', table: operand(R.table, [layout.data.length], 'read', 'u32'), layout };
  const bits = mask ? at('mask', mask.length, 'u32') : null;
  const partials = at('partials', layout.blocks);
  const norm = at('norm', 7);
  const programs: KernelProgram[] = [
    gradReduce.build({ ...common, slabs: null, grad: at('g'), partials, mask: bits }, { name: '', params: {} }),
  ];
  const clipped = at('clipped', layout.blocks);
  if (settings.spam)
    programs.push(
      spamClip.build({ ...common, grad: at('g'), v: at('v'), partials, clipped }, { name: '', params: {} }),
    );
  const spam = settings.spam
    ? { queue: at('queue', SPAM_QUEUE), clipped, soft: SOFT_RESET, minQueue: SPAM_MIN_QUEUE }
    : null;
  programs.push(gradNorm.build({ label: 't', partials, out: norm, spam }, { name: '', params: {} }));
  const shared = { ...common, w: at('w'), g: at('g'), norm, mask: bits, maskState: 'all' as const };
  programs.push(
    settings.kind === 'sgd'
      ? sgd.build({ ...shared, b: at('m') }, { name: '', params: {} })
      : adam.build(
          {
            ...shared, m: at('m'), v: at('v'), peak: before.state.max_exp_avg_sq ? at('peak') : null,
            coupled: settings.kind === 'adam', spam: settings.spam?.mode ?? 'none',
          },
          { name: '', params: {} },
        ),
  ); // prettier-ignore
  const { lr, t, reset, theta } = stepPlan(settings, 1e9, step);
  const { stepSize, invSqrtC2 } = biasCorrection(lr, settings.beta1, settings.beta2, t);
  const zero = new Float32Array(n);
  const host = new Map<number, HostArray>([
    [R.w, before.w], [R.g, gradient], [R.m, before.state.momentum_buffer ?? before.state.exp_avg ?? zero],
    [R.v, before.state.exp_avg_sq ?? zero], [R.peak, before.state.max_exp_avg_sq ?? zero], [R.table, layout.data],
    [R.partials, new Float32Array(layout.blocks)], [R.norm, before.norm], [R.mask, mask ?? new Uint32Array(1)],
    [R.queue, before.queue], [R.clipped, new Float32Array(layout.blocks)],
  ]); // prettier-ignore
  const out = await runKernels(programs, host, [R.w, R.m, R.v, R.peak, R.norm, R.queue], {
    step, lr, step_size: stepSize, inv_sqrt_c2: invSqrtC2, beta1: settings.beta1, beta2: settings.beta2,
    adam_eps: settings.eps, weight_decay: settings.weightDecay, grad_clip: settings.gradClip, momentum: settings.momentum,
    moment_keep: reset ? 0 : 1, spam_theta: theta, spam_z: settings.spam?.zThreshold ?? 0,
  }); // prettier-ignore
  const array = (region: number, size = n): Float32Array => new Float32Array(out.get(region)!).slice(0, size);
  const regions: Record<StateSlot, number> = {
    momentum_buffer: R.m,
    exp_avg: R.m,
    exp_avg_sq: R.v,
    max_exp_avg_sq: R.peak,
  };
  return {
    w: array(R.w),
    state: Object.fromEntries(STATE_SLOTS[settings.kind].map((slot) => [slot, array(regions[slot])])),
    norm: array(R.norm, 16),
    queue: array(R.queue, SPAM_QUEUE),
  };
}

/** The f64 twin without SPAM: `updateTensor` with the clip coefficient of the whole arena. */
export class Twin {
  readonly w: Float64Array;
  readonly state: Partial<Record<StateSlot, Float64Array>>;

  constructor(
    readonly settings: OptimizerSettings,
    w: ArrayLike<number>,
  ) {
    this.w = Float64Array.from(w);
    this.state = Object.fromEntries(STATE_SLOTS[settings.kind].map((slot) => [slot, new Float64Array(w.length)]));
  }

  step(g: ArrayLike<number>, step: number, decay = true, shape: readonly number[] = [g.length]): void {
    const { lr, t } = stepPlan(this.settings, 1e9, step);
    const norm = Math.sqrt(Array.from(g).reduce((sum, x) => sum + x * x, 0));
    const coefficient = clipCoefficient(norm, this.settings.gradClip);
    updateTensor(
      this.settings.kind,
      { w: this.w, g, shape, state: this.state, t, coefficient, decay },
      { ...this.settings, lr },
    );
  }
}

/** max |a - b| / (|b| + floor). */
export function worst(a: ArrayLike<number>, b: ArrayLike<number>, floor = 1e-3): number {
  let out = 0;
  for (let i = 0; i < b.length; i++) out = Math.max(out, Math.abs(a[i]! - b[i]!) / (Math.abs(b[i]!) + floor));
  return out;
}

export const SETTINGS: OptimizerSettings = {
  kind: 'adamw', learningRate: 3e-3, minLr: 3e-3, warmupSteps: 0, decayLr: false, weightDecay: 0.1, beta1: 0.9, beta2: 0.99,
  eps: 1e-8, momentum: 0.9, gradClip: 0, spam: null,
}; // prettier-ignore
