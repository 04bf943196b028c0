/** What the Decode page asks the worker to measure, and what comes back. Structured-clonable. */
import type { Timing } from '@/engine/pass-timer';
import type { OpDot } from '@/engine/roofline';
import type { DecodeManifest } from '@/experiment/decode-document';
import type { Outcome } from '@/experiment/decode-outcome';
import { DECODE_PRESETS, type DecodePreset, type Measurement, type MeasurementKind } from '@/experiment/decode-presets';
import type { StoreScore } from '@/experiment/kv-experiments';
import type { KvDtype } from '@/graph';
import type { RunRequest } from './protocol';

export { DECODE_PRESETS };
export type { DecodePreset, KvDtype, Measurement, MeasurementKind, OpDot, StoreScore, Timing };

/** `run`: weights of the Lab's last run; `random`: the configured model as initialised. */
export type SubjectKind = 'run' | 'random';

export interface MeasureRequest {
  readonly subject: SubjectKind;
  readonly run: RunRequest;
  readonly what: Measurement;
}

/** `kind` and figures of the measurement, behind the manifest of how they were got. */
export type MeasureResult = Outcome & {
  readonly adapter: string;
  readonly software: boolean;
  readonly timing: Timing;
  readonly manifest: DecodeManifest;
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

/** Name of the error of a measurement whose device went away; the next one opens another. */
export const DEVICE_LOST = 'DeviceLostError';
