/** wb report (and summary), wb graphs: runs against their paired baseline, as text, tables and figures. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { isMatrix, cellStates } from '@/experiment/matrix/matrix-directory';
import { type LossCurve, reportFigure } from '@/experiment/report/figure';
import { reportCsv, reportJson, reportText } from '@/experiment/report/format';
import { groupBySymbols } from '@/experiment/report/group';
import { type Metric, type Report, type ReportedRun, groupName, makeReport } from '@/experiment/report/report';
import { STATUSES } from '@/experiment/manifest/names';
import { readText } from '@/experiment/run-directory';
import { parseMetrics } from '@/experiment/session/metrics-log';
import { readStatus } from '@/experiment/session/resume';
import { manifestOf } from './continue-run';
import { DiskDirectory } from './disk-directory';
import { openMatrix } from './open-matrix';
import { UsageError } from './options';
import { writePng } from './png';

interface ReportOptions {
  readonly metric: string;
  readonly baseline?: string;
  readonly by?: string;
  readonly group?: string;
  readonly format?: string;
  readonly json?: boolean;
  readonly out?: string;
}

/** A run and where its files lie. */
interface LocatedRun extends ReportedRun {
  readonly directory: DiskDirectory;
}

const METRICS: readonly Metric[] = ['val_loss', 'best_val_loss', 'loss'];
const FORMATS = ['text', 'csv', 'json', 'svg', 'png'] as const;
type Format = (typeof FORMATS)[number];

export function registerReport(program: Command): void {
  program
    .command('report')
    .alias('summary')
    .description(
      'groups of runs against their paired baseline: relative change, spread, 95 % bootstrap interval, permutation p; Spearman with a Fisher-z interval along numeric axes',
    )
    .argument('<dirs...>', 'matrix directories, or run directories')
    .option('--metric <name>', `${METRICS.join(', ')} (nats a token)`, 'val_loss')
    .option('--baseline <group>', 'the group to compare with (default: the first)')
    .option('--group <symbols>', 'name groups by the values of these symbols, separated by commas (any symbol)')
    .option('--by <axis>', 'one table for each value of this axis, each with a baseline of its own (text)')
    .option('--format <kind>', `${FORMATS.join(', ')} (default: what --out ends in, else text)`)
    .option('--json', 'as --format json')
    .option('--out <file>', 'write here instead of to stdout')
    .action(report);
  program
    .command('graphs')
    .description('draw the figures of matrix directories again: figures/report.svg and report.png in each')
    .argument('<dirs...>', 'matrix or run directories')
    .option('--metric <name>', METRICS.join(', '), 'val_loss')
    .option('--no-png', 'SVG only: needs no browser')
    .action(graphs);
}

/** A single run's group: its preset and the overrides but the seed's. */
async function singleRun(dir: string, directory: DiskDirectory): Promise<LocatedRun> {
  const manifest = await manifestOf(directory);
  const status = await readStatus(directory);
  const overrides = Object.entries(manifest.config?.overrides ?? {}).filter(
    ([name]) => name !== 'SEED' && name !== 'TRACKER',
  );
  const label = [manifest.preset ?? '', ...overrides.map(([name, value]) => `${name}=${value}`)].join(' ');
  return {
    id: dir,
    axes: { run: label },
    seed: manifest.seed ?? 0,
    status: STATUSES.find((s) => s === status) ?? 'invalid',
    manifest,
    directory,
  };
}

/** Single runs by what differs between them: overrides that all share name no group. */
function shortNames(runs: readonly LocatedRun[]): readonly LocatedRun[] {
  const labels = runs.flatMap(({ axes }) => (axes['run'] === undefined ? [] : [axes['run'].split(' ')]));
  const shared = (word: string): boolean => labels.every((words) => words.includes(word));
  return runs.map((run) => {
    const label = run.axes['run'];
    if (label === undefined || labels.length < 2) return run;
    return { ...run, axes: { run: label.split(' ').filter((word) => !word.includes('=') || !shared(word)).join(' ') } }; // prettier-ignore
  });
}

async function runsOf(dir: string): Promise<readonly LocatedRun[]> {
  if (!existsSync(dir)) throw new UsageError(`${dir}: no such directory`);
  const directory = new DiskDirectory(dir);
  if (!(await isMatrix(directory))) return [await singleRun(dir, directory)];
  const states = await cellStates(directory, (await openMatrix(dir)).record);
  return states.map((state) => ({ ...state, directory: new DiskDirectory(join(dir, 'cells', state.id)) }));
}

/** Runs by the value of one axis. Throws UsageError when no run has that axis. */
function partition(runs: readonly ReportedRun[], axis: string): Map<string, ReportedRun[]> {
  const parts = new Map<string, ReportedRun[]>();
  for (const run of runs) {
    const value = run.axes[axis];
    if (value !== undefined) parts.set(value, [...(parts.get(value) ?? []), run]);
  }
  if (parts.size > 0) return parts;
  throw new UsageError(`--by ${axis}: there are ${[...new Set(runs.flatMap((r) => Object.keys(r.axes)))].join(', ')}`);
}

function metricOf(name: string): Metric {
  const metric = METRICS.find((known) => known === name);
  if (!metric) throw new UsageError(`--metric ${name}: use ${METRICS.join(', ')}`);
  return metric;
}

function formatOf({ format, json, out }: ReportOptions): Format {
  const ending = out === undefined ? undefined : /\.(csv|json|svg|png)$/.exec(out)?.[1];
  const wanted = json ? 'json' : (format ?? ending ?? 'text');
  const found = FORMATS.find((known) => known === wanted);
  if (!found) throw new UsageError(`--format ${wanted}: use ${FORMATS.join(', ')}`);
  return found;
}

/** A RangeError of the report is about an option of this command line. */
function asUsage<T>(option: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${option}: ${error.message}`);
    throw error;
  }
}

function grouped(runs: readonly LocatedRun[], symbols: string | undefined): readonly LocatedRun[] {
  if (symbols === undefined) return runs;
  const named = asUsage('--group', () => groupBySymbols(runs, symbols.split(',')));
  return named.map((run, i) => ({ ...run, directory: runs[i]!.directory }));
}

/** Held-out losses of the runs that ended well. */
async function lossCurves(runs: readonly LocatedRun[]): Promise<LossCurve[]> {
  const curves: LossCurve[] = [];
  for (const run of runs) {
    if (run.status !== 'ok') continue;
    const lines = parseMetrics((await readText(run.directory, 'metrics.jsonl')) ?? '');
    const points = lines.flatMap((line): (readonly [number, number])[] =>
      line.event === 'eval' && typeof line['loss'] === 'number' ? [[line.step, line['loss']]] : [],
    );
    curves.push({ group: groupName(run.axes), points });
  }
  return curves;
}

async function figureOf(runs: readonly LocatedRun[], report: Report): Promise<string> {
  const first = runs.find(({ manifest }) => manifest)?.manifest;
  return reportFigure(report, await lossCurves(runs), first?.preset ?? 'runs');
}

async function report(dirs: readonly string[], options: ReportOptions): Promise<void> {
  const metric = metricOf(options.metric);
  const format = formatOf(options);
  const { by, out } = options;
  if (by !== undefined && format !== 'text') throw new UsageError('--by makes text tables only');
  if (format === 'png' && out === undefined) throw new UsageError('--format png needs --out FILE');
  const runs = grouped(shortNames((await Promise.all(dirs.map(runsOf))).flat()), options.group);
  const make = (part: readonly ReportedRun[]): Report =>
    asUsage('--baseline', () => makeReport(part, metric, options.baseline));
  let text: string;
  if (by !== undefined)
    text = [...partition(runs, by)].map(([value, part]) => `${by}=${value}\n${reportText(make(part))}`).join('\n');
  else if (format === 'svg' || format === 'png') text = await figureOf(runs, make(runs));
  else text = { text: reportText, csv: reportCsv, json: reportJson }[format](make(runs));
  if (format === 'png') writePng(text, out!);
  else if (out === undefined) process.stdout.write(text);
  else writeFileSync(out, text);
}

async function graphs(
  dirs: readonly string[],
  options: { readonly metric: string; readonly png: boolean },
): Promise<void> {
  const metric = metricOf(options.metric);
  for (const dir of dirs) {
    const runs = await runsOf(dir);
    const svg = await figureOf(runs, makeReport(runs, metric));
    await new DiskDirectory(dir).write('figures/report.svg', svg);
    if (options.png) writePng(svg, join(dir, 'figures/report.png'));
    process.stderr.write(`${join(dir, 'figures')}: report.svg${options.png ? ', report.png' : ''}\n`);
  }
}
