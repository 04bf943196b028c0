/** Writes a run directory while a run goes on: metrics, checkpoints in the Hugging Face layout, STATUS. */
import type { NamedTensors, TrainingBackend } from './backend';
import type { ExperimentConfig } from './config';
import type { RunEvent } from './events';
import type { RunDirectory } from './run-directory';
import { writeSafetensors } from './safetensors';
import { isWeight } from './training-state';
import type { Gpt2Config } from '@/models/config';

export type RunStatus = 'pending' | 'running' | 'ok' | 'failed' | 'stopped';

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

  constructor(
    readonly directory: RunDirectory,
    readonly config: ExperimentConfig,
    readonly backend: TrainingBackend,
  ) {}

  /** Call once before the first step. `files` are written as they are (config.min, manifest.json, tokenizer.json, ...). */
  async begin(files: Readonly<Record<string, string>>): Promise<void> {
    await this.directory.write('STATUS', 'running\n');
    for (const [path, text] of Object.entries(files)) await this.directory.write(path, text);
  }

  /** Appends a metric line; lines are buffered and flushed with `flush` and at every checkpoint. */
  async record(event: RunEvent): Promise<void> {
    if (event.type === 'metric') this.#pending.push(`${JSON.stringify(event.metric)}\n`);
    if (event.type === 'failed') await this.directory.append('log.txt', `failed: ${event.message}\n`);
    if (this.#pending.length >= 64 || event.type !== 'metric') await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#pending.length === 0) return;
    const text = this.#pending.join('');
    this.#pending.length = 0;
    await this.directory.append('metrics.jsonl', text);
  }

  /** Saves weights (and for periodic and last checkpoints the optimizer state) before returning. */
  async checkpoint(step: number, kind: 'best' | 'periodic' | 'last'): Promise<readonly RunEvent[]> {
    await this.flush();
    const path = kind === 'best' ? 'best.safetensors' : `checkpoints/${String(step)}.safetensors`;
    const bytes = toSafetensors(await this.backend.parameters(), { step: String(step), format: 'pt' });
    await this.directory.write(path, bytes);
    if (kind !== 'best') {
      const state = [...(await this.backend.saveState())].filter(([name]) => !isWeight(name));
      const tensors = state.map(([name, tensor]) => ({ name, ...tensor }));
      await this.directory.write('optimizer.safetensors', writeSafetensors(tensors, { step: String(step) }));
    }
    return [{ type: 'checkpoint', step, path, best: kind === 'best', bytes: bytes.byteLength }];
  }

  async end(status: RunStatus): Promise<void> {
    await this.flush();
    await this.directory.write('STATUS', `${status}\n`);
  }
}
