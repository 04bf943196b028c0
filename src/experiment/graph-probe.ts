/**
 * Runs a model's graph at fixed weights and reads tensors of it: on the engine, or on its slow twin, the f64 reference.
 * For analysis; a training run never comes here.
 */
import { PURPOSE, philox4x32, uniform } from '@/data/random';
import type { EngineDevice } from '@/engine/device';
import { Executor } from '@/engine/executor';
import { type LoweredGraph, lowerGraph } from '@/engine/lower';
import { Storage, layOutParameters } from '@/engine/storage';
import { type Graph, type RefArray, type RefValues, type Tensor, runReference, sizeOf } from '@/graph';
import type { NamedTensors } from './backend';

export type TensorValues = ReadonlyMap<Tensor, ArrayLike<number>>;

export interface GraphProbe {
  /** Values of the chosen tensors and of the gradients (by parameter) for these inputs. */
  run(inputs: ReadonlyMap<Tensor, Float32Array | Uint32Array | Int32Array>, stream?: number): Promise<TensorValues>;
  destroy(): void;
}

export interface ProbeRequest {
  readonly graph: Graph;
  readonly weights: NamedTensors;
  /** Tensors to read. */
  readonly read: readonly Tensor[];
  /** Tensors to compute without reading them: the loss, behind gradients. */
  readonly roots?: readonly Tensor[];
  /** Parameter -> gradient, to be read too. */
  readonly gradients?: ReadonlyMap<Tensor, Tensor>;
  /** Keys dropout masks. */
  readonly seed: number;
}

/** Weights that do not belong to the model: which, and what is wrong. */
export class WeightsError extends Error {
  override name = 'WeightsError';
}

function weightOf(weights: NamedTensors, { name, shape }: Tensor): Float32Array {
  const found = weights.get(name);
  if (!found) throw new WeightsError(`the checkpoint has no tensor ${name}`);
  if (found.data.length !== sizeOf(shape))
    throw new WeightsError(`tensor ${name} of the checkpoint is [${found.shape.join(', ')}], the model needs [${shape.join(', ')}]`); // prettier-ignore
  return found.data;
}

/** null: the reference. Throws WeightsError or DeviceError. */
export const openProbe = (engine: EngineDevice | null, request: ProbeRequest): Promise<GraphProbe> =>
  engine ? openOnEngine(engine, request) : Promise.resolve(openOnReference(request));

function openOnReference({ graph, weights, read, gradients, seed }: ProbeRequest): GraphProbe {
  const values: RefValues = new Map();
  for (const p of graph.parameters) values.set(p.id, Float64Array.from(weightOf(weights, p)));
  return {
    run(inputs, stream = 0) {
      for (const [{ id }, data] of inputs)
        values.set(id, data instanceof Float32Array ? Float64Array.from(data) : data);
      runReference(graph, values, {
        seed,
        dropoutStream: stream,
        uniform: (site, i) =>
          uniform(philox4x32([Math.floor(i / 4), stream, site, 0], [seed, PURPOSE.DROPOUT])[i % 4]!),
      });
      const copy = (t: Tensor): RefArray => values.get(t.id)!.slice();
      return Promise.resolve(
        new Map([
          ...read.map((t) => [t, copy(t)] as const),
          ...[...(gradients ?? [])].map(([p, g]) => [p, copy(g)] as const),
        ]),
      );
    },
    destroy: () => values.clear(),
  };
}

async function openOnEngine(
  engine: EngineDevice,
  { graph, weights, read, roots = [], gradients = new Map<Tensor, Tensor>(), seed }: ProbeRequest,
): Promise<GraphProbe> {
  const storage = new Storage();
  const metrics = storage.append('metrics', 256);
  const arena = layOutParameters(graph);
  const lowered = lowerGraph(graph, {
    storage,
    arena,
    traits: engine.traits,
    gradients,
    roots: [...read, ...roots],
    pinned: [...graph.inputs, ...read],
    accumulate: false,
    floatRegions: new Set(),
  });
  const operands = new Map([...graph.inputs, ...read].map((t) => [t, lowered.operand(t)] as const));
  const slabs = gradientReaders(lowered, gradients);
  const parameters = arena.entries.map((entry) => ({
    entry,
    region: storage.region('parameters', 4 * entry.offset, 4 * entry.size),
  }));
  const executor = await Executor.create(engine, {
    buffers: storage.buffers,
    regions: storage.regions,
    floatRegions: new Set<number>(),
    sequences: { all: lowered.dispatches },
    scalarSlots: 1,
    stagingBytes: 256,
    ringDepth: 1,
  });
  for (const { entry, region } of parameters) executor.write(region, weightOf(weights, entry.tensor));
  const readTensor = async (tensor: Tensor): Promise<Float32Array> => {
    const { region, offset, rowStride } = operands.get(tensor)!;
    const raw = new Float32Array(await executor.read(region));
    const cols = tensor.shape.at(-1)!;
    return Float32Array.from({ length: sizeOf(tensor.shape) }, (_, i) => raw[offset + Math.floor(i / cols) * rowStride + (i % cols)]!); // prettier-ignore
  };
  return {
    async run(inputs, stream = 0) {
      for (const [tensor, data] of inputs) executor.write(operands.get(tensor)!.region, data);
      const scalars = [{ seed, dropout_stream: stream, grad_scale: 1 }];
      await (
        await executor.run([{ sequence: 'all', slot: 0 }], scalars, metrics)
      ).result;
      const out = new Map<Tensor, Float32Array>();
      for (const tensor of read) out.set(tensor, await readTensor(tensor));
      for (const [parameter, { region, count }] of slabs)
        out.set(parameter, summed(new Float32Array(await executor.read(region)), sizeOf(parameter.shape), count));
      return out;
    },
    destroy: () => executor.destroy(),
  };
}

/** Where each gradient lies: a region that holds `count` partial sums, end to end. */
function gradientReaders(lowered: LoweredGraph, gradients: ReadonlyMap<Tensor, Tensor>) {
  return new Map(
    lowered.gradientSlabs.map(({ parameter, region, slabs }) => [
      parameter,
      { region: region ?? lowered.operand(gradients.get(parameter)!).region, count: slabs },
    ]),
  );
}

function summed(raw: Float32Array, size: number, slabs: number): Float32Array {
  const out = raw.slice(0, size);
  for (let s = 1; s < slabs; s++) for (let i = 0; i < size; i++) out[i]! += raw[s * size + i]!;
  return out;
}
