/** TRACKER= of a run as sinks, and `wb tracker test`. */
import type { Command } from 'commander';
import { openConfig, symbolValues } from '@/experiment/kconfig-tree';
import type { RunIdentity } from '@/experiment/manifest/build';
import { withoutPaths } from '@/experiment/manifest/build';
import type { MetricSink } from '@/experiment/recorder';
import { type RunDirectory, readText } from '@/experiment/run-directory';
import { parseMetrics } from '@/experiment/session/metrics-log';
import type { SavedState } from '@/experiment/session/state-file';
import { TRACKERS, TrackerError, openSinks, parseTrackers } from '@/experiment/trackers/sinks';
import { DiskDirectory } from './disk-directory';
import { UsageError } from './options';

/** Throws UsageError for a name that is no tracker. */
export function trackersOf(overrides: Readonly<Record<string, string>>) {
  try {
    return parseTrackers(overrides['TRACKER'] ?? 'none');
  } catch (error) {
    if (error instanceof TrackerError) throw new UsageError(error.message);
    throw error;
  }
}

export async function sinksFor(
  identity: RunIdentity,
  directory: RunDirectory,
  saved: SavedState | null,
): Promise<readonly MetricSink[]> {
  const names = trackersOf(identity.overrides);
  if (names.length === 0) return [];
  const { runId, project, createdAt, full } = identity;
  const before = saved === null ? [] : parseMetrics((await readText(directory, 'metrics.jsonl')) ?? '');
  const symbols = Object.fromEntries(symbolValues(openConfig(withoutPaths(full)).config));
  return openSinks(names, directory, { runId, project, beganMs: Date.parse(createdAt), symbols }, before);
}

export function registerTracker(program: Command): void {
  const tracker = program.command('tracker').description('mirrors of a run for other programs; nothing is ever sent');
  tracker.exitOverride();
  tracker
    .command('test')
    .description('write 20 invented steps in every format, to try an importer with')
    .requiredOption('--out <dir>', 'directory to write')
    .action(async (options: { readonly out: string }) => {
      const directory = new DiskDirectory(options.out);
      if (await directory.read('manifest.json'))
        throw new UsageError(`--out ${options.out}: holds a run; invented figures do not belong beside it`);
      const context = {
        runId: 'tracker-test',
        project: 'tracker-test',
        beganMs: Date.now(),
        symbols: { INVENTED: 'y' },
      };
      for (const sink of await openSinks(TRACKERS, directory, context, [])) {
        for (let step = 0; step < 20; step++)
          sink.record({
            event: 'step', step, loss: 4 * 0.9 ** step, lr: 1e-3, grad_norm: 1, tokens: 256 * (step + 1),
            time: { elapsed_ms: 10 * (step + 1), step_ms: 10, tokens_per_second: 25600 },
          }); // prettier-ignore
        await sink.flush();
        await sink.close();
      }
      process.stderr.write(`${options.out}: ${(await directory.list()).join(', ')} (invented figures)\n`);
    });
}
