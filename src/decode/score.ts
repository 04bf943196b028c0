/** Loss of text through a store: every window is one chunk, so each token attends to keys and values as they would be stored. */
import type { EngineDevice } from '@/engine/device';
import { Executor } from '@/engine/executor';
import { lowerGraph } from '@/engine/lower';
import { Storage, layOutParameters } from '@/engine/storage';
import { crossEntropy, sizeOf } from '@/graph';
import type { Gpt2Config } from '@/models/config';
import { buildGpt2Decoder } from '@/models/gpt2';
import type { KvStore } from '@/models/layers';
import type { Weights } from './decoder';
import { DecodeError } from './plan';

export interface ScoreBatch {
  /** [rows * seq] */
  readonly ids: Uint32Array;
  /** -1: not counted. */
  readonly targets: Int32Array;
  /** 1 / counted targets. */
  readonly lossScale: number;
}

export interface Score {
  /** Nats per token. */
  readonly loss: number;
  /** Bytes of the cache buffers as allocated. */
  readonly cacheBytes: number;
}

/** Mean loss over the batches of `rows` windows of `seq` tokens. Throws DecodeError, RangeError, ModelConfigError or DeviceError. */
export async function scoreStore(
  engine: EngineDevice,
  config: Gpt2Config,
  [rows, seq]: readonly [number, number],
  store: KvStore,
  weights: Weights,
  batches: readonly ScoreBatch[],
): Promise<Score> {
  const model = buildGpt2Decoder(config, rows, seq, seq, store);
  const { graph, ids, positions, kept, logits } = model;
  const targets = graph.input('targets', [rows, seq], 'i32');
  const lossScale = graph.input('loss_scale', [1], 'f32');
  const [, lossRows] = graph.apply(crossEntropy, [logits, targets, lossScale], {});
  const storage = new Storage();
  const arena = layOutParameters(graph);
  const parameters = storage.region('parameters', 0, 4 * arena.elements);
  const placed = kept.map(({ cache }) => [cache.id, storage.append('kv cache', 4 * sizeOf(cache.shape))] as const);
  const lowered = lowerGraph(graph, {
    storage,
    arena,
    traits: engine.traits,
    gradients: new Map(),
    roots: [lossRows!],
    pinned: [ids, positions, targets, lossScale, lossRows!],
    placed: new Map(placed),
    accumulate: false,
    floatRegions: new Set(),
  });
  const regionOf = (tensor: typeof ids): number => lowered.operand(tensor).region;
  const inputs = { ids: regionOf(ids), positions: regionOf(positions), targets: regionOf(targets), scale: regionOf(lossScale) }; // prettier-ignore
  const lossRegion = regionOf(lossRows!);
  const executor = await Executor.create(engine, {
    buffers: storage.buffers,
    regions: storage.regions,
    floatRegions: new Set(),
    sequences: { score: lowered.dispatches },
    scalarSlots: 1,
    stagingBytes: 4 * rows * seq,
    ringDepth: 1,
  });
  try {
    for (const { name, offset, size } of arena.entries) {
      const found = weights.get(name);
      if (found?.data.length !== size) throw new DecodeError(`decode: tensor ${name} is missing or has another size`);
      executor.write(parameters, found.data, offset);
    }
    executor.write(inputs.positions, new Uint32Array(rows));
    let total = 0;
    for (const batch of batches) {
      executor.write(inputs.ids, batch.ids);
      executor.write(inputs.targets, batch.targets);
      executor.write(inputs.scale, Float32Array.of(batch.lossScale));
      const { result } = await executor.run([{ sequence: 'score', slot: 0 }], [{}], lossRegion);
      total += batch.lossScale * new Float32Array(await result).reduce((sum, x) => sum + x, 0);
    }
    return { loss: total / batches.length, cacheBytes: executor.bufferBytes('kv cache') };
  } finally {
    executor.destroy();
  }
}
