/** wb bpa: the decode lane from smoke test to package (workflow-and-explainers 4). */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { sha256Bytes } from '@/data/hash';
import { derive } from '@/experiment/bpa/derive';
import { experimentSummaries } from '@/experiment/bpa/experiments';
import { LANE, LANE_MODEL, laneKvBytes, measurePoint } from '@/experiment/bpa/lane';
import { clockQuantumNs, deviceRecord, makeRunId, utc } from '@/experiment/manifest/build';
import { findingText, readManifest } from '@/experiment/manifest/read';
import { SCHEMA_ID, STATUSES } from '@/experiment/manifest/names';
import type { Manifest, ManifestPoint } from '@/experiment/manifest/schema';
import { serializeManifest, stableJson } from '@/experiment/manifest/serialize';
import { drawIndex } from '@/experiment/stats/summary';
import { decodePreset, measurePreset } from './decode-preset';
import { DiskDirectory } from './disk-directory';
import { exportDirectory } from './archive';
import { host, projectName } from './host';
import { manifestOf } from './continue-run';
import { UsageError, print } from './options';
import { openEngine } from './train-run';

interface BpaOptions {
  readonly out: string;
  readonly devices?: readonly string[];
  readonly batches?: string;
  readonly contexts?: string;
  readonly limit?: string;
  readonly rerunStatus?: readonly string[];
  readonly warmup: string;
  readonly measured: string;
  readonly dryRun?: boolean;
  readonly software?: boolean;
  readonly json?: boolean;
}

const GRID = { batches: '1,2,4,8,16', contexts: '128,256,512,1024,2048' };
/** A CPU takes seconds a sample for the larger points. */
const SOFTWARE_GRID = { batches: '1,2,4,8', contexts: '128,256,512' };
const SMOKE = { batches: '1,4', contexts: '128,512' };

export function registerBpa(program: Command): void {
  const bpa = program.command('bpa').description('the decode lane: measure a batch x context grid, fit it, package it');
  bpa.exitOverride();
  const measuring = (name: string, about: string): Command =>
    bpa
      .command(name)
      .description(about)
      .requiredOption('--out <dir>', 'results directory')
      .option('--devices <names...>', 'only where the adapter is one of these (default: this adapter)')
      .option('--software', 'use the software adapter even where there is a GPU')
      .option('--dry-run', 'print the points and stop')
      .option('--json', 'print one JSON document');
  measuring('smoke', 'four small points; exits 1 unless all are ok').action((options: BpaOptions) =>
    measure({ ...options, ...SMOKE, warmup: '3', measured: '5' }, true),
  );
  measuring('matrix', 'the grid, in random order; points that are ok already are kept')
    .option('--batches <list>', `sequences (default: ${GRID.batches}; ${SOFTWARE_GRID.batches} on a software adapter)`)
    .option('--contexts <list>', `tokens in each cache (default: ${GRID.contexts}; ${SOFTWARE_GRID.contexts} there)`)
    .option('--limit <n>', 'stop after n points')
    .option('--rerun-status <status...>', 'measure points of these again')
    .option('--warmup <n>', 'untimed samples', '10')
    .option('--measured <n>', 'samples kept: all of them', '30')
    .action((options: BpaOptions) => measure(options, false));
  bpa
    .command('experiment')
    .description(
      'a decode preset on the weights of a run, as a lane of its own: wb bpa experiment decode-fusion --run runs/a --out results',
    )
    .argument('<preset>', 'as `wb decode list` names it')
    .requiredOption('--run <dir>', 'run directory')
    .requiredOption('--out <dir>', 'results directory')
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--json', 'print one JSON document')
    .action(experiment);
  bpa
    .command('fit')
    .description('Hill, context linearity, bootstrap intervals, residuals, gates; of experiments, their own fits')
    .argument('<dir>', 'results directory')
    .action(fitLane);
  bpa
    .command('package')
    .description('a zip with checksums, if manifest and points hold')
    .argument('<dir>', 'results directory')
    .requiredOption('--out <file>', 'zip to write')
    .action(packageLane);
}

function numbers(name: string, text: string): number[] {
  const values = text.split(',').map(Number);
  if (values.some((v) => !(Number.isInteger(v) && v > 0)))
    throw new UsageError(`--${name} ${text}: give positive integers, separated by commas`);
  return [...new Set(values)];
}

const single = (name: string, text: string): number => numbers(name, text)[0]!;

/** The grid in a seeded random order, so that heat and clocks do not follow batch or context. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = drawIndex(seed, 0, i, i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

const deviceName = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'unnamed'; // prettier-ignore

const keyOf = ({
  device,
  lane,
  batch,
  context,
}: Pick<ManifestPoint, 'device' | 'lane' | 'batch' | 'context'>): string =>
  JSON.stringify([device, lane, batch, context]);

async function measure(options: BpaOptions, failClosed: boolean): Promise<void> {
  const rerun = options.rerunStatus ?? [];
  const unknown = rerun.find((s) => !STATUSES.some((known) => known === s));
  if (unknown !== undefined) throw new UsageError(`--rerun-status ${unknown}: there are ${STATUSES.join(', ')}`);
  const engine = options.dryRun ? null : await openEngine({ ...options, backend: 'webgpu' });
  const defaults = engine?.adapter.software ? SOFTWARE_GRID : GRID;
  const batches = numbers('batches', options.batches ?? defaults.batches);
  const contexts = numbers('contexts', options.contexts ?? defaults.contexts);
  const grid = shuffled(batches.flatMap((batch) => contexts.map((context) => ({ batch, context }))), 1); // prettier-ignore
  if (engine === null) return options.json ? print({ lane: LANE, points: grid }) : void process.stdout.write(grid.map((p) => `B ${p.batch}  T ${p.context}\n`).join('')); // prettier-ignore
  const name = deviceName(engine.adapter.description || engine.adapter.architecture);
  if (options.devices && !options.devices.includes(name))
    throw new UsageError(`--devices ${options.devices.join(' ')}: the adapter here is ${name}`);
  const directory = new DiskDirectory(options.out);
  const manifest = await benchManifest(directory, engine);
  const points = new Map((manifest.points ?? []).map((p) => [keyOf(p), p]));
  const quantumNs = clockQuantumNs() ?? 1000;
  const { device, adapter } = engine;
  const limit = options.limit === undefined ? Infinity : single('limit', options.limit);
  let done = 0;
  for (const { batch, context } of grid) {
    const before = points.get(keyOf({ device: name, lane: LANE, batch, context }));
    if (
      (before?.status === 'ok' && !rerun.includes('ok')) ||
      (before && before.status !== 'ok' && rerun.length > 0 && !rerun.includes(before.status))
    )
      continue;
    if (done++ >= limit) break;
    const point = await measurePoint(batch, context, { device, name, model: LANE_MODEL, warmup: single('warmup', options.warmup), measured: single('measured', options.measured), quantumNs, maxBindingBytes: adapter.limits['maxStorageBufferBindingSize'] ?? 2 ** 27 }); // prettier-ignore
    points.set(keyOf(point), point);
    const folder = `raw/${name}/${LANE}`;
    await directory.append(`${folder}/latency_grid.jsonl`, `${JSON.stringify(point)}\n`);
    await directory.write('manifest.json', serializeManifest({ ...manifest, points: [...points.values()] }));
    if (!options.json)
      process.stderr.write(
        `B ${batch}  T ${context}  ${point.status}  ${point.meanMs?.toFixed(3) ?? point.reason ?? ''} ms  ${point.bwGBs?.toFixed(2) ?? '-'} GB/s\n`,
      );
  }
  await directory.write(`system/${name}/${LANE}/system_info.json`, stableJson(deviceRecord(adapter, host())));
  const all = [...points.values()];
  const ok = all.filter((p) => p.status === 'ok').length;
  if (options.json) print({ out: options.out, device: name, software: adapter.software, points: all.length, ok });
  else
    process.stderr.write(
      `${ok} of ${all.length} points ok on ${name}${adapter.software ? ' (software adapter: no hardware figures)' : ''}\n`,
    );
  if (failClosed && ok < all.length) process.exitCode = 1;
}

interface ExperimentOptions extends Pick<BpaOptions, 'out' | 'software' | 'json'> {
  readonly run: string;
}

/** Every measurement is kept: a file each, by the second it began in. */
async function experiment(name: string, options: ExperimentOptions): Promise<void> {
  const preset = decodePreset(name);
  const { engine, document } = await measurePreset(preset, options);
  const directory = new DiskDirectory(options.out);
  const manifest = await benchManifest(directory, engine);
  const device = deviceName(engine.adapter.description || engine.adapter.architecture);
  const file = `raw/${device}/${name}/${document.manifest.createdAt.replace(/[-:]/g, '')}.json`;
  await directory.write(file, stableJson(document));
  await directory.write(`system/${device}/${name}/system_info.json`, stableJson(deviceRecord(engine.adapter, host())));
  await directory.write('manifest.json', serializeManifest(manifest));
  if (options.json) return print({ out: options.out, file, software: engine.adapter.software });
  process.stdout.write(`${file}${engine.adapter.software ? ' (software adapter: no hardware figures)' : ''}\n`);
}

/** The manifest of the results directory, or a new one. One directory holds one adapter. */
async function benchManifest(
  directory: DiskDirectory,
  engine: NonNullable<Awaited<ReturnType<typeof openEngine>>>,
): Promise<Manifest> {
  const device = deviceRecord(engine.adapter, host());
  if ((await directory.list()).includes('manifest.json')) {
    const found = await manifestOf(directory);
    if (found.kind !== 'bench' || JSON.stringify(found.device?.adapter) !== JSON.stringify(device.adapter))
      throw new UsageError(`--out ${directory.root}: holds the results of another adapter or kind; choose another`);
    return found;
  }
  const createdAt = utc(new Date());
  return {
    schema: SCHEMA_ID,
    runId: makeRunId(`bpa-${LANE}`, createdAt, JSON.stringify(device)),
    kind: 'bench',
    project: projectName('bpa'),
    createdAt,
    app: { version: host().version, commit: host().commit, wgslHash: null },
    model: { name: LANE, params: 0, kvBytesPerToken: laneKvBytes(LANE_MODEL) },
    device,
    timing: { source: 'cpu-fence', quantumNs: clockQuantumNs() },
    points: [],
    parents: [],
  };
}

async function fitLane(dir: string): Promise<void> {
  if (!existsSync(dir)) throw new UsageError(`${dir}: no such directory`);
  const directory = new DiskDirectory(dir);
  const manifest = await manifestOf(directory);
  const points = manifest.points ?? [];
  const name = points[0]?.device;
  const experiments = await experimentSummaries(directory);
  if (name === undefined && experiments.length === 0)
    throw new UsageError(`${dir} holds no measurement: run "wb bpa matrix --out ${dir}" or "wb bpa experiment"`);
  const { files, gates } = name === undefined ? { files: {}, gates: [] } : derive(points);
  const software = manifest.device?.software ?? true;
  const lane = { device: name, lane: LANE, software, points: points.length, gates };
  const derived = [];
  const all = {
    ...Object.fromEntries(Object.entries(files).map(([file, value]) => [`derived/${name}/${LANE}/${file}`, value])),
    ...Object.fromEntries(experiments.map((e) => [`derived/${e.device}/${e.lane}/summary.json`, e])),
    'derived/cross_gpu/comparison_table.json': {
      devices: name === undefined ? [] : [lane],
      experiments: experiments.map(({ device, lane, measurements }) => ({ device, lane, software, measurements })),
    },
  };
  for (const [file, value] of Object.entries(all)) {
    const text = stableJson(value);
    await directory.write(file, text);
    derived.push({
      file,
      sha256: await sha256Bytes(new TextEncoder().encode(text)),
      model: experiments.find(({ lane: at }) => file.includes(`/${at}/`))?.lane ?? LANE,
    });
  }
  await directory.write('manifest.json', serializeManifest({ ...manifest, derived }));
  for (const gate of gates)
    process.stdout.write(
      `${gate.pass ? 'pass' : 'FAIL'}  ${gate.name}  ${gate.value?.toFixed(4) ?? 'not enough points'}  (${gate.needed})\n`,
    );
}

/** Refuses what a paper could not use: no ok point, no fit, a manifest with errors. */
async function packageLane(dir: string, options: { readonly out: string }): Promise<void> {
  if (!existsSync(dir)) throw new UsageError(`${dir}: no such directory`);
  const directory = new DiskDirectory(dir);
  const manifest = await manifestOf(directory);
  const points = manifest.points ?? [];
  const experiments = await experimentSummaries(directory);
  if (!points.some((p) => p.status === 'ok') && experiments.length === 0)
    throw new Error(`${dir}: no point is ok, so there is nothing to package`);
  if (!manifest.derived?.length) throw new Error(`${dir}: not fitted yet: run "wb bpa fit ${dir}"`);
  const hashes = new Map<string, string>();
  for (const file of await directory.list()) hashes.set(file, await sha256Bytes((await directory.read(file))!));
  const error = readManifest(serializeManifest(manifest), hashes).findings.find((f) => f.severity === 'error');
  if (error) throw new Error(`${dir}/manifest.json: ${findingText(error)}`);
  const counts = STATUSES.map((status) => [status, points.filter((p) => p.status === status).length] as const).filter(
    ([, n]) => n > 0,
  );
  const coverage = points
    .map((p) => `| ${p.batch} | ${p.context} | ${p.status} | ${p.meanMs?.toFixed(4) ?? ''} | ${p.reason ?? ''} |\n`)
    .join('');
  const measured = experiments.map((e) => `| ${e.lane} | ${e.measurements.length} |\n`).join('');
  const name = points[0]?.device ?? experiments[0]!.device;
  await directory.write(
    `reports/lane_summary_${name}.md`,
    `# ${LANE} on ${name}\n\n${manifest.device?.software ? 'Software adapter: no figure here describes hardware.\n\n' : ''}| B | T | status | mean ms | reason |\n|---|---|---|---|---|\n${coverage}\n| experiment | measurements |\n|---|---|\n${measured}`,
  );
  await exportDirectory(dir, options);
  process.stdout.write(`${counts.map(([status, n]) => `${n} ${status}`).join(', ')} of ${points.length} points\n`); // prettier-ignore
}
