/** wb bench: the same training step on this engine and its peers, without a browser: Dawn, one process an engine. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { installCounters } from '../../bench/count';
import { probe } from '../../bench/probe';
import { type Timing, race } from '../../bench/race';
import { cfg } from '../../bench/spec';
import { registerBenchDecode } from './bench-decode';
import { registerBenchPrune } from './bench-prune';
import { dawn } from './dawn';
import { UsageError, print } from './options';

const ENGINES = ['workbench', 'jax-js', 'tfjs-webgpu'] as const;
type EngineName = (typeof ENGINES)[number];
/** Published for jax-js on a base M4: 462 ms a step. */
const LARGE = { nLayer: 6, nEmbd: 256, nHead: 8, ctx: 256, batch: 8 };

interface BenchOptions {
  readonly json?: boolean;
  readonly engines: string;
  readonly steps: string;
  readonly warmup: string;
  readonly size: string;
  readonly software?: boolean;
  /** Internal: run one engine (or the probe) in this process and print its JSON. */
  readonly one?: string;
}

export function registerBench(program: Command): void {
  const command = program
    .command('bench')
    .description('race the training step against jax-js and tfjs-webgpu on this adapter')
    .option('--engines <list>', 'comma-separated', ENGINES.join(','))
    .option('--steps <n>', 'timed steps', '5')
    .option('--warmup <n>', 'steps before them', '2')
    .option('--size <name>', 'small (4 x 128, ctx 128) or large (6 x 256, ctx 256)', 'small')
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--json', 'print one JSON document')
    .option('--one <engine>', 'internal')
    .action((options: BenchOptions) => (options.one ? runOne(options) : bench(options)));
  registerBenchPrune(command);
  registerBenchDecode(command);
}

async function runOne({ one, steps, warmup, size, software }: BenchOptions): Promise<void> {
  const gpu = await dawn(software);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  if (size === 'large') Object.assign(cfg, LARGE);
  if (one === 'probe') return print(await probe(gpu!));
  const counts = installCounters();
  const make = async () => {
    switch (one as EngineName) {
      case 'workbench':
        return (await import('../../bench/engines/workbench')).workbenchEngine(gpu!);
      case 'jax-js':
        return (await import('../../bench/engines/jax')).jaxEngine();
      case 'tfjs-webgpu':
        return (await import('../../bench/engines/tfjs')).tfjsEngine();
    }
  };
  print(await race(make, counts, Number(warmup), Number(steps)));
}

async function child(one: string, options: BenchOptions): Promise<unknown> {
  const args = [
    process.argv[1]!,
    'bench',
    '--one',
    one,
    '--steps',
    options.steps,
    '--warmup',
    options.warmup,
    '--size',
    options.size,
  ];
  if (options.software) args.push('--software');
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 });
  return JSON.parse(stdout.slice(stdout.indexOf('{')));
}

async function bench(options: BenchOptions): Promise<void> {
  const engines = options.engines.split(',');
  const unknown = engines.find((name) => !ENGINES.includes(name as EngineName));
  if (unknown) throw new UsageError(`--engines ${unknown}: there are ${ENGINES.join(', ')}`);
  if (!['small', 'large'].includes(options.size)) throw new UsageError(`--size ${options.size}: use small or large`);
  const roof = (await child('probe', options)) as Awaited<ReturnType<typeof probe>>;
  const rows: (Timing | { readonly name: string; readonly skipped: string })[] = [];
  for (const name of engines) {
    if (name === 'jax-js' && Number(process.versions.node.split('.')[0]) < 22) {
      rows.push({ name, skipped: `needs iterator helpers: Node >= 22, not ${process.versions.node}` });
      continue;
    }
    try {
      rows.push((await child(name, options)) as Timing);
    } catch (error) {
      const { stderr } = error as { stderr?: string };
      rows.push({ name, skipped: (stderr ?? String(error)).trim().split('\n').at(-1) ?? 'failed' });
    }
  }
  if (options.json)
    return print({ ...roof, size: { ...cfg, ...(options.size === 'large' ? LARGE : {}) }, engines: rows });
  const lines = [
    `adapter ${roof.adapter.description || roof.adapter.architecture} (${roof.adapter.label})`,
    `FMA ${roof.fma_gflops.toFixed(1)} GFLOP/s, stream copy ${roof.bandwidth_gbs.toFixed(1)} GB/s, GEMM 512^3 ${roof.gemm_512_gflops.toFixed(1)} GFLOP/s`,
    ...rows.map((row) =>
      'skipped' in row
        ? `${row.name.padEnd(12)} skipped: ${row.skipped}`
        : `${row.name.padEnd(12)} ${row.ms_per_step.toFixed(2)} ms/step  ${row.counts.dispatches} dispatches  ${row.counts.submits} submits  first step ${row.first_step_ms.toFixed(0)} ms`,
    ),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
