/**
 * ExperimentConfig: the one place where Kconfig symbols become a typed experiment. Everything downstream reads this and
 * never a symbol.
 */
import type { GeluKind } from '@/graph';
import type { AttentionConfig } from '@/models/attention/config';
import type { PruningConfig } from '@/pruning/config';
import type { MlpConfig } from '@/models/mlp';
import { type AttentionWatch, attentionConfig, attentionWatch, mlpConfig } from './attention-config';
import { ConfigError, Reader, type SymbolValues } from './config-reader';
import { type OptimizerConfig, optimizerOf } from './optimizer-config';
import { pruningOf } from './pruning-config';

export type TaskName = 'copy' | 'reverse' | 'sort' | 'addition' | 'recall' | 'dyck';

export type DatasetConfig =
  | { readonly kind: 'moby-dick' }
  | { readonly kind: 'sotu' }
  | { readonly kind: 'custom'; readonly path: string }
  | { readonly kind: 'task'; readonly task: TaskName };

export type TokenizerConfig =
  | { readonly kind: 'char' }
  | { readonly kind: 'byte' }
  | { readonly kind: 'bpe'; readonly vocabSize: number }
  | { readonly kind: 'gpt2' };

export interface ModelConfig {
  readonly nLayer: number;
  readonly nHead: number;
  readonly nEmbd: number;
  readonly blockSize: number;
  readonly bias: boolean;
  readonly dropout: number;
  readonly gelu: GeluKind;
  readonly weightTying: boolean;
  readonly vocabMultiple: number;
  readonly attention: AttentionConfig;
  readonly mlp?: MlpConfig;
}

export interface TrainingConfig {
  readonly batchSize: number;
  readonly gradientAccumulation: number;
  readonly maxIters: number;
  /** The run ends, complete, after so many seconds; 0 = no limit. */
  readonly maxSeconds: number;
  readonly evalInterval: number;
  readonly evalBatches: number;
  /** Evaluations in a row without a lower loss that end the run; 0 = never. */
  readonly earlyStopPatience: number;
  readonly checkpointInterval: number;
  readonly seed: number;
}

export interface ExperimentConfig {
  readonly model: ModelConfig;
  readonly dataset: DatasetConfig;
  readonly tokenizer: TokenizerConfig;
  readonly optimizer: OptimizerConfig;
  /** null: nothing is pruned. */
  readonly pruning: PruningConfig | null;
  readonly training: TrainingConfig;
  /** Absent: nothing of attention is measured during training. */
  readonly attentionWatch?: AttentionWatch;
  /** Histograms of weights and optimizer state at every evaluation. */
  readonly optimizerHistograms?: boolean;
}

export { ConfigError, type OptimizerConfig, type SymbolValues };

const TASKS: readonly (readonly [string, TaskName])[] = [
  ['DATASET_TASK_COPY', 'copy'],
  ['DATASET_TASK_REVERSE', 'reverse'],
  ['DATASET_TASK_SORT', 'sort'],
  ['DATASET_TASK_ADDITION', 'addition'],
  ['DATASET_TASK_RECALL', 'recall'],
  ['DATASET_TASK_DYCK', 'dyck'],
];

function datasetOf(read: Reader): DatasetConfig {
  return read.choice<DatasetConfig>('dataset', [
    ['DATASET_MOBY_DICK', { kind: 'moby-dick' }],
    ['DATASET_SOTU', { kind: 'sotu' }],
    ['DATASET_CUSTOM', { kind: 'custom', path: read.values.get('DATASET_CUSTOM_PATH') ?? '' }],
    ...TASKS.map(([symbol, task]) => [symbol, { kind: 'task', task }] as const),
  ]);
}

function tokenizerOf(read: Reader, dataset: DatasetConfig): TokenizerConfig {
  if (dataset.kind === 'task') return { kind: 'byte' }; // tasks bring their own vocabulary
  return read.choice<TokenizerConfig>('tokenizer', [
    ['TOKENIZER_CHAR', { kind: 'char' }],
    ['TOKENIZER_BYTE', { kind: 'byte' }],
    ['TOKENIZER_BPE', { kind: 'bpe', vocabSize: read.bool('TOKENIZER_BPE') ? read.int('TOKENIZER_BPE_VOCAB') : 0 }],
    ['TOKENIZER_GPT2', { kind: 'gpt2' }],
  ]);
}

/** Derives the experiment from evaluated symbols. Throws ConfigError naming the symbol, its value and what it must be. */
export function experimentConfig(values: SymbolValues): ExperimentConfig {
  const read = new Reader(values);
  const dataset = datasetOf(read);
  const optimizer = optimizerOf(read);
  return {
    model: {
      nLayer: read.int('GPT2_N_LAYER'),
      nHead: read.int('GPT2_N_HEAD'),
      nEmbd: read.int('GPT2_N_EMBD'),
      blockSize: read.int('GPT2_BLOCK_SIZE'),
      bias: read.bool('GPT2_BIAS'),
      dropout: read.real('GPT2_DROPOUT', 0, 1, 'max'),
      gelu: read.choice<GeluKind>('GELU', [
        ['GPT2_GELU_ERF', 'gelu_erf'],
        ['GPT2_GELU_TANH', 'gelu_tanh'],
      ]),
      weightTying: read.bool('GPT2_WEIGHT_TYING'),
      vocabMultiple: read.int('GPT2_VOCAB_MULTIPLE'),
      attention: attentionConfig(read),
      mlp: mlpConfig(read),
    },
    dataset,
    tokenizer: tokenizerOf(read, dataset),
    optimizer,
    pruning: pruningOf(read, optimizer.kind),
    training: {
      batchSize: read.int('BATCH_SIZE'),
      gradientAccumulation: read.int('GRADIENT_ACCUMULATION'),
      maxIters: read.int('MAX_ITERS'),
      maxSeconds: read.int('MAX_SECONDS'),
      evalInterval: read.int('EVAL_INTERVAL'),
      evalBatches: read.int('EVAL_BATCHES'),
      earlyStopPatience: read.int('EVAL_INTERVAL') === 0 ? 0 : read.int('EARLY_STOP_PATIENCE'),
      checkpointInterval: read.int('CHECKPOINT_INTERVAL'),
      seed: read.int('SEED'),
    },
    attentionWatch: attentionWatch(read),
    optimizerHistograms: read.bool('OPTIMIZER_HISTOGRAMS'),
  };
}
