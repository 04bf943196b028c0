/**
 * Decode experiments of a results directory: raw/<device>/<preset>/<time>.json holds the document of one measurement
 * (decode-document.ts). Spec: workflow-and-explainers 4.1, 4.4.
 */
import { sha256Bytes } from '@/data/hash';
import { DECODE_SCHEMA } from '../decode-document';
import { DECODE_PRESETS } from '../decode-presets';
import type { RunDirectory } from '../run-directory';

export interface ExperimentSummary {
  readonly device: string;
  /** Name of the decode preset. */
  readonly lane: string;
  /** Files of the measurements, oldest first. */
  readonly measurements: readonly { readonly file: string; readonly sha256: string }[];
  /** Of the newest measurement: everything but its manifest. */
  readonly newest: Readonly<Record<string, unknown>>;
}

const LANES: readonly string[] = Object.values(DECODE_PRESETS).map(({ name }) => name);
const FILE = /^raw\/([^/]+)\/([^/]+)\/[^/]+\.json$/;

/** Throws for a file that is no document of its lane: results that cannot be read must not be packaged. */
export async function experimentSummaries(directory: RunDirectory): Promise<readonly ExperimentSummary[]> {
  const lanes = new Map<string, { device: string; lane: string; files: string[] }>();
  for (const file of [...(await directory.list())].sort()) {
    const [, device, lane] = FILE.exec(file) ?? [];
    if (device === undefined || lane === undefined || !LANES.includes(lane)) continue;
    const key = `${device}/${lane}`;
    lanes.set(key, { device, lane, files: [...(lanes.get(key)?.files ?? []), file] });
  }
  const out: ExperimentSummary[] = [];
  for (const { device, lane, files } of lanes.values()) {
    const measurements = [];
    let newest: Record<string, unknown> = {};
    for (const file of files) {
      const bytes = (await directory.read(file))!;
      const document = parse(file, bytes);
      const manifest = document['manifest'] as { readonly schema?: unknown; readonly preset?: unknown } | undefined;
      if (manifest?.schema !== DECODE_SCHEMA || manifest.preset !== lane)
        throw new Error(`${file}: no ${DECODE_SCHEMA} document of ${lane}: remove it, or measure again`);
      newest = Object.fromEntries(Object.entries(document).filter(([key]) => key !== 'manifest'));
      measurements.push({ file, sha256: await sha256Bytes(bytes) });
    }
    out.push({ device, lane, measurements, newest });
  }
  return out;
}

function parse(file: string, bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    throw new Error(`${file}: is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new Error(`${file}: is not a JSON object`);
}
