/** The manifest of a decode measurement: which experiment, on which adapter and weights, with which clock. */
import type { EngineDevice } from '@/engine/device';
import { type Timing, timingOf } from '@/engine/pass-timer';
import { DECODE_PRESETS, type Measurement } from './decode-presets';
import type { kernelRecords } from './manifest/kernels';
import { type Host, clockQuantumNs, deviceRecord, utc } from './manifest/build';

export const DECODE_SCHEMA = 'wb-decode/1';

export interface DecodeManifest {
  readonly schema: typeof DECODE_SCHEMA;
  /** Name of the decode preset. */
  readonly preset: string;
  /** The measurement as it was asked for: the preset's own, or changed by hand. */
  readonly what: Measurement;
  /** The weights that were measured, in words. */
  readonly subject: string;
  /** The model's configuration: preset of the run. */
  readonly model: string;
  readonly createdAt: string;
  readonly app: { readonly version: string; readonly commit: string };
  readonly device: ReturnType<typeof deviceRecord>;
  /** Every variant that was dispatched, in order of first use. */
  readonly kernels: ReturnType<typeof kernelRecords>;
  readonly timing: { readonly source: Timing; readonly quantumNs: number | null };
}

/** Timestamps are used by the roofline's kernels alone; all other times are fenced. */
export function decodeManifest(
  { device, adapter }: Pick<EngineDevice, 'device' | 'adapter'>,
  host: Host,
  facts: Pick<DecodeManifest, 'what' | 'subject' | 'model' | 'kernels'>,
): DecodeManifest {
  const { version, commit } = host;
  return {
    schema: DECODE_SCHEMA,
    preset: DECODE_PRESETS[facts.what.kind].name,
    ...facts,
    createdAt: utc(new Date()),
    app: { version, commit },
    device: deviceRecord(adapter, host),
    timing: { source: facts.what.kind === 'roofline' ? timingOf(device) : 'fenced', quantumNs: clockQuantumNs() },
  };
}
