/** From a dataset and a tokenizer to the token streams that the engine trains on. */
import { encodeWithProgress } from './datasets/encode';
import { VAL_SHARE, splitTokens } from './datasets/split';
import { cleanText } from './datasets/text';
import { type Entropies, entropies } from './entropy';
import { DataError } from './errors';
import { sha256 } from './hash';
import {
  TASKS,
  TASK_METRICS,
  type TaskMetric,
  type TaskName,
  type TaskSettings,
  taskRows,
  taskSettings,
} from './tasks';
import {
  GPT2_VOCAB_SIZE,
  type Tokenizer,
  byteTokenizer,
  charTokenizer,
  charTokenizerOf,
  gpt2Tokenizer,
  trainBpe,
} from './tokenizers';

export { IGNORE_BIT, TOKEN_MASK } from './targets';

export interface Corpus {
  readonly name: string;
  readonly tokenizer: Tokenizer;
  /** The model's vocabulary: the tokenizer's, padded up to a multiple. */
  readonly vocabSize: number;
  /** Token ids; in tasks with IGNORE_BIT on those that do not count as targets. */
  readonly train: Uint32Array;
  readonly val: Uint32Array;
  /** 'window': rows are drawn anywhere. 'rows': the streams are examples of blockSize + 1 tokens, end to end. See random.ts. */
  readonly sampling: 'window' | 'rows';
  /** SHA-256 of train, then val, as little-endian 32-bit words; hex. Covers text, tokenizer and split. */
  readonly hash: string;
  /** Of the held-out part; null where there is no data behind the corpus (a stand-in for generating text). */
  readonly entropies: Entropies | null;
  /** The accuracy that a task reports; null for texts. */
  readonly metric: TaskMetric | null;
}

export type DatasetRequest =
  | { readonly kind: 'moby-dick' }
  | { readonly kind: 'sotu' }
  | { readonly kind: 'custom'; readonly name: string; readonly text: string }
  /** Tasks bring their own alphabet; the tokenizer of the request is not used. */
  | { readonly kind: 'task'; readonly task: TaskName; readonly settings?: TaskSettings };

export type TokenizerRequest =
  | { readonly kind: 'char' }
  | { readonly kind: 'byte' }
  | { readonly kind: 'bpe'; readonly vocabSize: number }
  | { readonly kind: 'gpt2' };

export interface CorpusRequest {
  readonly dataset: DatasetRequest;
  readonly tokenizer: TokenizerRequest;
  readonly blockSize: number;
  /** The vocabulary is padded up to a multiple of this. */
  readonly vocabMultiple: number;
  /** Draws the examples of a task. */
  readonly seed: number;
}

export interface CorpusLoaders {
  /** Reads a shipped text, data/<name>.txt of the built site. */
  fetchText(name: 'moby-dick' | 'sotu'): Promise<string>;
  /** What is being done, and how far it is; units differ by stage. */
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

const TITLES = { 'moby-dick': 'Moby-Dick', sotu: 'State of the Union' } as const;
const TASK_ROWS = { train: 8192, val: 1024 } as const;

const pad = (n: number, multiple: number): number => Math.ceil(n / multiple) * multiple;

async function textOf(dataset: Exclude<DatasetRequest, { kind: 'task' }>, loaders: CorpusLoaders): Promise<string> {
  if (dataset.kind === 'custom') return cleanText(dataset.text, dataset.name);
  try {
    return cleanText(await loaders.fetchText(dataset.kind), TITLES[dataset.kind]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DataError(
      'missing-dataset',
      `${TITLES[dataset.kind]} cannot be read (${why})`,
      'reload the page, or run "make build" in the checkout',
    );
  }
}

async function tokenizerOf(
  request: TokenizerRequest,
  text: string,
  onProgress: CorpusLoaders['onProgress'],
): Promise<Tokenizer> {
  switch (request.kind) {
    case 'char':
      return charTokenizerOf(text);
    case 'byte':
      return byteTokenizer();
    case 'bpe':
      // From the training part only: merges fitted to the held-out text would shorten it.
      return trainBpe(text.slice(0, Math.ceil(text.length * (1 - VAL_SHARE))), request.vocabSize, (done, total) =>
        onProgress?.('learning BPE merges', done, total),
      );
    case 'gpt2':
      return gpt2Tokenizer();
  }
}

/** Padded vocabulary of a request where no text is needed to know it, else null. A trained BPE may end up smaller. */
export function staticVocabSize({
  dataset,
  tokenizer,
  vocabMultiple,
}: Pick<CorpusRequest, 'tokenizer' | 'vocabMultiple'> & {
  readonly dataset: { readonly kind: string; readonly task?: TaskName; readonly settings?: TaskSettings };
}): number | null {
  if (dataset.kind === 'task' && dataset.task) {
    const task = TASKS[dataset.task]; // the size of an example does not change its alphabet
    return pad(task.symbols(taskSettings(task, dataset.settings ?? {}, Infinity)).length, vocabMultiple);
  }
  switch (tokenizer.kind) {
    case 'char':
      return null;
    case 'byte':
      return pad(256, vocabMultiple);
    case 'bpe':
      return pad(tokenizer.vocabSize, vocabMultiple);
    case 'gpt2':
      return pad(GPT2_VOCAB_SIZE, vocabMultiple);
  }
}

export interface CorpusShape {
  readonly trainTokens: number;
  readonly valTokens: number;
  readonly sampling: Corpus['sampling'];
}

/** What planning needs to know of a corpus that has not been loaded: exact for a task, a mebitoken for a text. */
export const staticCorpusShape = (dataset: { readonly kind: string }, blockSize: number): CorpusShape =>
  dataset.kind === 'task'
    ? {
        trainTokens: TASK_ROWS.train * (blockSize + 1),
        valTokens: TASK_ROWS.val * (blockSize + 1),
        sampling: 'rows',
      }
    : { trainTokens: 1 << 20, valTokens: 1 << 17, sampling: 'window' };

/** Loads, checks, tokenises and splits. Throws DataError, and loses nothing: the caller's run has not begun. */
export async function loadCorpus(request: CorpusRequest, loaders: CorpusLoaders): Promise<Corpus> {
  const { dataset, blockSize, vocabMultiple } = request;
  const { onProgress } = loaders;
  if (dataset.kind === 'task') return taskCorpus(request, dataset);
  const name = dataset.kind === 'custom' ? dataset.name : TITLES[dataset.kind];
  onProgress?.('reading', 0, 1);
  const text = await textOf(dataset, loaders);
  const tokenizer = await tokenizerOf(request.tokenizer, text, onProgress);
  const tokens = encodeWithProgress(tokenizer, text, (done, total) => onProgress?.('tokenising', done, total));
  const { train, val } = splitTokens(tokens, blockSize, name);
  return {
    name,
    tokenizer,
    vocabSize: pad(tokenizer.vocabSize, vocabMultiple),
    train,
    val,
    sampling: 'window',
    hash: await sha256(train, val),
    entropies: entropies(val),
    metric: null,
  };
}

async function taskCorpus(
  { blockSize, vocabMultiple, seed }: CorpusRequest,
  dataset: Extract<DatasetRequest, { kind: 'task' }>,
): Promise<Corpus> {
  const task = TASKS[dataset.task];
  const rowTokens = blockSize + 1;
  const settings = taskSettings(task, dataset.settings ?? {}, rowTokens);
  const train = taskRows(task, settings, { rows: TASK_ROWS.train, rowTokens }, seed, 'train');
  const val = taskRows(task, settings, { rows: TASK_ROWS.val, rowTokens }, seed, 'val');
  const tokenizer = charTokenizer(task.symbols(settings).join(''));
  return {
    name: task.title,
    tokenizer,
    vocabSize: pad(tokenizer.vocabSize, vocabMultiple),
    train,
    val,
    sampling: 'rows',
    hash: await sha256(train, val),
    entropies: entropies(val, rowTokens),
    metric: TASK_METRICS[task.metric],
  };
}
