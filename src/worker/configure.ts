/** From what the page asks for to what a run is: the configuration and its texts, or those of a run that is in the store. */
import { type ExperimentConfig, experimentConfig } from '@/experiment/config';
import { checkOverrides, openStrict, setSymbol, symbolValues } from '@/experiment/kconfig-tree';
import type { Manifest } from '@/experiment/manifest/schema';
import { type RunDirectory, readText } from '@/experiment/run-directory';
import { addedText, readStoredConfig } from '@/experiment/stored-config';
import { writeConfig, writeMinConfig } from '@/kconfig';
import { CUSTOM_TEXT_FILE } from './custom-text';
import { presetNamed } from './presets';
import type { RunRequest } from './protocol';

export type CustomText = NonNullable<RunRequest['customText']>;

export interface Configured {
  readonly preset: string;
  readonly overrides: Readonly<Record<string, string>>;
  readonly config: ExperimentConfig;
  readonly full: string;
  readonly minimal: string;
  readonly customText: CustomText | null;
}

export function configure(request: RunRequest): Configured {
  const { name, text } = presetNamed(request.preset);
  const edited = request.config;
  const values = edited === undefined ? openStrict(text, `defconfigs/${name}`) : openStrict(edited, 'the menu');
  for (const [symbol, value] of Object.entries(request.overrides)) setSymbol(values, symbol, value, 'overrides');
  checkOverrides(values, request.overrides, 'overrides');
  if (request.customText && edited === undefined) setSymbol(values, 'DATASET_CUSTOM', 'y', 'dropped text');
  return {
    preset: name,
    overrides: request.overrides,
    config: experimentConfig(symbolValues(values)),
    full: writeConfig(values),
    minimal: writeMinConfig(values),
    customText: request.customText ?? null,
  };
}

/** The manifest of a stored run. Throws one line: what is missing, or its first error. */
export async function storedManifest(id: string, directory: RunDirectory): Promise<Manifest> {
  const text = await readText(directory, 'manifest.json');
  if (text === null)
    throw new Error(`${id}: manifest.json is missing: the run was cut off before its first file; delete it`);
  const { findingText, readManifest } = await import('@/experiment/manifest/read'); // on demand: the first load has a budget
  const { manifest, findings } = readManifest(text);
  const error = findings.find((f) => f.severity === 'error');
  if (!manifest || error) throw new Error(`${id}: manifest.json: ${error ? findingText(error) : 'unreadable'}`);
  return manifest;
}

/** A stored run as it was started. Throws when it is not of kind train, or its own text is gone. */
export async function stored(
  id: string,
  directory: RunDirectory,
): Promise<Configured & { readonly manifest: Manifest; readonly note: string | null }> {
  const manifest = await storedManifest(id, directory);
  if (manifest.kind !== 'train' || !manifest.config)
    throw new Error(`${id}: a record of kind ${manifest.kind}; only training runs are run again`);
  const { full, min } = manifest.config;
  const found = readStoredConfig(full, min, 'config.full of the manifest');
  const config = experimentConfig(symbolValues(found.config));
  const text = await readText(directory, CUSTOM_TEXT_FILE);
  if (config.dataset.kind === 'custom' && text === null)
    throw new Error(
      `${id}: trained on a text of its own (${manifest.data?.name ?? 'unnamed'}) that is not kept with the run: open the text in the Lab and start a new run, or use "wb replay --data FILE"`,
    );
  return {
    manifest,
    preset: manifest.preset ?? '',
    overrides: manifest.config.overrides,
    config,
    full: found.full,
    minimal: found.minimal,
    note: addedText(found),
    customText: text === null ? null : { name: manifest.data?.name ?? 'the custom text', text },
  };
}
