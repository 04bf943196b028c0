import type { PruneReport } from '@/pruning/report';
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

/** What a run reports. These are the lines of metrics.jsonl; anything measured by a clock is inside `time`. */
export type MetricEvent =
  | SpamEvent
  | PruneEvent
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
