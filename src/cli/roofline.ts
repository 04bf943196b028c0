/** wb roofline: the measured roof of the adapter, and every op of the training step and of decode under it. */
import type { Command } from 'commander';
import type { Rung } from '@/engine/gemm-ladder';
import { SAMPLE_MS } from '@/engine/probe';
import { loadRunCorpus } from '@/experiment/open-run';
import { measureRoofline } from '@/experiment/roofline';
import { unwatched } from '@/experiment/watch';
import { openTunedDevice } from './tune-cache';
import { type ConfigOptions, UsageError, loaders, print, resolveConfig, withConfigOptions } from './options';

interface RooflineOptions extends ConfigOptions {
  readonly json?: boolean;
  readonly software?: boolean;
  readonly sampleMs: string;
}

export function registerRoofline(program: Command): void {
  withConfigOptions(program.command('roofline'))
    .description('every op of the training step and of decode under the roof measured on this adapter')
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--sample-ms <ms>', 'smallest time of a sample', String(SAMPLE_MS))
    .option('--json', 'print one JSON document')
    .action(roofline);
}

async function roofline(overrides: readonly string[], options: RooflineOptions): Promise<void> {
  const sampleMs = Number(options.sampleMs);
  if (!(sampleMs > 0 && sampleMs < 1e4))
    throw new UsageError(`--sample-ms ${options.sampleMs}: give milliseconds above 0 and below 10000`);
  const { experiment, customText, name } = resolveConfig(overrides, options);
  const engine = await openTunedDevice(options.software);
  const corpus = await loadRunCorpus(experiment, loaders(), customText);
  const { roof, ops, ladder, timing } = await measureRoofline(engine, experiment, corpus, unwatched, sampleMs);
  const { description, architecture, software } = engine.adapter;
  const adapter = `${description || architecture}${software ? ' (software adapter)' : ''}`;
  const document = { preset: name, adapter, software, timing, roof, ladder, ops: ops.map((op) => ({ ...op, code: undefined })) }; // prettier-ignore
  if (options.json) return print(document);
  process.stdout.write(
    `adapter ${adapter}\nroof ${roof.fmaGflops.toFixed(1)} GFLOP/s, ${roof.bandwidthGBs.toFixed(2)} GB/s; times of kernels: ${timing}\nGEMM ladder, ${ladder.size} x ${ladder.size} x ${ladder.size}\n${ladder.rungs.map(rungLine(roof.fmaGflops)).join('')}`,
  );
  for (const o of [...ops].sort((a, b) => b.ms * b.dispatches - a.ms * a.dispatches))
    process.stdout.write(
      `${o.sequence.padEnd(7)} ${o.family.padEnd(24)} ${o.variant.padEnd(22)} x${String(o.dispatches).padEnd(3)} ${o.ms.toFixed(3).padStart(9)} ms  ${o.intensity.toFixed(2).padStart(7)} FLOP/B  ${o.gflops.toFixed(2).padStart(8)} GFLOP/s  ${o.gbs.toFixed(2).padStart(7)} GB/s  ${(100 * o.ofRoof).toFixed(0).padStart(4)} % of the roof${o.parity ? `  ${o.parity.error.toExponential(1)} from ${o.parity.twin}` : ''}\n`,
    );
}

const rungLine =
  (peak: number) =>
  ({ step, variant, gflops, error }: Rung): string =>
    `  ${step.padEnd(38)} ${variant.padEnd(26)} ${gflops.toFixed(2).padStart(8)} GFLOP/s  ${((100 * gflops) / peak).toFixed(0).padStart(4)} % of FMA  ${error.toExponential(1)} from the loop\n`;
