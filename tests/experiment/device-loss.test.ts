/** A run whose device is lost again and again: the same lines and the same bytes as one that kept its device. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import { DeviceError, openDevice } from '@/engine/device';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import type { RunEvent } from '@/experiment/events';
import type { RunIdentity } from '@/experiment/manifest/build';
import { readManifest } from '@/experiment/manifest/read';
import { MemoryDirectory, type RunDirectory, readText } from '@/experiment/run-directory';
import { parseMetrics, timeless } from '@/experiment/session/metrics-log';
import { type Opened, executeResilient } from '@/experiment/session/resilient';
import { RunControl } from '@/experiment/run-control';
import { type Overrides, testExperiment } from '../support/experiment';
import { testGpu } from '../support/gpu';

const SETTINGS: Overrides = {
  model: { nLayer: 1, nHead: 2, nEmbd: 8, blockSize: 8, dropout: 0.1 },
  training: { maxIters: 14, evalInterval: 4, checkpointInterval: 3 },
  vocab: 17,
};
const identity: RunIdentity = {
  runId: 'test', project: 'gpt2', preset: 'none', createdAt: '2026-01-01T00:00:00Z', overrides: {}, minimal: '', full: '',
  stopAt: null, parents: [], host: { version: '0', commit: 'unknown', os: 'linux', browser: 'node' },
}; // prettier-ignore

const freshEngine = async (): Promise<EngineDevice> => openDevice(await testGpu());

async function openOn(engine: EngineDevice): Promise<Opened> {
  const { config, model, corpus } = testExperiment(SETTINGS);
  const named = { ...corpus, hash: 'c'.repeat(64), tokenizer: { toJSON: () => ({}) } } as unknown as typeof corpus;
  const backend = await WebGpuBackend.create(engine, config, model, named);
  return { engine, open: { config, model, corpus: named as Opened['open']['corpus'], backend } };
}

/** Trains; `lose` is asked after every event whether the device goes now. */
async function trained(
  directory: RunDirectory,
  lose: (event: RunEvent, losses: number) => boolean,
): Promise<{ status: string; events: RunEvent[]; losses: number }> {
  let current = await openOn(await freshEngine());
  const reopen = async (): Promise<Opened> => (current = await openOn(await freshEngine()));
  const run = executeResilient(current, directory, { control: new RunControl(), identity, reopen });
  const events: RunEvent[] = [];
  let losses = 0;
  for (;;) {
    const { value, done } = await run.next();
    if (done) {
      current.open.backend.destroy();
      current.engine?.device.destroy();
      return { status: value, events, losses };
    }
    events.push(value);
    if (!lose(value, losses)) continue;
    losses++;
    current.engine?.device.destroy();
  }
}

async function contents(directory: RunDirectory): Promise<Record<string, unknown>> {
  const out: Record<string, unknown> = {};
  for (const file of await directory.list())
    if (/best\.|checkpoints\/|STATUS/.test(file))
      out[file] = Buffer.from((await directory.read(file))!).toString('base64');
  return { ...out, metrics: parseMetrics((await readText(directory, 'metrics.jsonl'))!).map(timeless) };
}

describe('device loss', () => {
  let expected: Record<string, unknown>;
  beforeAll(async () => {
    const alone = new MemoryDirectory();
    expect((await trained(alone, () => false)).status).toBe('ok');
    expected = await contents(alone);
  });

  it('lost at a step, at an evaluation and at a checkpoint: nothing differs, and each loss is reported', async () => {
    const directory = new MemoryDirectory();
    const isNext = [
      (e: RunEvent) => e.type === 'metric' && e.metric.event === 'step' && e.metric.step === 1,
      (e: RunEvent) => e.type === 'metric' && e.metric.event === 'eval' && e.metric.step === 8,
      (e: RunEvent) => e.type === 'checkpoint' && !e.best && e.step === 12,
    ];
    const { status, events, losses } = await trained(directory, (event, n) => isNext[n]?.(event) ?? false);
    expect(losses).toBe(3);
    expect(status).toBe('ok');
    expect(await contents(directory)).toEqual(expected);
    const steps = (type: string): unknown[] => events.flatMap((e) => (e.type === type && 'step' in e ? [e.step] : []));
    // A loss while results are in flight may be noticed some steps later, never earlier.
    expect(steps('device-lost')).toHaveLength(3);
    expect(steps('restored')).toEqual([0, 6, 12]);
    const { manifest } = readManifest((await readText(directory, 'manifest.json'))!);
    expect(manifest!.results!.status).toBe('ok');
    expect(manifest!.resumedAt).toEqual([6, 12]);
    expect((await readText(directory, 'log.txt'))!.match(/device lost after step/g)).toHaveLength(3);
  });

  it('gives up, in words and resumable, when each device is lost before its first step', async () => {
    const directory = new MemoryDirectory();
    const dead = await openOn(await freshEngine());
    dead.engine?.device.destroy();
    const reopen = (): Promise<Opened> => Promise.resolve(dead);
    const run = executeResilient(dead, directory, { control: new RunControl(), identity, reopen });
    const all = (async () => {
      while (!(await run.next()).done);
    })();
    await expect(all).rejects.toThrow(DeviceError);
    await expect(all).rejects.toThrow(/lost 5 times without a new step/);
    expect(await readText(directory, 'STATUS')).toBe('running\n');
  });

  it('leaves an error that is no loss as it is', async () => {
    const directory = new MemoryDirectory();
    const opened = await openOn(await freshEngine());
    const step = opened.open.backend.step.bind(opened.open.backend);
    opened.open.backend.step = (n) => (n === 2 ? Promise.reject(new Error('no such kernel')) : step(n));
    const run = executeResilient(opened, directory, {
      control: new RunControl(),
      identity,
      reopen: () => Promise.reject(new Error('not asked for')),
    });
    const all = (async () => {
      while (!(await run.next()).done);
    })();
    await expect(all).rejects.toThrow('no such kernel');
    expect(await readText(directory, 'STATUS')).toBe('failed\n');
  });
});
