/** wb decode list and wb decode preset: the decode experiments as the page runs them, each with its manifest. */
import type { Command } from 'commander';
import { decodeManifest } from '@/experiment/decode-document';
import { measured } from '@/experiment/decode-outcome';
import { DECODE_PRESETS, type DecodePreset } from '@/experiment/decode-presets';
import { unwatched } from '@/experiment/watch';
import { type Common, corpusOf, report, subjectOf } from './decode';
import { host } from './host';
import { UsageError, print } from './options';

const PRESETS: readonly DecodePreset[] = Object.values(DECODE_PRESETS);

export function registerDecodePresets(decode: Command): void {
  decode
    .command('list')
    .description('the decode presets')
    .option('--json', 'print one JSON document')
    .action(({ json }: Pick<Common, 'json'>) => {
      if (json) return print(PRESETS);
      for (const { name, title } of PRESETS) process.stdout.write(`${name.padEnd(26)} ${title}\n`);
    });
  decode
    .command('preset')
    .argument('<name>', 'as `wb decode list` names it')
    .description('one preset on a trained run: its figures behind a manifest of adapter, weights and clock')
    .requiredOption('--run <dir>', 'run directory')
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--json', 'print one JSON document')
    .action(runPreset);
}

/** Throws UsageError for a name that no decode preset has. */
export function decodePreset(name: string): DecodePreset {
  const preset = PRESETS.find((p) => p.name === name);
  if (!preset) throw new UsageError(`decode preset ${name}: there are ${PRESETS.map((p) => p.name).join(', ')}`);
  return preset;
}

/** One preset measured on the weights of a run. */
export async function measurePreset(preset: DecodePreset, options: Common) {
  const { subject, trained } = await subjectOf(options);
  const corpus = await corpusOf(trained);
  const { result, kernels } = await measured({ subject, config: trained.config, corpus }, preset.what, unwatched);
  const manifest = decodeManifest(subject.engine, host(), {
    what: preset.what,
    subject: 'weights of a run',
    model: `${trained.model.nLayer} layers, width ${trained.model.nEmbd}, ${trained.model.nHead} heads, block ${trained.model.blockSize}`,
    kernels,
  });
  return { engine: subject.engine, document: { manifest, ...result } };
}

async function runPreset(name: string, options: Common): Promise<void> {
  const { document } = await measurePreset(decodePreset(name), options);
  report(options, document);
}
