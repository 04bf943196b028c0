/** What the commands share: configuration options, loaders, errors. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { CorpusLoaders } from '@/data/corpus';
import { decodeText } from '@/data/datasets/text';
import { type ExperimentConfig, experimentConfig } from '@/experiment/config';
import { checkOverrides, nearest, openStrict, setSymbol, symbolValues } from '@/experiment/kconfig-tree';
import { FISHER_FILE, signalText, wantedSignals } from '@/experiment/layer-signals';
import { writeConfig, writeMinConfig, type Config } from '@/kconfig';
import { configPath } from './config-file';

/** A wrong command line: exit 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The checkout that holds this build. */
export function root(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(at, 'package.json')) && dirname(at) !== at) at = dirname(at);
  return at;
}

export interface ConfigOptions {
  readonly defconfig?: string;
  readonly config?: string;
}

export interface ResolvedConfig {
  readonly experiment: ExperimentConfig;
  readonly name: string;
  readonly overrides: Readonly<Record<string, string>>;
  readonly full: string;
  readonly minimal: string;
  readonly customText?: { readonly name: string; readonly text: string };
}

export const DEFAULT_DEFCONFIG = 'gpt2-vanilla-baseline';

/** `first`: name and meaning of an argument before the overrides. */
export function withConfigOptions(command: Command, first?: readonly [name: string, meaning: string]): Command {
  return (first ? command.argument(...first) : command)
    .argument('[overrides...]', 'SYMBOL=value, without the CONFIG_ prefix')
    .option('--defconfig <name>', 'preset in defconfigs/')
    .option('--config <file>', `a .config file (default: ./.config, else ${DEFAULT_DEFCONFIG})`);
}

/** The names of the presets. */
export const presetNames = (): string[] => readdirSync(join(root(), 'defconfigs')).sort();

/** The text of a preset. */
export function presetText(name: string): string {
  const file = join(root(), 'defconfigs', name);
  if (!presetNames().includes(name))
    throw new UsageError(
      `no preset "${name}"; did you mean ${nearest(name, presetNames())}? "wb defconfig --list" shows all ${presetNames().length}`,
    );
  return readFileSync(file, 'utf8');
}

/** The configuration of a preset. */
export const openPreset = (name: string): Config => openStrict(presetText(name), `defconfigs/${name}`);

/** A file that the user named, or one line on why it cannot be read. */
export function readNamed(path: string): string {
  try {
    return readFileSync(resolve(path), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? 'error'})`}`);
  }
}

/** What the options choose; without them the configuration here, else the default preset. */
function chosenConfig({ defconfig, config }: ConfigOptions): { readonly name: string; readonly values: Config } {
  if (defconfig !== undefined && config !== undefined) throw new UsageError('give --defconfig or --config, not both');
  const path = config ?? (defconfig === undefined && existsSync(configPath()) ? configPath() : null);
  return path === null
    ? { name: defconfig ?? DEFAULT_DEFCONFIG, values: openPreset(defconfig ?? DEFAULT_DEFCONFIG) }
    : { name: path, values: openStrict(readNamed(path), path) };
}

/** Variables of the source project that have no meaning here, and what does what they are for. */
const FOREIGN: Readonly<Record<string, string>> = {
  EPOCHS: 'batches are drawn at random, so there are no epochs; give MAX_ITERS=steps, or TIME=seconds',
  MODELS:
    'weights are read from run directories: "wb eval DIR", "wb generate --run DIR"; finished runs stand for cells with BASELINE=DIR,...',
  STAGE: 'training has one stage; those of the decode lane are "wb bpa smoke|matrix|fit|package" (make bpa STAGE=...)',
  YES: 'nothing is asked here; "wb clean --all --yes" and "make mrproper YES=1" delete runs',
  DRY_RUN: 'give --dry-run to wb matrix and wb sweep; wb check says what one run costs',
};

export function resolveConfig(overrides: readonly string[], options: ConfigOptions): ResolvedConfig {
  const { name, values } = chosenConfig(options);
  const given: Record<string, string> = {};
  for (const item of overrides) {
    const variable = /^(TRACKER|TIME|BASELINE)=(.*)$/.exec(item);
    if (variable) {
      if (variable[1] === 'TIME' && !(Number(variable[2]) > 0))
        throw new UsageError(`${item}: give a positive number of seconds`);
      given[variable[1]!] = variable[2]!;
      continue;
    }
    const match = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(item);
    if (!match) throw new UsageError(`"${item}" is not SYMBOL=value`);
    const foreign = Object.hasOwn(FOREIGN, match[1]!) ? FOREIGN[match[1]!] : undefined;
    if (foreign !== undefined) throw new UsageError(`${match[1]!}: ${foreign}`);
    setSymbol(values, match[1]!, match[2]!, 'command line');
    given[match[1]!] = match[2]!;
  }
  checkOverrides(values, given, 'command line');
  readSignals(values);
  const experiment = experimentConfig(symbolValues(values));
  return {
    experiment,
    name,
    overrides: given,
    full: writeConfig(values),
    minimal: writeMinConfig(values),
    ...customTextOf(experiment),
  };
}

/** Fills in the signals that layer policies take from other runs. */
function readSignals(values: Config): void {
  for (const wanted of wantedSignals(symbolValues(values))) {
    const file = join(wanted.run, FISHER_FILE);
    setSymbol(values, wanted.symbol, signalText(wanted, existsSync(file) ? readFileSync(file, 'utf8') : null), file);
  }
}

/** The text of DATASET_CUSTOM. Throws UsageError when its file is not named or not there. */
export function customTextOf({ dataset }: ExperimentConfig): Pick<ResolvedConfig, 'customText'> {
  if (dataset.kind !== 'custom') return {};
  const { path } = dataset;
  if (!existsSync(path))
    throw new UsageError(
      path === '' ? 'DATASET_CUSTOM needs DATASET_CUSTOM_PATH=FILE' : `DATASET_CUSTOM_PATH: ${path} does not exist`,
    );
  return { customText: { name: path, text: decodeText(readFileSync(path), path) } };
}

export function loaders(): CorpusLoaders {
  return {
    fetchText(name) {
      const file = [`dist/site/data/${name}.txt`, `public/data/${name}.txt`]
        .map((p) => join(root(), p))
        .find((p) => existsSync(p));
      if (!file) throw new Error(`the text ${name} is missing: run "make build"`);
      return Promise.resolve(readFileSync(file, 'utf8'));
    },
  };
}

export const print = (document: unknown): void => void process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
