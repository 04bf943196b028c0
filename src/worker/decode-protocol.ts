/** What the Decode page asks the worker to measure, and what comes back. Structured-clonable. */
import type { OpDot } from '@/engine/roofline';
import type { contextScaling, fusion, saturation, StoreScore } from '@/experiment/kv-experiments';
import type { Roofline } from '@/experiment/roofline';
import type { KvDtype } from '@/graph';
import type { RunRequest } from './protocol';

export type { KvDtype, OpDot, Roofline, StoreScore };

/** `run`: weights of the Lab's last run; `random`: the configured model as initialised. */
export type SubjectKind = 'run' | 'random';

export type Measurement =
  | { readonly kind: 'roofline' }
  | { readonly kind: 'saturation'; readonly batches: readonly number[]; readonly samples: number }
  | { readonly kind: 'context'; readonly batch: number; readonly samples: number }
  | { readonly kind: 'fusion'; readonly batch: number; readonly context: number }
  | { readonly kind: 'asymmetry'; readonly batches: number }
  | {
      readonly kind: 'store';
      readonly k: KvDtype;
      readonly v: KvDtype;
      /** Added to every key bias first. */
      readonly injectBias: number;
      readonly preBiasK: boolean;
      readonly batches: number;
    };

export type MeasurementKind = Measurement['kind'];

export interface MeasureRequest {
  readonly subject: SubjectKind;
  readonly run: RunRequest;
  readonly what: Measurement;
}

type Outcome =
  | ({ readonly kind: 'roofline' } & Roofline)
  | ({ readonly kind: 'saturation' } & Awaited<ReturnType<typeof saturation>>)
  | ({ readonly kind: 'context' } & Awaited<ReturnType<typeof contextScaling>>)
  | ({ readonly kind: 'fusion' } & Awaited<ReturnType<typeof fusion>>)
  | { readonly kind: 'asymmetry' | 'store'; readonly tokens: number; readonly rows: readonly StoreScore[] };

export type MeasureResult = Outcome & {
  readonly adapter: string;
  readonly software: boolean;
  readonly timing: 'fenced';
  /** The weights that were measured, in words. */
  readonly subject: string;
  readonly preset: string;
};

export type ResultOf<K extends MeasurementKind> = Extract<MeasureResult, { kind: K }>;

export interface MeasureProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

/** The part of the worker's interface that measures. */
export interface MeasureApi {
  /** Rejects with a readable message; with `cancelled` after cancelMeasurement. */
  measure(request: MeasureRequest, onProgress: (progress: MeasureProgress) => void): Promise<MeasureResult>;
  /** Ends the measurement before its next point. */
  cancelMeasurement(): Promise<void>;
}

export const CANCELLED = 'cancelled';
