/** wb report (and summary): runs against their paired baseline. */
import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { isMatrix, cellStates, readMatrix } from '@/experiment/matrix/matrix-directory';
import { reportCsv, reportJson, reportText } from '@/experiment/report/format';
import { type Metric, type ReportedRun, makeReport } from '@/experiment/report/report';
import { STATUSES } from '@/experiment/manifest/schema';
import { readStatus } from '@/experiment/session/resume';
import { manifestOf } from './continue-run';
import { DiskDirectory } from './disk-directory';
import { UsageError } from './options';

interface ReportOptions {
  readonly metric: string;
  readonly baseline?: string;
  readonly by?: string;
  readonly format: string;
  readonly json?: boolean;
  readonly out?: string;
}

const METRICS: readonly Metric[] = ['val_loss', 'best_val_loss', 'loss'];

export function registerReport(program: Command): void {
  program
    .command('report')
    .alias('summary')
    .description('relative change against the paired baseline, with spread, n and p')
    .argument('<dirs...>', 'matrix directories, or run directories')
    .option('--metric <name>', METRICS.join(', '), 'val_loss')
    .option('--baseline <group>', 'the group to compare with (default: the first)')
    .option('--by <axis>', 'one table for each value of this axis, each with a baseline of its own (text)')
    .option('--format <kind>', 'text, csv or json', 'text')
    .option('--json', 'as --format json')
    .option('--out <file>', 'write here instead of to stdout')
    .action(report);
}

/** A single run's group: its preset and the overrides but the seed's. */
async function singleRun(dir: string, directory: DiskDirectory): Promise<ReportedRun> {
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
  };
}

async function runsOf(dir: string): Promise<readonly ReportedRun[]> {
  if (!existsSync(dir)) throw new UsageError(`${dir}: no such directory`);
  const directory = new DiskDirectory(dir);
  if (await isMatrix(directory)) return cellStates(directory, await readMatrix(directory));
  return [await singleRun(dir, directory)];
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

async function report(dirs: readonly string[], options: ReportOptions): Promise<void> {
  const metric = METRICS.find((name) => name === options.metric);
  if (!metric) throw new UsageError(`--metric ${options.metric}: use ${METRICS.join(', ')}`);
  const write = { text: reportText, csv: reportCsv, json: reportJson }[options.json ? 'json' : options.format];
  if (!write) throw new UsageError(`--format ${options.format}: use text, csv or json`);
  const runs = (await Promise.all(dirs.map(runsOf))).flat();
  if (options.by !== undefined && write !== reportText) throw new UsageError('--by makes text tables only');
  let text: string;
  try {
    text =
      options.by === undefined
        ? write(makeReport(runs, metric, options.baseline))
        : [...partition(runs, options.by)]
            .map(([value, part]) => `${options.by}=${value}\n${reportText(makeReport(part, metric, options.baseline))}`)
            .join('\n');
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--baseline: ${error.message}`);
    throw error;
  }
  if (options.out === undefined) process.stdout.write(text);
  else writeFileSync(options.out, text);
}
