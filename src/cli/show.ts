/** wb show and wb ls: what a run did, and the runs below a folder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Manifest } from '@/experiment/manifest/schema';
import { readText } from '@/experiment/run-directory';
import { readStatus } from '@/experiment/session/resume';
import { TIMELINE_FILE, type TimelineSummary, parseTimeline, summariseTimeline } from '@/experiment/session/timeline';
import { manifestOf } from './continue-run';
import { DiskDirectory } from './disk-directory';
import { UsageError, print } from './options';

export function registerShow(program: Command): void {
  program
    .command('show')
    .description(
      'one run: configuration, adapter, losses (nats a token), memory (bytes) and where the time went (seconds)',
    )
    .argument('<dir>', 'run directory')
    .option('--json', 'print one JSON document')
    .action(show);
  program
    .command('ls')
    .description(
      'the runs and matrices below a folder, newest first: status, steps, held-out loss (nats a token), preset, overrides',
    )
    .argument('[dir]', 'folder', 'runs')
    .option('--json', 'print one JSON document')
    .action(list);
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(2)} MiB`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

function timelineLines(found: TimelineSummary): string[] {
  const { ms, gpuBytes, heapBytes, categories, ops, idleShare } = found;
  const parts = (['wait', 'submit', 'eval', 'observe', 'save', 'paused', 'other'] as const).filter(
    (key) => ms[key] > 0,
  );
  const share = (part: number): string => `${((100 * part) / Math.max(ms.wall, 1e-9)).toFixed(1)} %`;
  const kernels = ops.reduce((sum, op) => sum + op.ms, 0);
  return [
    `time        ${seconds(ms.wall)}: ${parts.map((key) => `${key} ${share(ms[key])}`).join(', ')}`,
    ...(idleShare === null ? [] : [`device idle ${(100 * idleShare).toFixed(1)} % (no step and no evaluation on it)`]),
    ...(gpuBytes ? [`gpu memory  ${mib(gpuBytes.first)} at first, ${mib(gpuBytes.last)} at last, ${mib(gpuBytes.peak)} at most`] : []), // prettier-ignore
    ...categories.slice(0, 6).map(({ name, bytes }) => `  ${name.padEnd(20)} ${mib(bytes)}`),
    ...(heapBytes ? [`heap        ${mib(heapBytes.first)} at first, ${mib(heapBytes.last)} at last, ${mib(heapBytes.peak)} at most`] : []), // prettier-ignore
    ...(ops.length > 0 ? [`kernels     ${kernels.toFixed(2)} ms of a forward and backward pass`] : []),
    ...ops.slice(0, 6).map(({ name, dispatches, ms: cost }) => `  ${name.padEnd(26)} ${cost.toFixed(3).padStart(9)} ms  ${dispatches} dispatches`), // prettier-ignore
    ...(found.restarts > 0 ? [`restarts    ${found.restarts}`] : []),
  ];
}

function manifestLines(manifest: Manifest, status: string | null): string[] {
  const { results, device, model, data } = manifest;
  const overrides = Object.entries(manifest.config?.overrides ?? {}).map(([name, value]) => `${name}=${value}`);
  const loss = (value: number | null | undefined): string => value?.toFixed(4) ?? '-';
  const adapter = device?.adapter?.description || device?.adapter?.architecture || 'CPU reference';
  return [
    `run         ${manifest.runId}`,
    `status      ${status ?? 'unknown'}, ${results?.steps ?? 0} steps${results?.reason ? `: ${results.reason}` : ''}`,
    `preset      ${[manifest.preset ?? '', ...overrides].join(' ')}, seed ${manifest.seed ?? '-'}`,
    `adapter     ${adapter}${device?.software && device.backend === 'webgpu' ? ' (software adapter)' : ''}`,
    `model       ${model?.params.toLocaleString('en') ?? '-'} parameters, data ${data?.name ?? '-'}`,
    `loss        ${loss(results?.final['loss'])}, held-out ${loss(results?.final['val_loss'])}, best ${results?.best ? `${loss(results.best.loss)} at step ${results.best.step}` : '-'}`,
  ];
}

async function show(dir: string, options: { readonly json?: boolean }): Promise<void> {
  if (!existsSync(dir)) throw new UsageError(`${dir}: no such directory`);
  const directory = new DiskDirectory(dir);
  const manifest = await manifestOf(directory);
  if (manifest.kind !== 'train')
    throw new UsageError(`${dir}: a record of kind ${manifest.kind}; try "wb report ${dir}"`);
  const status = await readStatus(directory);
  const timeline = summariseTimeline(parseTimeline((await readText(directory, TIMELINE_FILE)) ?? ''));
  if (options.json) {
    const { runId, preset, seed, device, model, results, resumedAt } = manifest;
    return print({ runId, status, preset, seed, device, model, results, resumedAt, timeline });
  }
  const lines = timeline ? timelineLines(timeline) : [`${TIMELINE_FILE} is missing: a run of an earlier version`];
  process.stdout.write([...manifestLines(manifest, status), ...lines, ''].join('\n'));
}

interface Listed {
  readonly dir: string;
  readonly kind: string;
  readonly status: string;
  readonly steps: number | null;
  readonly val_loss: number | null;
  readonly createdAt: string;
  readonly what: string;
}

/** A record of a directory. The manifest is looked at, not checked: a list must be quick, and a broken run must be in it. */
function listed(dir: string): Listed | null {
  const path = join(dir, 'manifest.json');
  if (!existsSync(path)) return null;
  const unreadable = { dir, kind: '-', status: 'invalid', steps: null, val_loss: null, createdAt: '', what: 'manifest.json is unreadable' }; // prettier-ignore
  let manifest: Partial<Manifest> | null;
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8')) as Partial<Manifest> | null;
  } catch {
    return unreadable;
  }
  if (typeof manifest !== 'object' || manifest === null) return unreadable;
  const status = join(dir, 'STATUS');
  const val = manifest.results?.final?.['val_loss'];
  const cells = Array.isArray(manifest.cells) ? manifest.cells : null;
  const overrides = Object.entries(manifest.config?.overrides ?? {}).map(([name, value]) => `${name}=${String(value)}`);
  return {
    dir,
    kind: String(manifest.kind),
    status: existsSync(status) ? readFileSync(status, 'utf8').trim() : cells ? `${cells.length} cells` : '-',
    steps: typeof manifest.results?.steps === 'number' ? manifest.results.steps : null,
    val_loss: typeof val === 'number' ? val : null,
    createdAt: String(manifest.createdAt ?? ''),
    what: [String(manifest.preset ?? ''), ...overrides].join(' '),
  };
}

function list(dir: string, options: { readonly json?: boolean }): void {
  if (!existsSync(dir))
    throw new UsageError(
      `${dir}: no such directory${dir === 'runs' ? '; "wb run --out runs/NAME" makes the first run here' : ''}`,
    );
  const folders = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const own = listed(dir);
  const found = [...(own ? [own] : []), ...folders.flatMap(({ name }) => listed(join(dir, name)) ?? [])];
  found.sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
  if (options.json) return print({ runs: found });
  for (const { dir: path, status, steps, val_loss, createdAt, what } of found)
    process.stdout.write(
      `${createdAt.padEnd(20)}  ${status.padEnd(8)}  ${String(steps ?? '-').padStart(6)}  ${(val_loss?.toFixed(4) ?? '-').padStart(8)}  ${path}  ${what}\n`,
    );
  process.stderr.write(`${found.length} of ${folders.length + (own ? 1 : 0)} folders hold a run\n`);
}
