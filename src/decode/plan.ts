/**
 * A decoder as a fixed plan: one sequence appends a chunk of prompt tokens to the caches, one appends a token a sequence and
 * computes its logits. Weights, caches and kernels are shared; nothing is allocated once the plan runs.
 */
import { drawToken } from '@/engine/kernels/draw-token';
import { lowerGraph } from '@/engine/lower';
import { dispatchOf } from '@/engine/plan';
import type { DeviceTraits } from '@/engine/kernel';
import type { ExecutionPlan } from '@/engine/plan';
import { type ParameterArena, Storage, layOutParameters } from '@/engine/storage';
import { sizeOf } from '@/graph';
import type { Gpt2Config } from '@/models/config';
import type { KvStore } from '@/models/layers';
import { type Gpt2Decoder, buildGpt2Decoder } from '@/models/gpt2';

export interface DecoderShape {
  readonly batch: number;
  /** Prompt tokens appended in one submit. */
  readonly chunk: number;
  /** Tokens a sequence can hold; at most the model's block size where positions are learned. */
  readonly capacity: number;
  /** Formats of the caches; absent: f32. */
  readonly store?: KvStore;
  /** Expands every kept latent where a decoder could do without; for comparison. */
  readonly expand?: boolean;
}

export interface CacheRegion {
  readonly name: string;
  readonly region: number;
  /** [batch, capacity, width] */
  readonly shape: readonly number[];
}

/** Where one sequence's inputs are. */
export interface InputRegions {
  readonly ids: number;
  readonly positions: number;
}

export interface DecoderPlan {
  readonly plan: ExecutionPlan;
  readonly arena: ParameterArena;
  readonly shape: DecoderShape;
  readonly parameters: number;
  readonly caches: readonly CacheRegion[];
  readonly inputs: Readonly<Record<'prefill' | 'decode', InputRegions>>;
  /** [batch, vocab] */
  readonly logits: number;
  readonly logitsBytes: number;
  /** u32 [batch, DRAWS_PER_SUBMIT] */
  readonly drawn: number;
}

/** Most tokens that one submit can draw a sequence: one slot of step scalars each. */
export const DRAWS_PER_SUBMIT = 16;

export class DecodeError extends Error {
  override name = 'DecodeError';
}

/** Refuses shapes that the model cannot decode, naming the number that is wrong. */
export function checkShape(config: Gpt2Config, { batch, chunk, capacity }: DecoderShape): void {
  for (const [name, value] of Object.entries({ batch, chunk, capacity }))
    if (!Number.isInteger(value) || value < 1)
      throw new DecodeError(`decode: ${name} must be a positive integer, not ${value}`);
  if (config.attention.position !== 'rope' && capacity > config.blockSize)
    throw new DecodeError(
      `decode: a context of ${capacity} tokens is longer than the learned positions (GPT2_BLOCK_SIZE=${config.blockSize})`,
    );
}

/** Graphs of both sequences. Their parameters and caches are equal in order, name and shape. */
export function decoderGraphs(config: Gpt2Config, shape: DecoderShape): Record<'prefill' | 'decode', Gpt2Decoder> {
  checkShape(config, shape);
  const { batch, chunk, capacity, store, expand } = shape;
  return {
    prefill: buildGpt2Decoder(config, batch, chunk, capacity, store, expand),
    decode: buildGpt2Decoder(config, batch, 1, capacity, store, expand),
  };
}

export function planDecoder(
  config: Gpt2Config,
  shape: DecoderShape,
  options: { readonly traits: DeviceTraits; readonly choice?: (key: string) => string | undefined },
): DecoderPlan {
  const graphs = decoderGraphs(config, shape);
  const storage = new Storage();
  const arena = layOutParameters(graphs.decode.graph);
  const parameters = storage.region('parameters', 0, 4 * arena.elements);
  const caches = graphs.decode.kept.map(({ name, cache }): CacheRegion => ({
    name,
    shape: cache.shape,
    region: storage.append('kv cache', 4 * sizeOf(cache.shape)),
  }));
  const floatRegions = new Set<number>();
  const lower = (model: Gpt2Decoder, withLogits: boolean) => {
    const currents = model.kept.map((k) => k.current);
    return lowerGraph(model.graph, {
      storage,
      arena,
      ...options,
      gradients: new Map(),
      roots: withLogits ? [...currents, model.logits] : currents,
      pinned: withLogits ? [model.ids, model.positions, model.logits] : [model.ids, model.positions],
      placed: new Map(model.kept.map(({ cache }, i) => [cache.id, caches[i]!.region])),
      accumulate: false,
      floatRegions,
    });
  };
  const prefill = lower(graphs.prefill, false);
  const decode = lower(graphs.decode, true);
  const inputsOf = (lowered: typeof decode, { ids, positions }: Gpt2Decoder): InputRegions => ({
    ids: lowered.operand(ids).region,
    positions: lowered.operand(positions).region,
  });
  const inputs = { prefill: inputsOf(prefill, graphs.prefill), decode: inputsOf(decode, graphs.decode) };
  const logits = decode.operand(graphs.decode.logits).region;
  const logitsBytes = 4 * sizeOf(graphs.decode.logits.shape);
  const drawn = storage.append('drawn tokens', 4 * shape.batch * DRAWS_PER_SUBMIT);
  const draw = dispatchOf(
    drawToken,
    {
      label: 'draw a token',
      logits: decode.operand(graphs.decode.logits),
      ids: decode.operand(graphs.decode.ids),
      positions: decode.operand(graphs.decode.positions),
      drawn: {
        region: drawn, offset: 0, rowStride: DRAWS_PER_SUBMIT, shape: [shape.batch, DRAWS_PER_SUBMIT], dtype: 'u32', access: 'read_write',
      }, // prettier-ignore
    },
    options.traits,
    'head',
    `${shape.batch}`,
  );
  const plan: ExecutionPlan = {
    buffers: storage.buffers,
    regions: storage.regions,
    floatRegions,
    sequences: { prefill: prefill.dispatches, decode: decode.dispatches, draw: [draw] },
    scalarSlots: DRAWS_PER_SUBMIT,
    stagingBytes: Math.max(logitsBytes, 4 * shape.batch * DRAWS_PER_SUBMIT),
    ringDepth: 2,
  };
  return { plan, arena, shape, parameters, caches, inputs, logits, logitsBytes, drawn };
}
