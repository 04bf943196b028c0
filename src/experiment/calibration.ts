/**
 * Statistics of single training sequences at fixed weights, for one-shot scores: on the engine, or on the f64 reference, its slow
 * twin. Spec: optimizers-pruning-fisher 2.7.
 */
import type { Corpus } from '@/data/corpus';
import type { EngineDevice } from '@/engine/device';
import { type Tensor, isOp, matmul } from '@/graph';
import type { Gpt2Config } from '@/models/config';
import { buildGpt2Training } from '@/models/gpt2';
import type { NamedTensors } from './backend';
import { STREAM, drawBatch } from './batches';
import { openProbe } from './graph-probe';
import { type Watch, unwatched } from './watch';

export interface Calibration {
  /** Mean over sequences of the squared gradient, by parameter. */
  readonly fisher: ReadonlyMap<string, Float64Array>;
  /** Mean square of each input feature of a linear, by its weight. */
  readonly inputs: ReadonlyMap<string, Float64Array>;
}

export interface CalibrationRequest {
  /** null: the f64 reference. */
  readonly engine: EngineDevice | null;
  readonly model: Gpt2Config;
  readonly corpus: Corpus;
  readonly weights: NamedTensors;
  readonly seed: number;
  readonly sequences: number;
}

/** Lets messages in between two sequences: the reference never waits by itself. */
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** Throws what `watch` throws, and WeightsError or DeviceError. */
export async function calibrate(request: CalibrationRequest, watch: Watch = unwatched): Promise<Calibration> {
  const { engine, model, corpus, weights, seed, sequences } = request;
  const { graph, ids, targets, lossScale, loss, gradients } = buildGpt2Training(
    { ...model, dropout: 0 },
    1,
    model.blockSize,
  );
  const linears = graph.nodes
    .filter((n) => isOp(n, matmul) && n.inputs[1]!.source.kind === 'parameter' && !n.scope.includes('backward'))
    .map(({ inputs: [x, w] }) => [x!, w!.name] as const);
  const read = [...new Set(linears.map(([x]) => x))];
  const probe = await openProbe(engine, { graph, weights, read, roots: [loss], gradients, seed });
  const fisher = new Map<string, Float64Array>();
  const inputs = new Map<string, Float64Array>();
  const shape = { rows: 1, seq: model.blockSize, sampling: corpus.sampling };
  try {
    for (let s = 0; s < sequences; s++) {
      watch('calibrating', s, sequences);
      const batch = drawBatch(corpus.train, shape, seed, STREAM.TRAIN, s, 0);
      const given = new Map<Tensor, Uint32Array | Int32Array | Float32Array>([
        [ids, batch.ids],
        [targets, batch.targets],
        [lossScale, Float32Array.of(batch.lossScale)],
      ]);
      const values = await probe.run(given);
      for (const parameter of gradients.keys())
        addSquares(fisher, parameter.name, values.get(parameter)!, values.get(parameter)!.length, 1 / sequences);
      for (const [x, name] of linears) {
        const width = x.shape.at(-1)!;
        const rows = values.get(x)!;
        addSquares(inputs, name, rows, width, width / rows.length / sequences);
      }
      await breathe();
    }
  } finally {
    probe.destroy();
  }
  return { fisher, inputs };
}

/** sums[name][i] += scale * values[r, i]^2 over the rows of `values`, `width` wide. */
function addSquares(
  sums: Map<string, Float64Array>,
  name: string,
  values: ArrayLike<number>,
  width: number,
  scale: number,
): void {
  const sum = sums.get(name) ?? new Float64Array(width);
  for (let i = 0; i < values.length; i++) sum[i % width]! += scale * values[i]! ** 2;
  sums.set(name, sum);
}
