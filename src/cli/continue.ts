/** wb continue: finishes what was interrupted. A run goes on from its last checkpoint, a matrix with its open cells. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { isMatrix } from '@/experiment/matrix/matrix-directory';
import { continueRun, manifestOf } from './continue-run';
import { DiskDirectory } from './disk-directory';
import { JOBS, finishMatrix, jobsOf } from './matrix';
import { newestOpen, openMatrix } from './open-matrix';
import { UsageError, print } from './options';
import { reportOutcome } from './run';

interface ContinueOptions {
  readonly jobs: string;
  readonly software?: boolean;
  readonly json?: boolean;
}

export function registerContinue(program: Command): void {
  program
    .command('continue')
    .description('go on with an interrupted run or matrix, to the result that it would have had')
    .argument('[dir]', 'run or matrix directory (default: the newest below runs/ that did not end)')
    .option(...JOBS)
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--json', 'print one JSON document at the end, nothing else on stdout')
    .action(continueDirectory);
}

async function continueDirectory(given: string | undefined, options: ContinueOptions): Promise<void> {
  const dir = given ?? (await newestOpen('runs'));
  if (given === undefined) process.stderr.write(`${dir}\n`);
  if (!existsSync(dir)) throw new UsageError(`${dir}: no such directory`);
  const directory = new DiskDirectory(dir);
  const quiet = options.json ?? false;
  const jobs = jobsOf(options);
  if (await isMatrix(directory))
    return finishMatrix(directory, (await openMatrix(dir)).record, { ...options, jobs, quiet });
  if (jobs > 1) throw new UsageError(`-j ${jobs}: ${dir} is one run; -j is for the cells of a matrix`);
  const outcome = await continueRun(directory, { ...options, quiet });
  if (outcome !== null) return reportOutcome(dir, outcome, quiet);
  if (quiet) print({ out: dir, status: 'ok', steps: (await manifestOf(directory)).results?.steps ?? 0 });
  else process.stderr.write(`ok: ${dir} was finished already\n`);
}
