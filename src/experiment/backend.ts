/** What the training loop needs from whoever does the arithmetic: the WebGPU engine or the f64 reference. */
import type { OpTime } from '@/engine/executor';
import type { KernelProgram } from '@/engine/kernel';
import type { LiveBytes } from '@/engine/memory-meter';
import type { MemorySummary } from '@/engine/plan';
import type { MetricEvent } from './events';
import type { StateSample } from './state-sample';
import type { TrainingState } from './training-state';

export interface StepResult {
  /** Mean nats per counted target before the update, over all micro-steps. */
  readonly loss: number;
  /** Global 2-norm of the gradient before clipping. */
  readonly gradNorm: number;
  /** What else happened in this step: SPAM's events, a mask update. */
  readonly events?: readonly MetricEvent[];
}

export interface EvalResult {
  readonly loss: number;
  readonly metric?: { readonly name: string; readonly value: number };
}

/** Named tensors of a checkpoint, f32, in arena order. */
export type NamedTensors = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

export interface BackendSummary {
  readonly parameters: number;
  readonly dispatchesPerStep: number;
  readonly plannedBytes: number;
  readonly allocatedBytes: number;
  readonly memory: MemorySummary;
  /** Kernel family -> variants dispatched, for the run record. */
  readonly variants: Readonly<Record<string, readonly string[]>>;
  /** Every program of the plan, in order; empty on the reference. */
  readonly programs: readonly KernelProgram[];
}

export interface TrainingBackend {
  readonly kind: 'webgpu' | 'reference';
  readonly summary: BackendSummary;
  /** Steps that may be in flight at once. */
  readonly depth: number;
  /**
   * Submits one optimizer step. Resolves when the step was accepted; `result` follows when it is done.
   * A step whose gradient is not finite leaves weights and moments unchanged.
   */
  step(step: number): Promise<{ readonly result: Promise<StepResult> }>;
  /** Held-out loss over the configured evaluation batches; the same batches at every call. */
  evaluate(): Promise<EvalResult>;
  /** Logits [vocab] that follow the given tokens (at most the block size). */
  nextLogits(tokens: readonly number[]): Promise<Float32Array>;
  parameters(): Promise<NamedTensors>;
  /** Gradient of the mean loss over the first micro-batch of `step`, masked, before clipping. Weights and state stay as they are. */
  gradient(step: number): Promise<NamedTensors>;
  /** About `limit` elements of weights, state and the gradient of `step` as in `gradient`. Call with no step in flight. */
  sampleState(step: number, limit: number): Promise<StateSample>;
  loadParameters(tensors: NamedTensors): Promise<void>;
  /** Everything that continues the run bit for bit (training-state.ts). Call with no step in flight. */
  saveState(): Promise<TrainingState>;
  /** Restores a saved state; continue with `savedStep(state)`. Throws StateError when it belongs to another model or backend. */
  loadState(state: TrainingState): Promise<void>;
  /** After a non-finite loss or norm at `step`: the first operation with a non-finite value, in words. */
  diagnose(step: number): Promise<string>;
  /** Bytes of GPU memory held now. */
  readonly allocatedBytes: number;
  /** Every buffer of the device, this run's and others'; null on the reference. */
  liveBytes(): LiveBytes | null;
  /** Time by kernel family of the forward and backward pass of a step, without an update; null where nothing can measure it. */
  profile(step: number): Promise<readonly OpTime[] | null>;
  destroy(): void;
}
