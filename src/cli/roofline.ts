/** wb roofline: the measured roof of the adapter, and every op of the training step and of decode under it. */
import type { Command } from 'commander';
import { WebGpuDecoder } from '@/decode/backend-webgpu';
import { openDevice } from '@/engine/device';
import { measureRoof } from '@/engine/probe';
import { measureOps } from '@/engine/roofline';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import { loadRunCorpus } from '@/experiment/open-run';
import { dawn } from './dawn';
import { type ConfigOptions, loaders, print, resolveConfig, withConfigOptions } from './options';

interface RooflineOptions extends ConfigOptions {
  readonly json?: boolean;
  readonly software?: boolean;
}

export function registerRoofline(program: Command): void {
  withConfigOptions(program.command('roofline'))
    .description('every op of the training step and of decode under the roof measured on this adapter')
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--json', 'print one JSON document')
    .action(roofline);
}

async function roofline(overrides: readonly string[], options: RooflineOptions): Promise<void> {
  const { experiment, customText, name } = resolveConfig(overrides, options);
  const engine = await openDevice(await dawn(options.software));
  const corpus = await loadRunCorpus(experiment, loaders(), customText);
  const model = { ...experiment.model, vocabSize: corpus.vocabSize };
  const roof = await measureRoof(engine.device, engine.traits.software);
  const backend = await WebGpuBackend.create(engine, experiment, model, corpus, { eager: ['train', 'update'] });
  await (
    await backend.step(0)
  ).result;
  const scalars = { seed: 1, grad_scale: 1, inv_sqrt_c2: 1, adam_eps: 1e-8, beta1: 0.9, beta2: 0.95, moment_keep: 1 };
  const training = await measureOps(backend.executor, ['train', 'update'], roof, scalars);
  backend.destroy();
  const decoder = await WebGpuDecoder.create(engine, model, { batch: 1, chunk: 1, capacity: model.blockSize });
  decoder.load(
    new Map(decoder.planned.arena.entries.map((e) => [e.name, { data: new Float32Array(e.size).fill(0.01) }])),
  );
  await decoder.decode(new Uint32Array(1), Uint32Array.of(model.blockSize - 1));
  const decode = await measureOps(decoder.executor, ['decode'], roof, {});
  decoder.destroy();
  const ops = [...training, ...decode];
  const { description, architecture, software } = engine.adapter;
  const adapter = `${description || architecture}${software ? ' (software adapter)' : ''}`;
  const document = { preset: name, adapter, software, timing: 'fenced', roof: { ...roof, ridge: roof.fmaGflops / roof.bandwidthGBs }, ops }; // prettier-ignore
  if (options.json) return print(document);
  process.stdout.write(
    `adapter ${adapter}\nroof ${roof.fmaGflops.toFixed(1)} GFLOP/s, ${roof.bandwidthGBs.toFixed(2)} GB/s; times fenced by the queue\n`,
  );
  for (const o of [...ops].sort((a, b) => b.ms * b.dispatches - a.ms * a.dispatches))
    process.stdout.write(
      `${o.sequence.padEnd(7)} ${o.family.padEnd(24)} ${o.variant.padEnd(22)} x${String(o.dispatches).padEnd(3)} ${o.ms.toFixed(3).padStart(9)} ms  ${o.intensity.toFixed(2).padStart(7)} FLOP/B  ${o.gflops.toFixed(2).padStart(8)} GFLOP/s  ${o.gbs.toFixed(2).padStart(7)} GB/s  ${(100 * o.ofRoof).toFixed(0).padStart(4)} % of the roof\n`,
    );
}
