/** Fisher trace, gates and branches during training: the lines of a run, of its repetition and of its resumed halves. */
import { beforeAll, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import type { MetricEvent, RunEvent } from '@/experiment/events';
import { observersOf } from '@/experiment/observers';
import type { TrainingState } from '@/experiment/training-state';
import { RunControl } from '@/experiment/run-control';
import { type TrainProgress, train } from '@/experiment/train';
import { BASELINE_ATTENTION } from '@/models/attention/config';
import { testEngine, testExperiment } from '../support/experiment';

let engine: EngineDevice;
beforeAll(async () => {
  engine = await testEngine();
});

const open = async (watch: boolean, gate = true) => {
  const ra = { form: 'learned', layers: { kind: 'last', count: 1 }, heads: 1 } as const;
  const experiment = testExperiment({
    model: { nLayer: 2, nHead: 2, nEmbd: 16, blockSize: 9, attention: { ...BASELINE_ATTENTION, ...(gate ? { gate, ra } : {}) } },
    training: { maxIters: 6, evalInterval: 2 },
    vocab: 17,
  }); // prettier-ignore
  const config = { ...experiment.config, ...(watch ? { attentionWatch: { fisherSequences: 2, branches: true } } : {}) };
  return { ...experiment, config, backend: await WebGpuBackend.create(engine, config, experiment.model, experiment.corpus) }; // prettier-ignore
};
type Opened = Awaited<ReturnType<typeof open>>;

/** Lines as two runs are compared: without clock readings. */
const timeless = (metrics: readonly MetricEvent[]): string[] =>
  metrics.map((metric) => JSON.stringify({ ...metric, time: undefined }));

async function run(opened: Opened, from?: { step: number; progress: TrainProgress }, stopAt?: number) {
  const metrics: MetricEvent[] = [];
  let progress: TrainProgress | null = null;
  for await (const event of train(opened.config, opened.backend, {
    control: new RunControl(),
    observers: observersOf(opened),
    ...(from ? { fromStep: from.step, progress: from.progress } : {}),
    ...(stopAt === undefined ? {} : { stopAt }),
    onCheckpoint: (_step, _kind, now) => {
      progress = now;
      return Promise.resolve<readonly RunEvent[]>([]);
    },
  }))
    if (event.type === 'metric') metrics.push(event.metric);
  return { metrics, progress: progress! };
}

it('both events follow every evaluation; the run takes the steps of one without; its lines are those of a resumed one', async () => {
  const whole = await open(true);
  const { metrics } = await run(whole);
  expect(metrics.filter((m) => m.event !== 'step').map((m) => `${m.event} ${m.step}`)).toEqual(
    [0, 2, 4, 6].flatMap((step) => [`eval ${step}`, `fisher ${step}`, `attention ${step}`]),
  );
  const plain = await open(false);
  const unwatched = await run(plain);
  expect(timeless(metrics.filter((m) => m.event === 'step' || m.event === 'eval'))).toEqual(
    timeless(unwatched.metrics),
  );

  const attention = metrics.filter((m) => m.event === 'attention');
  expect(attention[0]).toMatchObject({ beta: [null, 0], mixing: [null, 0] });
  expect(Math.abs(attention[3]!.beta![1]!)).toBeGreaterThan(0);
  expect(attention[0]!.gate_mean![0]).toBeCloseTo(0.5, 2);
  const fisher = metrics.filter((m) => m.event === 'fisher');
  for (const { trace, uniform, heads } of fisher) {
    expect(heads.map((h) => h.length)).toEqual([2, 2]);
    trace.forEach((t) => expect(t > 0 && t <= uniform).toBe(true));
  }
  expect(new Set(fisher.map(({ trace }) => trace[0])).size).toBe(4);

  const first = await open(true);
  const before = await run(first, undefined, 4);
  const state: TrainingState = await first.backend.saveState();
  const second = await open(true);
  await second.backend.loadState(state);
  const after = await run(second, { step: 4, progress: before.progress });
  expect(timeless([...before.metrics, ...after.metrics])).toEqual(timeless(metrics));
  for (const { backend } of [whole, plain, first, second]) backend.destroy();
});

it('compiles next to nothing of its own, and holds no memory between evaluations', async () => {
  const opened = await open(true, false);
  const { device } = engine;
  await opened.backend.evaluate();
  const own = device.createComputePipelineAsync.bind(device);
  let compiled = 0;
  device.createComputePipelineAsync = (descriptor) => {
    compiled++;
    return own(descriptor);
  };
  const create = device.createBuffer.bind(device);
  const held = new Set<GPUBuffer>();
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      held.delete(buffer);
      return destroy();
    };
    held.add(buffer);
    return buffer;
  };
  const [observe] = observersOf(opened);
  await observe!(0);
  const first = compiled;
  await observe!(1);
  device.createComputePipelineAsync = own;
  device.createBuffer = create;
  expect(first).toBeLessThanOrEqual(2);
  expect(compiled).toBe(first);
  expect(held.size).toBe(0);
  opened.backend.destroy();
});

it('a configuration without it has no observer', async () => {
  const opened = await open(false);
  expect(observersOf(opened)).toEqual([]);
  opened.backend.destroy();
});
