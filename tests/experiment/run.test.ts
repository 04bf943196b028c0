/** The whole run on the software adapter: determinism, memory, resume points, non-finite losses. */
import { beforeAll, describe, expect, it } from 'vitest';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import type { MetricEvent, RunEvent } from '@/experiment/events';
import { RunRecorder } from '@/experiment/recorder';
import { MemoryDirectory } from '@/experiment/run-directory';
import { readSafetensors } from '@/experiment/safetensors';
import { STATE_FILE, decodeState } from '@/experiment/session/state-file';
import { RunControl } from '@/experiment/run-control';
import { train } from '@/experiment/train';
import type { EngineDevice } from '@/engine/device';
import { meterMemory } from '@/engine/memory-meter';
import { type Overrides, testEngine, testExperiment } from '../support/experiment';

const SMALL: Overrides = { model: { nLayer: 1, nHead: 2, nEmbd: 16, blockSize: 8 }, vocab: 17 };
let engine: EngineDevice;
beforeAll(async () => {
  engine = await testEngine();
});

async function record(overrides: Overrides) {
  const { config, model, corpus } = testExperiment(overrides);
  const backend = await WebGpuBackend.create(engine, config, model, corpus);
  const directory = new MemoryDirectory();
  const recorder = new RunRecorder(directory, config, backend);
  await recorder.begin({});
  const events: RunEvent[] = [];
  const control = new RunControl();
  for await (const event of train(config, backend, { control, onCheckpoint: (s, k) => recorder.checkpoint(s, k) })) {
    await recorder.record(event);
    events.push(event);
  }
  await recorder.end('ok');
  const lines = new TextDecoder()
    .decode((await directory.read('metrics.jsonl'))!)
    .trim()
    .split('\n');
  backend.destroy();
  return { directory, events, metrics: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('a run', () => {
  it('is deterministic: metrics equal without time, weights and moments equal in every byte', async () => {
    const training = { maxIters: 12, evalInterval: 4, checkpointInterval: 6 };
    const overrides = { ...SMALL, training, model: { ...SMALL.model, dropout: 0.1 } };
    const [a, b] = [await record(overrides), await record(overrides)];
    const timeless = (metrics: Record<string, unknown>[]) => metrics.map(({ time: _, ...rest }) => rest);
    expect(timeless(a.metrics)).toEqual(timeless(b.metrics));
    expect(a.metrics.filter((m) => m.event === 'eval').map((m) => m.step)).toEqual([0, 4, 8, 12]);
    for (const file of ['best.safetensors', 'checkpoints/6.safetensors', 'checkpoints/12.safetensors'])
      expect(await a.directory.read(file), file).toEqual(await b.directory.read(file));
    const moments = await Promise.all(
      [a, b].map(async (r) => decodeState((await r.directory.read(STATE_FILE))!).state),
    );
    expect(moments[0]).toEqual(moments[1]);
  });

  it('writes the Hugging Face names and shapes', async () => {
    const { directory } = await record({ ...SMALL, training: { maxIters: 2 } });
    const { tensors } = readSafetensors((await directory.read('checkpoints/2.safetensors'))!);
    expect([...tensors].map(([name, t]) => `${name} ${t.shape.join('x')}`).sort()).toEqual(
      [
        'transformer.wte.weight 17x16',
        'transformer.wpe.weight 8x16',
        'transformer.h.0.ln_1.weight 16',
        'transformer.h.0.ln_1.bias 16',
        'transformer.h.0.attn.c_attn.weight 16x48',
        'transformer.h.0.attn.c_attn.bias 48',
        'transformer.h.0.attn.c_proj.weight 16x16',
        'transformer.h.0.attn.c_proj.bias 16',
        'transformer.h.0.ln_2.weight 16',
        'transformer.h.0.ln_2.bias 16',
        'transformer.h.0.mlp.c_fc.weight 16x64',
        'transformer.h.0.mlp.c_fc.bias 64',
        'transformer.h.0.mlp.c_proj.weight 64x16',
        'transformer.h.0.mlp.c_proj.bias 16',
        'transformer.ln_f.weight 16',
        'transformer.ln_f.bias 16',
      ].sort(),
    );
    const { tensors: state } = readSafetensors((await directory.read(STATE_FILE))!);
    expect(state.has('exp_avg_sq.transformer.wte.weight')).toBe(true);
  });

  it('stops at a non-finite loss, names the operation and keeps the last good weights', async () => {
    const { config, model, corpus } = testExperiment({ ...SMALL, training: { maxIters: 6 } });
    const backend = await WebGpuBackend.create(engine, config, model, corpus);
    const weights = await backend.parameters();
    const broken = new Map([...weights].map(([name, t]) => [name, { shape: t.shape, data: t.data.slice() }]));
    broken.get('transformer.h.0.mlp.c_fc.weight')!.data[3] = NaN;
    await backend.loadParameters(broken);
    const events: RunEvent[] = [];
    const options = { control: new RunControl(), onCheckpoint: () => Promise.resolve([]) };
    for await (const event of train(config, backend, options)) events.push(event);
    const last = events.at(-1)!;
    expect(last.type).toBe('failed');
    expect(last.type === 'failed' && last.message).toMatch(/step 0: .*h\.0\.mlp gemm.*update was skipped/);
    const after = await backend.parameters();
    for (const [name, { data }] of broken) expect(after.get(name)!.data, name).toEqual(data);
    backend.destroy();
  });

  it('creates no GPU object in steady state and never grows over 2,000 steps', async () => {
    const { config, model, corpus } = testExperiment({ ...SMALL, training: { maxIters: 2100, batchSize: 1 } });
    const created: string[] = [];
    const counting = new Proxy(engine.device, {
      get(target, key) {
        const value = Reflect.get(target, key, target) as unknown;
        if (typeof value !== 'function') return value;
        if (/^create(?!CommandEncoder)/.test(String(key))) created.push(String(key));
        return (value as (...args: unknown[]) => unknown).bind(target);
      },
    });
    meterMemory(counting);
    const backend = await WebGpuBackend.create({ ...engine, device: counting }, config, model, corpus);
    await (
      await backend.step(0)
    ).result;
    const before = created.length;
    const bytes = backend.allocatedBytes;
    const collect = (globalThis as { gc?: () => void }).gc;
    if (!collect) throw new Error('run the tests with --expose-gc (vitest.config.ts)');
    collect();
    const heap: number[] = [];
    for (let step = 1; step <= 2000; step++) {
      await (
        await backend.step(step)
      ).result;
      if (step % 500 === 0) {
        const collect = (globalThis as { gc?: () => void }).gc;
        if (!collect) throw new Error('run the tests with --expose-gc (vitest.config.ts)');
        collect();
        heap.push(process.memoryUsage().heapUsed);
      }
    }
    expect(created.length).toBe(before);
    expect(backend.allocatedBytes).toBe(bytes);
    expect(backend.allocatedBytes).toBe(backend.summary.plannedBytes);
    const planned = backend.summary.memory.categories.filter(({ bytes: size }) => size > 0);
    expect(backend.liveBytes().categories).toEqual(Object.fromEntries(planned.map(({ name, bytes: size }) => [name, size]))); // prettier-ignore
    expect(heap.at(-1)! - heap[0]!).toBeLessThan(8 << 20);
    backend.destroy();
  }, 600_000);

  it('asks its observers after every evaluation, before the best weights are saved', async () => {
    const { config, model, corpus } = testExperiment({ ...SMALL, training: { maxIters: 4, evalInterval: 2 } });
    const backend = await WebGpuBackend.create(engine, config, model, corpus);
    const seen: string[] = [];
    const observe = (step: number): Promise<readonly MetricEvent[]> =>
      Promise.resolve([{ event: 'spam', step, kind: 'spike', z: 1, frac_clipped: 0 }]);
    const onCheckpoint = (step: number, kind: string): Promise<readonly RunEvent[]> => {
      seen.push(`${kind} ${step}`);
      return Promise.resolve([]);
    };
    for await (const event of train(config, backend, { control: new RunControl(), observers: [observe], onCheckpoint }))
      if (event.type === 'metric') seen.push(`${event.metric.event} ${event.metric.step}`);
    expect(seen.filter((line) => !line.startsWith('best'))).toEqual(
      'eval 0,spam 0,step 0,step 1,eval 2,spam 2,step 2,step 3,eval 4,spam 4,last 4'.split(','),
    );
    expect(seen.slice(0, 3)).toEqual(['eval 0', 'spam 0', 'best 0']);
    backend.destroy();
  });

  it('pauses, resumes and stops', async () => {
    const { config, model, corpus } = testExperiment({ ...SMALL, training: { maxIters: 50 } });
    const backend = await WebGpuBackend.create(engine, config, model, corpus);
    const control = new RunControl();
    const seen: string[] = [];
    for await (const event of train(config, backend, { control, onCheckpoint: () => Promise.resolve([]) })) {
      if (event.type !== 'metric') seen.push(`${event.type} ${event.step}`);
      if (event.type === 'metric' && event.metric.event === 'step' && event.metric.step === 3) control.pause();
      if (event.type === 'paused') setTimeout(() => control.resume(), 20);
      if (event.type === 'resumed') control.stop();
    }
    expect(seen[0]).toMatch(/^paused/);
    expect(seen[1]).toMatch(/^resumed/);
    expect(seen.at(-1)).toMatch(/^finished/);
    backend.destroy();
  });
});
