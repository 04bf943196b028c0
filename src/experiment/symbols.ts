/**
 * The symbols of the baseline with their defaults, and a small `.config` reader. The Kconfig tree (src/<area>/Kconfig) states
 * the same symbols with help and ranges; a test keeps the two equal.
 */
import { ConfigError } from './config';

/** Members of a choice; the first is the default. */
export const CHOICES: readonly (readonly string[])[] = [
  ['MODEL_GPT2'],
  ['GPT2_GELU_ERF', 'GPT2_GELU_TANH'],
  [
    'DATASET_MOBY_DICK',
    'DATASET_SOTU',
    'DATASET_CUSTOM',
    'DATASET_TASK_COPY',
    'DATASET_TASK_REVERSE',
    'DATASET_TASK_SORT',
    'DATASET_TASK_ADDITION',
    'DATASET_TASK_RECALL',
    'DATASET_TASK_DYCK',
  ],
  ['TOKENIZER_CHAR', 'TOKENIZER_BYTE', 'TOKENIZER_BPE', 'TOKENIZER_GPT2'],
  ['OPTIMIZER_ADAMW'],
];

export type SymbolType = 'bool' | 'int' | 'string';

/** Symbols outside choices: type and default. */
export const VALUES: Readonly<Record<string, readonly [SymbolType, string]>> = {
  GPT2_N_LAYER: ['int', '4'],
  GPT2_N_HEAD: ['int', '4'],
  GPT2_N_EMBD: ['int', '128'],
  GPT2_BLOCK_SIZE: ['int', '128'],
  GPT2_BIAS: ['bool', 'y'],
  GPT2_DROPOUT: ['string', '0.0'],
  GPT2_WEIGHT_TYING: ['bool', 'y'],
  GPT2_VOCAB_MULTIPLE: ['int', '64'],
  DATASET_CUSTOM_PATH: ['string', ''],
  TOKENIZER_BPE_VOCAB: ['int', '1024'],
  LEARNING_RATE: ['string', '1e-3'],
  MIN_LR: ['string', '1e-4'],
  WARMUP_STEPS: ['int', '100'],
  DECAY_LR: ['bool', 'y'],
  WEIGHT_DECAY: ['string', '0.1'],
  BETA1: ['string', '0.9'],
  BETA2: ['string', '0.99'],
  ADAM_EPS: ['string', '1e-8'],
  GRAD_CLIP: ['string', '1.0'],
  BATCH_SIZE: ['int', '8'],
  GRADIENT_ACCUMULATION: ['int', '1'],
  MAX_ITERS: ['int', '2000'],
  EVAL_INTERVAL: ['int', '100'],
  EVAL_BATCHES: ['int', '8'],
  CHECKPOINT_INTERVAL: ['int', '500'],
  SEED: ['int', '1337'],
};

const choiceOf = (symbol: string): readonly string[] | undefined => CHOICES.find((members) => members.includes(symbol));
export const isSymbol = (symbol: string): boolean => symbol in VALUES || choiceOf(symbol) !== undefined;

/** The symbol that was probably meant: smallest edit distance. */
export function nearestSymbol(name: string): string {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++)
        next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
      row = next;
    }
    return row[b.length]!;
  };
  const all = [...Object.keys(VALUES), ...CHOICES.flat()];
  return all.reduce((best, s) => (distance(name, s) < distance(name, best) ? s : best));
}

export function defaultValues(): Map<string, string> {
  const values = new Map<string, string>();
  for (const members of CHOICES) members.forEach((member, i) => values.set(member, i === 0 ? 'y' : 'n'));
  for (const [symbol, [, value]] of Object.entries(VALUES)) values.set(symbol, value);
  return values;
}

/** Sets one symbol; a choice member set to y clears its siblings. Throws ConfigError naming the symbol and where it stands. */
export function setSymbol(values: Map<string, string>, symbol: string, value: string, where: string): void {
  if (!isSymbol(symbol))
    throw new ConfigError(symbol, `${where}: there is no symbol ${symbol}; did you mean ${nearestSymbol(symbol)}?`);
  const members = choiceOf(symbol);
  const type = members ? 'bool' : VALUES[symbol]![0];
  if (type === 'bool' && value !== 'y' && value !== 'n')
    throw new ConfigError(symbol, `${where}: ${symbol} is y or n, not "${value}"`);
  if (type === 'int' && !/^-?\d+$/.test(value))
    throw new ConfigError(symbol, `${where}: ${symbol} is an integer, not "${value}"`);
  if (members && value === 'y') for (const member of members) values.set(member, 'n');
  values.set(symbol, value);
}

/** Reads `.config` text over the defaults. Throws ConfigError with file and line. */
export function readDotConfig(text: string, file: string, values = defaultValues()): Map<string, string> {
  text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .forEach((line, i) => {
      const where = `${file}:${i + 1}`;
      const unset = /^# CONFIG_(\w+) is not set$/.exec(line.trim());
      if (unset) return setSymbol(values, unset[1]!, 'n', where);
      if (line.trim() === '' || line.trim().startsWith('#')) return;
      const set = /^CONFIG_(\w+)=(.*)$/.exec(line.trim());
      if (!set) throw new ConfigError('', `${where}: expected CONFIG_NAME=value, got "${line.trim()}"`);
      const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(set[2]!);
      setSymbol(values, set[1]!, quoted ? quoted[1]!.replace(/\\(.)/g, '$1') : set[2]!, where);
    });
  return values;
}

const format = (symbol: string, value: string): string => {
  const type = choiceOf(symbol) ? 'bool' : VALUES[symbol]![0];
  if (type === 'string') return `CONFIG_${symbol}="${value.replace(/(["\\])/g, '\\$1')}"`;
  return type === 'bool' && value === 'n' ? `# CONFIG_${symbol} is not set` : `CONFIG_${symbol}=${value}`;
};

export const writeFullConfig = (values: ReadonlyMap<string, string>): string =>
  `${[...values].map(([symbol, value]) => format(symbol, value)).join('\n')}\n`;

/** Only what differs from the defaults; of a choice, only the selected member. */
export function writeMinimalConfig(values: ReadonlyMap<string, string>): string {
  const defaults = defaultValues();
  const lines = [...values]
    .filter(([symbol, value]) => value !== defaults.get(symbol) && !(choiceOf(symbol) && value === 'n'))
    .map(([symbol, value]) => format(symbol, value));
  return lines.length > 0 ? `${lines.join('\n')}\n` : '';
}
