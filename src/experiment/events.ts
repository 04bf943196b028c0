import type { PruneReport } from '@/pruning/report';
import type { LogHistogram } from './log-histogram';
import type { TimelineSample } from './session/timeline';

/** AdamWSPAM: the moments were cleared, a norm spike halved them, or coordinates of the gradient were clipped. */
export interface SpamEvent {
  readonly event: 'spam';
  readonly step: number;
  readonly kind: 'reset' | 'spike' | 'clip';
  /** z-score of the gradient norm. */
  readonly z: number;
  /** Share of gradient coordinates that were clipped. */
  readonly frac_clipped: number;
}

/** Masks were recomputed after the update of `step`. */
export interface PruneEvent extends PruneReport {
  readonly event: 'prune';
  readonly step: number;
}

/** Attention Fisher trace F1 at an evaluation, one entry a layer (attention-signals.ts). */
export interface FisherEvent {
  readonly event: 'fisher';
  readonly step: number;
  readonly sequences: number;
  /** That of uniform causal attention: the most that a trace can be. */
  readonly uniform: number;
  /** Mean over the heads of each layer. */
  readonly trace: readonly number[];
  readonly heads: readonly (readonly number[])[];
}

/** Gates and reciprocal branches at an evaluation, one entry a layer, null where a layer has none (attention-signals.ts). */
export interface AttentionEvent {
  readonly event: 'attention';
  readonly step: number;
  readonly gate_mean?: readonly (number | null)[];
  /** Nats. */
  readonly gate_entropy?: readonly (number | null)[];
  readonly beta?: readonly (number | null)[];
  readonly mixing?: readonly (number | null)[];
}

/** Weights and optimizer state at an evaluation, as histograms of absolute values (observers/optimizer.ts). */
export interface OptimizerEvent {
  readonly event: 'optimizer';
  readonly step: number;
  /** Elements read, in evenly spaced blocks, of so many parameters. */
  readonly sampled: number;
  readonly of: number;
  readonly w: LogHistogram;
  /** Of the next step's first micro-batch, before clipping. */
  readonly g: LogHistogram;
  /** exp_avg or momentum_buffer, and exp_avg_sq; null where the optimizer keeps none. */
  readonly m: LogHistogram | null;
  readonly v: LogHistogram | null;
  /** What the last update moved, decay left out; null before the first, for SinkGD and with LAYER_LR. */
  readonly update: LogHistogram | null;
}

/** The run ends here: so many evaluations brought no lower held-out loss (early-stop.ts). */
export interface EarlyStopEvent {
  readonly event: 'early_stop';
  readonly step: number;
  /** Of the lowest held-out loss; null when there was none that is a number. */
  readonly best_step: number | null;
  readonly patience: number;
}

/** What a run reports. These are the lines of metrics.jsonl; anything measured by a clock is inside `time`. */
export type MetricEvent =
  | SpamEvent
  | PruneEvent
  | FisherEvent
  | AttentionEvent
  | OptimizerEvent
  | EarlyStopEvent
  | {
      readonly event: 'step';
      readonly step: number;
      /** Nats per token before this step's update. */
      readonly loss: number;
      readonly lr: number;
      readonly grad_norm: number;
      /** Tokens seen up to and including this step. */
      readonly tokens: number;
      readonly time: { readonly elapsed_ms: number; readonly step_ms: number; readonly tokens_per_second: number };
    }
  | {
      readonly event: 'eval';
      readonly step: number;
      readonly split: 'val';
      readonly loss: number;
      readonly perplexity: number;
      readonly metric?: { readonly name: string; readonly value: number };
      readonly time: { readonly elapsed_ms: number };
    };

export type RunEvent =
  | { readonly type: 'metric'; readonly metric: MetricEvent }
  | {
      readonly type: 'checkpoint';
      readonly step: number;
      readonly path: string;
      readonly best: boolean;
      readonly bytes: number;
    }
  /** What the machine did since the last one; a line of timeline.jsonl. */
  | { readonly type: 'timeline'; readonly step: number; readonly sample: TimelineSample }
  | { readonly type: 'paused' | 'resumed'; readonly step: number }
  /** The device was lost after `step` steps; a new one is being opened. */
  | { readonly type: 'device-lost'; readonly step: number; readonly message: string }
  /** The run goes on from `step` on a new device. */
  | { readonly type: 'restored'; readonly step: number }
  | { readonly type: 'finished'; readonly step: number; readonly stopped: boolean; readonly bestLoss: number }
  | { readonly type: 'failed'; readonly step: number; readonly message: string };
