/** Runs any graph on the WebGPU engine and on the f64 reference with the same inputs. */
import { Executor } from '@/engine/executor';
import { lowerGraph } from '@/engine/lower';
import { Storage, layOutParameters } from '@/engine/storage';
import { type Graph, type RefArray, type RefContext, type Tensor, runReference, sizeOf } from '@/graph';
import { PURPOSE, philox4x32, uniform } from '@/data/random';
import { testEngine } from './experiment';
import { noise } from './gpu';

export const SEED = 11;
export const STREAM = 5;

/** The reference's random numbers: the engine's own, for the scalars used here. */
const context: RefContext = {
  seed: SEED,
  dropoutStream: STREAM,
  uniform: (site, index) =>
    uniform(philox4x32([Math.floor(index / 4), STREAM, site, 0], [SEED, PURPOSE.DROPOUT])[index % 4]!),
};

/** Largest |gpu - reference| / (1 + |reference|) over each output, by name. Integer inputs must be given in `integers`. */
export async function compareOnGpu(
  graph: Graph,
  outputs: readonly Tensor[],
  integers: ReadonlyMap<Tensor, Uint32Array | Int32Array> = new Map(),
  scale = 1,
): Promise<Map<string, number>> {
  const engine = await testEngine();
  const storage = new Storage();
  const metrics = storage.append('metrics', 256);
  const lowered = lowerGraph(graph, {
    storage,
    arena: layOutParameters(graph),
    traits: engine.traits,
    gradients: new Map(),
    roots: outputs,
    pinned: [...graph.inputs, ...outputs],
    accumulate: false,
    floatRegions: new Set(),
  });
  const plan = {
    buffers: storage.buffers,
    regions: storage.regions,
    floatRegions: new Set<number>(),
    sequences: { all: lowered.dispatches },
    scalarSlots: 1,
    stagingBytes: 256,
    ringDepth: 1,
  };
  const values = new Map<number, RefArray>();
  for (const [i, input] of graph.inputs.entries())
    values.set(input.id, integers.get(input) ?? Float64Array.from(noise(input.shape, 3 + 17 * i, scale)));
  const operands = graph.inputs.map((input) => [input, lowered.operand(input)] as const);
  const executor = await Executor.create(engine, plan);
  for (const [input, { region }] of operands) {
    const value = values.get(input.id)!;
    executor.write(region, value instanceof Float64Array ? Float32Array.from(value) : value);
  }
  const { result } = await executor.run(
    [{ sequence: 'all', slot: 0 }],
    [{ seed: SEED, dropout_stream: STREAM, grad_scale: 1 }],
    metrics,
  );
  await result;
  runReference(graph, values, context);
  const errors = new Map<string, number>();
  for (const output of outputs) {
    const { region, offset, rowStride } = lowered.operand(output);
    const raw = new Float32Array(await executor.read(region));
    const cols = output.shape[output.shape.length - 1]!;
    const expected = values.get(output.id)!;
    let worst = 0;
    for (let i = 0; i < sizeOf(output.shape); i++) {
      const actual = raw[offset + Math.floor(i / cols) * rowStride + (i % cols)]!;
      const error = Math.abs(actual - expected[i]!) / (1 + Math.abs(expected[i]!));
      worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
    }
    errors.set(output.name, worst);
  }
  executor.destroy();
  return errors;
}
