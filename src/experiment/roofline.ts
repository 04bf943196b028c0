/** Every kernel of a configuration's training step and of its decode under the roof measured on the adapter. */
import type { Corpus } from '@/data/corpus';
import { WebGpuDecoder } from '@/decode/backend-webgpu';
import type { EngineDevice } from '@/engine/device';
import { type Roof, measureRoof } from '@/engine/probe';
import { type GemmLadder, gemmLadder } from '@/engine/gemm-ladder';
import { type Timing, timingOf } from '@/engine/pass-timer';
import { type OpDot, measureOps } from '@/engine/roofline';
import { WebGpuBackend } from './backend-webgpu';
import type { ExperimentConfig } from './config';
import { type Watch, unwatched } from './watch';

export interface Roofline {
  readonly roof: Roof & { /** FLOPs a byte. */ readonly ridge: number };
  readonly ops: readonly OpDot[];
  readonly ladder: GemmLadder;
  /** Of the ops; the roof and the ladder are fenced, with samples so long that it makes no difference. */
  readonly timing: Timing;
}

const SCALARS = { seed: 1, grad_scale: 1, inv_sqrt_c2: 1, adam_eps: 1e-8, beta1: 0.9, beta2: 0.95, moment_keep: 1 };

/** Times by timestamps where the device has them, else fenced by the queue. Throws Cancelled, PlanRefusedError, DecodeError or DeviceError. */
export async function measureRoofline(
  engine: EngineDevice,
  config: ExperimentConfig,
  corpus: Corpus,
  watch: Watch = unwatched,
  sampleMs?: number,
): Promise<Roofline> {
  const model = { ...config.model, vocabSize: corpus.vocabSize };
  watch('stream copy and FMA', 0, 1);
  const roof = await measureRoof(engine.device, engine.traits.software);
  const ladder = await gemmLadder(engine, named('GEMM ladder', watch), sampleMs);
  watch('compiling the training step', 0, 1);
  const backend = await WebGpuBackend.create(engine, config, model, corpus, { eager: ['train', 'update'] });
  const ops: OpDot[] = [];
  const pace = sampleMs === undefined ? {} : { sampleMs };
  try {
    const { result } = await backend.step(0);
    await result;
    ops.push(
      ...(await measureOps(engine.device, backend.executor, ['train', 'update'], roof, {
        ...pace,
        scalars: SCALARS,
        onOp: named('kernels of the training step', watch),
      })),
    );
  } finally {
    backend.destroy();
  }
  watch('compiling the decoder', 0, 1);
  const decoder = await WebGpuDecoder.create(engine, model, { batch: 1, chunk: 1, capacity: model.blockSize });
  try {
    decoder.load(
      new Map(decoder.planned.arena.entries.map((e) => [e.name, { data: new Float32Array(e.size).fill(0.01) }])),
    );
    await decoder.decode(new Uint32Array(1), Uint32Array.of(model.blockSize - 1));
    ops.push(
      ...(await measureOps(engine.device, decoder.executor, ['decode', 'draw'], roof, {
        ...pace,
        scalars: { sample_limit: corpus.tokenizer.vocabSize, temperature: 1, top_p: 1 },
        onOp: named('kernels of decode', watch),
      })),
    );
  } finally {
    decoder.destroy();
  }
  const ridge = roof.fmaGflops / roof.bandwidthGBs;
  return { roof: { ...roof, ridge }, ops, ladder, timing: timingOf(engine.device) };
}

const named =
  (stage: string, watch: Watch) =>
  (done: number, total: number): void =>
    watch(stage, done, total);
