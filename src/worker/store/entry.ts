/** One line of the list of runs, from what its directory holds. Never throws for what is in the files. */
import { STATUSES } from '@/experiment/manifest/names';
import type { Manifest } from '@/experiment/manifest/schema';
import { readText } from '@/experiment/run-directory';
import { readStatus } from '@/experiment/session/resume';
import { STATE_FILE } from '@/experiment/session/state-file';
import type { RunEntry } from '../store-protocol';
import { PRESETS } from '../presets';
import { assignments } from '@/experiment/assignments';
import type { OpfsDirectory } from './opfs-directory';

/** Last step and last losses of a log, read from its end; the log may be growing. */
export function tailOf(metrics: string): { steps: number; loss: number | null; valLoss: number | null } {
  const lines = metrics.slice(0, metrics.lastIndexOf('\n') + 1).split('\n');
  let [steps, loss, valLoss] = [0, null as number | null, null as number | null];
  for (let i = lines.length - 1; i >= 0 && (loss === null || valLoss === null); i--) {
    const line = lines[i]!;
    const value = Number(/"loss":(-?[\d.eE+-]+)/.exec(line)?.[1] ?? NaN);
    if (line.startsWith('{"event":"step"') && loss === null) {
      steps = Number(/"step":(\d+)/.exec(line)?.[1] ?? 0) + 1;
      loss = Number.isFinite(value) ? value : null;
    } else if (line.startsWith('{"event":"eval"') && valLoss === null && Number.isFinite(value)) valLoss = value;
  }
  return { steps, loss, valLoss };
}

/** What a minimal configuration says that its preset does not; presets are kept in minimal form. */
export function changesFrom(preset: string, minimal: string): Record<string, string> {
  const known = PRESETS.find(({ name }) => name === preset);
  if (!known) return {};
  const [before, after] = [assignments(known.text), assignments(minimal)];
  const changed = [...after].filter(([symbol, value]) => before.get(symbol) !== value);
  const dropped = [...before.keys()]
    .filter((symbol) => !after.has(symbol))
    .map((symbol) => [symbol, 'default'] as const);
  return Object.fromEntries([...changed, ...dropped]);
}

/** Marks a directory whose run came in a link. */
export const SHARED_FILE = 'shared.txt';

/** How lists name what a run was made on; empty: unknown. */
export function adapterOf(device: Manifest['device']): string {
  if (!device) return '';
  const { adapter } = device;
  return adapter ? adapter.description || adapter.device || adapter.vendor : 'CPU reference';
}

export async function describeEntry(id: string, directory: OpfsDirectory): Promise<RunEntry> {
  const files = await directory.list();
  const sizes = await Promise.all(files.map(async (path) => (await directory.file(path))?.size ?? 0));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const text = await readText(directory, 'manifest.json');
  const { manifestOf } = await import('@/experiment/manifest/read'); // on demand: the first load has a budget
  const manifest = text === null ? null : manifestOf(text);
  const written = await readStatus(directory);
  const status = STATUSES.find((s) => s === written) ?? 'invalid';
  const shared = files.includes(SHARED_FILE);
  const results = manifest?.results;
  const ended = results?.endedAt ?? null;
  const tail = ended ? null : tailOf((await readText(directory, 'metrics.jsonl')) ?? '');
  const maxIters = Number(/^CONFIG_MAX_ITERS=(\d+)$/m.exec(manifest?.config?.full ?? '')?.[1] ?? NaN);
  return {
    id,
    runId: manifest?.runId ?? id,
    preset: manifest?.preset ?? '',
    changes: { ...manifest?.config?.overrides, ...changesFrom(manifest?.preset ?? '', manifest?.config?.min ?? '') },
    status: manifest ? status : 'invalid',
    held: false,
    createdAt: manifest?.createdAt ?? '',
    endedAt: ended,
    seed: manifest?.seed ?? null,
    steps: results && ended ? results.steps : (tail?.steps ?? 0),
    maxIters: Number.isNaN(maxIters) ? null : Math.min(maxIters, manifest?.stopAt ?? Infinity),
    loss: (ended ? results?.final['loss'] : tail?.loss) ?? null,
    valLoss: (ended ? results?.final['val_loss'] : tail?.valLoss) ?? null,
    bestValLoss: results?.best?.loss ?? null,
    parameters: manifest?.model?.params ?? null,
    data: manifest?.data?.name ?? '',
    adapter: adapterOf(manifest?.device),
    software: manifest?.device?.software ?? false,
    bytes,
    resumable: status !== 'ok' && manifest !== null && files.includes('config.full') && !shared,
    shared,
    hasState: files.includes(STATE_FILE),
    parents: manifest?.parents ?? [],
  };
}
