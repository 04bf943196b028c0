/** wb ab: two configurations timed in turns on one adapter. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { interleave, interleaveRuns } from '@/experiment/ab';
import { makeRunId, utc } from '@/experiment/manifest/build';
import { executeRun } from '@/experiment/session/execute';
import { RunControl } from '@/experiment/run-control';
import { DiskDirectory } from './disk-directory';
import { host, projectName } from './host';
import {
  type ConfigOptions,
  type ResolvedConfig,
  UsageError,
  print,
  resolveConfig,
  withConfigOptions,
} from './options';
import { positiveSteps, refuseOldRun } from './run';
import { adapterText, openEngine, openRunnable } from './train-run';

interface AbOptions extends ConfigOptions {
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly rounds: string;
  readonly steps: string;
  readonly warmup: string;
  readonly clock: string;
  readonly backend: string;
  readonly software?: boolean;
  readonly autotune?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

export function registerAb(program: Command): void {
  withConfigOptions(program.command('ab'))
    .description(
      'two configurations in turns on one adapter (A B B A ...): milliseconds a step, or with --out two whole runs on the same batches',
    )
    .option('--a <settings...>', 'SYMBOL=value of A, over the common settings', [])
    .option('--b <settings...>', 'SYMBOL=value of B')
    .option('--rounds <n>', 'samples of each', '8')
    .option('--steps <n>', 'training steps in a sample', '5')
    .option('--warmup <n>', 'untimed steps before', '3')
    .option('--clock <kind>', 'wall, or cpu: time of all cores, for a software adapter on a shared machine', 'wall')
    .option('--backend <name>', 'webgpu or reference (f64 on the CPU)', 'webgpu')
    .option('--autotune', 'measure kernel variants first, also on a software adapter')
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--out <dir>', 'train both to the end, --steps at a time in turns, into DIR/a and DIR/b')
    .option('--json', 'print one JSON document')
    .action(ab);
}

/** Milliseconds of processor time of this process, all threads: what a software adapter costs whatever else the machine does. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Both runs to their ends, in turns. A lost device ends both; `wb continue` takes each up again. */
async function trainBoth(
  sides: readonly ResolvedConfig[],
  out: string,
  steps: number,
  options: AbOptions,
): Promise<void> {
  const names = ['a', 'b'] as const;
  const directories = names.map((name) => new DiskDirectory(join(out, name)));
  for (const directory of [new DiskDirectory(out), ...directories]) await refuseOldRun(directory);
  const engine = await openEngine(options);
  const createdAt = utc(new Date());
  const ids = sides.map((side, i) => `${makeRunId(side.name, createdAt, side.full)}-${names[i]!}`);
  const events = [];
  const opened = [];
  for (const [i, side] of sides.entries()) {
    const open = await openRunnable(side, engine, options);
    opened.push(open);
    const identity = {
      runId: ids[i]!, project: projectName('gpt2'), preset: side.name, createdAt, overrides: side.overrides, minimal: side.minimal, full: side.full,
      stopAt: null, parents: [], host: host(), interleaved: { with: ids[1 - i]!, side: names[i]!, steps },
    }; // prettier-ignore
    const adapter = engine?.adapter ?? null;
    events.push(executeRun(open, directories[i]!, { control: new RunControl(), identity, adapter }));
  }
  const ended = await interleaveRuns(events[0]!, events[1]!, steps);
  for (const open of opened) open.backend.destroy();
  if (options.json) print({ out, ...ended });
  else
    process.stderr.write(`a ${ended.a}, b ${ended.b}: "wb report ${join(out, 'a')} ${join(out, 'b')}" compares them\n`);
  if (ended.a !== 'ok' || ended.b !== 'ok') process.exitCode = 1;
}

async function ab(common: readonly string[], options: AbOptions): Promise<void> {
  if (!options.b || options.b.length === 0)
    throw new UsageError('--b: give at least one SYMBOL=value that makes B differ from A');
  const [rounds, steps, warmup] = [
    positiveSteps(options.rounds)!,
    positiveSteps(options.steps)!,
    positiveSteps(options.warmup)!,
  ];
  const sides = [options.a, options.b].map((settings) => resolveConfig([...common, ...settings], options));
  if (sides[0]!.full === sides[1]!.full) throw new UsageError('--a and --b make the same configuration');
  if (options.out !== undefined) return trainBoth(sides, options.out, steps, options);
  const needed = warmup + rounds * steps;
  const short = sides.find((side) => side.experiment.training.maxIters < needed);
  if (short)
    throw new UsageError(
      `MAX_ITERS=${short.experiment.training.maxIters} is less than the ${needed} steps of ${rounds} rounds`,
    );
  if (options.clock !== 'wall' && options.clock !== 'cpu')
    throw new UsageError(`--clock ${options.clock}: expected wall or cpu`);
  const cpu = options.clock === 'cpu';
  const engine = await openEngine(options);
  if (cpu && engine && !engine.adapter.software)
    throw new UsageError('--clock cpu measures a software adapter; on this GPU use --clock wall');
  const quiet = options.json ?? false;
  if (!quiet) process.stderr.write(`${adapterText(engine)}\n`);
  const [a, b] = [await openRunnable(sides[0]!, engine, options), await openRunnable(sides[1]!, engine, options)];
  const result = await interleave(a.backend, b.backend, { rounds, steps, warmup, ...(cpu && { now: cpuTime }) });
  a.backend.destroy();
  b.backend.destroy();
  const { comparison, medianA, medianB } = result;
  const adapter = engine
    ? { description: engine.adapter.description, software: engine.adapter.software }
    : { description: 'CPU reference', software: true };
  if (quiet) return print({ adapter, clock: options.clock, rounds, steps, ...result });
  const percent = (x: number): string => `${x >= 0 ? '+' : ''}${(100 * x).toFixed(2)} %`;
  const { interval, test, spread } = comparison;
  const unit = cpu ? 'ms of processor time' : 'ms';
  process.stdout.write(
    [
      `A  ${medianA.toFixed(3)} ${unit} a step (median of ${rounds})  ${options.a.join(' ')}`.trimEnd(),
      `B  ${medianB.toFixed(3)} ${unit} a step (median of ${rounds})  ${options.b.join(' ')}`,
      `B against A: ${percent(comparison.relative)}, sd ${percent(spread).replace('+', '')}${interval ? `, 95 % ${percent(interval.low)} .. ${percent(interval.high)}` : ''}, p ${test.p.toPrecision(3)} (sign flips, n ${comparison.n})`,
      '',
    ].join('\n'),
  );
}
