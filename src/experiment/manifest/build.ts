/** The manifest of a training run, from what the run really used. */
import { sha256Text } from '@/data/hash';
import type { AdapterDescription } from '@/engine/device';
import { cacheBytesPerToken, undecodable } from '@/models/attention/cache';
import { resolveAttention } from '@/models/attention/config';
import type { OpenRun } from '../open-run';
import { treeHash } from './checks-structure';
import { kernelRecords, wgslHash } from './kernels';
import { SCHEMA_ID } from './names';
import type { Manifest, ManifestResults } from './schema';

/** Who ran it, without names: program version and platform. */
export interface Host {
  readonly version: string;
  readonly commit: string;
  readonly os: string;
  /** Browser or terminal runtime with its version. */
  readonly browser: string;
}

/** What a run is called and where its configuration came from. */
export interface RunIdentity {
  readonly runId: string;
  readonly project: string;
  readonly preset: string;
  readonly createdAt: string;
  readonly overrides: Readonly<Record<string, string>>;
  readonly minimal: string;
  readonly full: string;
  readonly stopAt: number | null;
  readonly parents: readonly string[];
  readonly host: Host;
  /** Of a run that is trained in turns with another one. */
  readonly interleaved?: NonNullable<Manifest['interleaved']>;
}

/** UTC to the second: "2026-01-31T12:00:00Z". */
export const utc = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/** `<name>-<YYYYMMDDTHHMMSSZ>-<6 hex of the configuration>`; characters outside [A-Za-z0-9-] of the name become "-". */
export function makeRunId(name: string, createdAt: string, full: string): string {
  const stem = (name.split('/').at(-1) ?? '').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'run';
  return `${stem}-${createdAt.replace(/[-:]/g, '')}-${sha256Text(full).slice(0, 6)}`;
}

/** A path in DATASET_CUSTOM_PATH says where somebody keeps files: the manifest keeps the file's name (V12). */
export const withoutPaths = (config: string): string =>
  config.replace(/^(CONFIG_\w+=")(?:[^"\\\n]|\\.)*[/\\]((?:[^"/\\\n])*")$/gm, '$1$2');

const overridesWithoutPaths = (overrides: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(overrides).map(([k, v]) => [k, /^([/~]|[A-Za-z]:\\)/.test(v) ? (v.split(/[/\\]/).at(-1) ?? '') : v]),
  );

/** `config` of a manifest from a configuration's two texts. */
export function configRecord({ minimal, full, overrides }: Pick<RunIdentity, 'minimal' | 'full' | 'overrides'>) {
  const text = withoutPaths(full);
  return {
    min: withoutPaths(minimal),
    full: text,
    sha256: sha256Text(text),
    tree: treeHash(),
    overrides: overridesWithoutPaths(overrides),
  };
}

/** `device` of a manifest; null: the CPU reference. */
export function deviceRecord(adapter: AdapterDescription | null, host: Host): NonNullable<Manifest['device']> {
  const { os, browser } = host;
  if (!adapter) return { backend: 'cpu', software: true, adapter: null, features: [], limits: {}, os, browser };
  const { vendor, architecture, device, description, software, features, limits } = adapter;
  return {
    backend: 'webgpu',
    software,
    adapter: { vendor, architecture, device, description },
    features: [...features],
    limits: { ...limits },
    os,
    browser,
  };
}

/** Smallest step that the clock shows, in nanoseconds; null when it did not move in `tries` readings. */
export function clockQuantumNs(now: () => number = () => performance.now(), tries = 20000): number | null {
  let quantum = Infinity;
  let before = now();
  for (let i = 0; i < tries; i++) {
    const at = now();
    if (at > before) quantum = Math.min(quantum, at - before);
    before = at;
  }
  return Number.isFinite(quantum) ? Math.round(quantum * 1e6) : null;
}

export const NOT_ENDED: ManifestResults = {
  status: 'running',
  endedAt: null,
  steps: 0,
  final: {},
  best: null,
  weights: [],
  metricsSha256: null,
};

export interface TrainFacts {
  readonly identity: RunIdentity;
  readonly open: OpenRun;
  readonly adapter: AdapterDescription | null;
  readonly quantumNs: number | null;
  readonly results: ManifestResults;
  readonly resumedAt: readonly number[];
}

/** What a decoder must keep of every token, in f32, for this model (attention-and-kv 5.6); null where it cannot decode. */
function kvBytesPerToken(model: OpenRun['model']): number | null {
  const layers = resolveAttention(model.attention, model);
  return undecodable(layers) === null ? cacheBytesPerToken(layers, model.nEmbd) : null;
}

export function trainManifest({ identity, open, adapter, quantumNs, results, resumedAt }: TrainFacts): Manifest {
  const { config, corpus, model, backend } = open;
  const { summary } = backend;
  const { runId, project, createdAt, preset, host, stopAt, parents } = identity;
  return {
    schema: SCHEMA_ID,
    runId,
    kind: 'train',
    project,
    createdAt,
    app: { version: host.version, commit: host.commit, wgslHash: wgslHash(summary.programs) },
    config: configRecord(identity),
    preset: preset.split(/[/\\]/).at(-1) ?? preset,
    seed: config.training.seed,
    stopAt,
    model: { name: 'gpt2', params: summary.parameters, kvBytesPerToken: kvBytesPerToken(model) },
    data: {
      name: corpus.name.split(/[/\\]/).at(-1) ?? corpus.name,
      sha256: corpus.hash,
      tokens: corpus.train.length + corpus.val.length,
      trainTokens: corpus.train.length,
      valTokens: corpus.val.length,
    },
    device: deviceRecord(adapter, host),
    dispatch: { kernels: kernelRecords(summary.programs), perStep: summary.dispatchesPerStep },
    timing: { source: 'cpu-fence', quantumNs },
    memory: { plannedBytes: summary.plannedBytes, allocatedBytes: summary.allocatedBytes },
    results,
    ...(identity.interleaved ? { interleaved: identity.interleaved } : {}),
    resumedAt: [...resumedAt],
    parents: [...parents],
  };
}
