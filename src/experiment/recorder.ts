/** Writes a run directory while a run goes on: metrics, checkpoints in the Hugging Face layout, STATUS. */
import type { NamedTensors, TrainingBackend } from './backend';
import type { ExperimentConfig } from './config';
import type { MetricEvent, RunEvent } from './events';
import type { RunDirectory } from './run-directory';
import { writeSafetensors } from './safetensors';
import { STATE_FILE, type SavedState, encodeState } from './session/state-file';
import type { CheckpointKind, TrainProgress } from './train';
import type { Gpt2Config } from '@/models/config';

/** A mirror of the metrics in another program's format. */
export interface MetricSink {
  record(metric: MetricEvent): void;
  /** Writes what was recorded; called after metrics.jsonl has it. */
  flush(): Promise<void>;
  /** Writes what only a finished run has. */
  close(): Promise<void>;
}

export type RunStatus = 'pending' | 'running' | 'ok' | 'failed' | 'invalid' | 'skipped' | 'stopped';

/** config.json that opens a baseline checkpoint in transformers' GPT2LMHeadModel. */
export function huggingFaceConfig(model: Gpt2Config): string {
  const p = model.dropout;
  const config = {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    n_layer: model.nLayer,
    n_head: model.nHead,
    n_embd: model.nEmbd,
    n_positions: model.blockSize,
    n_ctx: model.blockSize,
    vocab_size: model.vocabSize,
    activation_function: model.gelu === 'gelu_erf' ? 'gelu' : 'gelu_new',
    layer_norm_epsilon: 1e-5,
    resid_pdrop: p,
    embd_pdrop: p,
    attn_pdrop: p,
    tie_word_embeddings: model.weightTying,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

export const toSafetensors = (tensors: NamedTensors, metadata: Record<string, string> = {}): Uint8Array =>
  writeSafetensors(
    [...tensors].map(([name, { shape, data }]) => ({ name, dtype: 'F32' as const, shape, data })),
    metadata,
  );

export class RunRecorder {
  readonly #pending: string[] = [];
  #metricsBytes = 0;
  #elapsedMs = 0;

  constructor(
    readonly directory: RunDirectory,
    readonly config: ExperimentConfig,
    readonly backend: TrainingBackend,
    readonly sinks: readonly MetricSink[] = [],
  ) {}

  /** Call instead of `begin` in a run that goes on from a checkpoint. */
  async resume({ metricsBytes, elapsedMs, step }: SavedState): Promise<void> {
    this.#metricsBytes = metricsBytes;
    this.#elapsedMs = elapsedMs;
    await this.directory.write('STATUS', 'running\n');
    await this.directory.append('log.txt', `resumed at step ${step}\n`);
  }

  /** Call once before the first step. `files` are written as they are (config.min, manifest.json, tokenizer.json, ...). */
  async begin(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) await this.directory.write(path, text);
    await this.directory.write('STATUS', 'running\n');
  }

  /** Appends a metric line; lines are buffered and flushed with `flush` and at every checkpoint. */
  async record(event: RunEvent): Promise<void> {
    if (event.type === 'metric') {
      this.#pending.push(`${JSON.stringify(event.metric)}\n`);
      if ('time' in event.metric) this.#elapsedMs = event.metric.time.elapsed_ms;
      for (const sink of this.sinks) sink.record(event.metric);
    }
    if (event.type === 'failed') await this.directory.append('log.txt', `failed: ${event.message}\n`);
    if (this.#pending.length >= 64 || event.type !== 'metric') await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#pending.length === 0) return;
    const bytes = new TextEncoder().encode(this.#pending.join(''));
    this.#pending.length = 0;
    await this.directory.append('metrics.jsonl', bytes);
    this.#metricsBytes += bytes.length;
    for (const sink of this.sinks) await sink.flush();
  }

  /** Saves weights (not for `state`), and what to go on from (not for `best`), before returning. */
  async checkpoint(
    step: number,
    kind: CheckpointKind,
    progress: TrainProgress = { best: null, evaluated: null },
  ): Promise<readonly RunEvent[]> {
    await this.flush();
    const path = kind === 'best' ? 'best.safetensors' : `checkpoints/${String(step)}.safetensors`;
    let bytes = 0;
    if (kind !== 'state') {
      const weights = toSafetensors(await this.backend.parameters(), { step: String(step), format: 'pt' });
      await this.directory.write(path, weights);
      bytes = weights.byteLength;
    }
    if (kind !== 'best') {
      const [metricsBytes, elapsedMs] = [this.#metricsBytes, this.#elapsedMs];
      const state = await this.backend.saveState();
      await this.directory.write(STATE_FILE, encodeState({ step, progress, metricsBytes, elapsedMs, state }));
    }
    return kind === 'state' ? [] : [{ type: 'checkpoint', step, path, best: kind === 'best', bytes }];
  }

  async end(status: RunStatus): Promise<void> {
    await this.flush();
    for (const sink of this.sinks) await sink.close();
    await this.directory.write('STATUS', `${status}\n`);
  }
}
