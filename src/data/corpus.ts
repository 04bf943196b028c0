/** From a dataset and a tokenizer to the token streams that the engine trains on. */
import { type Entropies, entropies } from './entropy';
import { DataError } from './errors';
import { TASKS, type TaskName, taskRows } from './tasks';
import { type Tokenizer, byteTokenizer, charTokenizerOf, gpt2Tokenizer, symbolTokenizer, trainBpe } from './tokenizers';

export { IGNORE_BIT } from './tasks';

export interface Corpus {
  readonly name: string;
  readonly tokenizer: Tokenizer;
  /** Padded vocabulary: what the model is built with. */
  readonly vocabSize: number;
  readonly train: Uint32Array;
  readonly val: Uint32Array;
  readonly sampling: 'window' | 'rows';
  /** SHA-256 of the token streams, hex. */
  readonly hash: string;
  /** Of the held-out text; null for tasks. */
  readonly entropies: Entropies | null;
  /** Name of the accuracy that a task reports. */
  readonly metric: string | null;
}

export type DatasetRequest =
  | { readonly kind: 'moby-dick' }
  | { readonly kind: 'sotu' }
  | { readonly kind: 'custom'; readonly name: string; readonly text: string }
  | { readonly kind: 'task'; readonly task: TaskName };

export type TokenizerRequest =
  | { readonly kind: 'char' }
  | { readonly kind: 'byte' }
  | { readonly kind: 'bpe'; readonly vocabSize: number }
  | { readonly kind: 'gpt2' };

export interface CorpusRequest {
  readonly dataset: DatasetRequest;
  readonly tokenizer: TokenizerRequest;
  readonly blockSize: number;
  readonly vocabMultiple: number;
  readonly seed: number;
}

export interface CorpusLoaders {
  /** Reads a shipped text: "moby-dick" or "sotu". */
  fetchText(name: string): Promise<string>;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** Share of the text, at its end, that is held out. */
export const VAL_SHARE = 0.1;
const TASK_TRAIN_ROWS = 8192;
const TASK_VAL_ROWS = 1024;

/** Throws DataError when a user's text cannot be trained on. */
export function checkText(name: string, text: string): void {
  if (text.length === 0) throw new DataError(`${name} is empty: give a text of at least a few thousand characters`);
  const strange = text.match(/[\0\uFFFD]/g)?.length ?? 0;
  if (strange > 0 && strange / text.length > 0.001)
    throw new DataError(
      `${name} is not text: ${strange} of ${text.length} characters are NUL or invalid UTF-8; give a plain text file`,
    );
  if (new Set(text.slice(0, 100_000)).size < 2 && new Set(text).size < 2)
    throw new DataError(`${name} holds one character repeated: there is nothing to learn; give another text`);
}

async function hashOf(...streams: readonly Uint32Array[]): Promise<string> {
  const bytes = new Uint8Array(streams.reduce((sum, s) => sum + s.byteLength, 0));
  let at = 0;
  for (const stream of streams) {
    bytes.set(new Uint8Array(stream.buffer, stream.byteOffset, stream.byteLength), at);
    at += stream.byteLength;
  }
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, '0')).join('');
}

async function makeTokenizer(
  request: TokenizerRequest,
  text: string,
  { onProgress }: CorpusLoaders,
): Promise<Tokenizer> {
  switch (request.kind) {
    case 'char':
      return charTokenizerOf(text);
    case 'byte':
      return byteTokenizer();
    case 'bpe':
      return trainBpe(text.slice(0, Math.floor(text.length * (1 - VAL_SHARE))), request.vocabSize, (done, total) =>
        onProgress?.('learning BPE merges', done, total),
      );
    case 'gpt2':
      return gpt2Tokenizer();
  }
}

const pad = (n: number, multiple: number): number => Math.ceil(n / multiple) * multiple;

/** Vocabulary (padded) of a configuration that needs no text to know it; null where the text decides. */
export function staticVocabSize({
  dataset,
  tokenizer,
  vocabMultiple,
}: Pick<CorpusRequest, 'tokenizer' | 'vocabMultiple'> & { dataset: { kind: string; task?: TaskName } }): number | null {
  if (dataset.kind === 'task' && dataset.task) return pad(TASKS[dataset.task].symbols.length, vocabMultiple);
  if (tokenizer.kind === 'byte') return pad(256, vocabMultiple);
  if (tokenizer.kind === 'gpt2') return pad(50257, vocabMultiple);
  if (tokenizer.kind === 'bpe') return pad(tokenizer.vocabSize, vocabMultiple);
  return null;
}

/** Loads, checks, tokenises and splits. Throws DataError. */
export async function loadCorpus(request: CorpusRequest, loaders: CorpusLoaders): Promise<Corpus> {
  const { dataset, blockSize, vocabMultiple, seed } = request;
  if (dataset.kind === 'task') return taskCorpus(dataset.task, blockSize, vocabMultiple, seed);
  const text = dataset.kind === 'custom' ? dataset.text : await loaders.fetchText(dataset.kind);
  const name =
    dataset.kind === 'custom' ? dataset.name : { 'moby-dick': 'Moby-Dick', sotu: 'State of the Union' }[dataset.kind];
  checkText(name, text);
  const tokenizer = await makeTokenizer(request.tokenizer, text, loaders);
  loaders.onProgress?.('tokenising', 0, 1);
  const tokens = tokenizer.encode(text);
  loaders.onProgress?.('tokenising', 1, 1);
  const split = Math.floor(tokens.length * (1 - VAL_SHARE));
  const train = tokens.slice(0, split);
  const val = tokens.slice(split);
  if (val.length < blockSize + 2)
    throw new DataError(
      `${name} is too short: its held-out tenth has ${val.length} tokens and GPT2_BLOCK_SIZE=${blockSize} needs ${blockSize + 2}; give a longer text or a smaller GPT2_BLOCK_SIZE`,
    );
  return {
    name,
    tokenizer,
    vocabSize: pad(tokenizer.vocabSize, vocabMultiple),
    train,
    val,
    sampling: 'window',
    hash: await hashOf(train, val),
    entropies: entropies(val, tokenizer.vocabSize),
    metric: null,
  };
}

async function taskCorpus(name: TaskName, blockSize: number, vocabMultiple: number, seed: number): Promise<Corpus> {
  const task = TASKS[name];
  if (blockSize < 7) throw new DataError(`task ${name} needs GPT2_BLOCK_SIZE of at least 7, not ${blockSize}`);
  const train = taskRows(task, blockSize, seed, 0, TASK_TRAIN_ROWS);
  const val = taskRows(task, blockSize, seed, TASK_TRAIN_ROWS, TASK_VAL_ROWS);
  const tokenizer = symbolTokenizer(task.symbols);
  return {
    name: `task: ${task.title}`,
    tokenizer,
    vocabSize: pad(tokenizer.vocabSize, vocabMultiple),
    train,
    val,
    sampling: 'rows',
    hash: await hashOf(train, val),
    entropies: null,
    metric: task.metric,
  };
}
