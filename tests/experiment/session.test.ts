/** Runs that stop and go on: the same lines and the same bytes as one that never stopped, on both backends. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import type { RunIdentity } from '@/experiment/manifest/build';
import { withoutPaths } from '@/experiment/manifest/build';
import { kernelRecords, workgroupSize } from '@/experiment/manifest/kernels';
import { readManifest } from '@/experiment/manifest/read';
import type { OpenRun } from '@/experiment/open-run';
import { MemoryDirectory, type RunDirectory, readText } from '@/experiment/run-directory';
import { readSafetensors } from '@/experiment/safetensors';
import { executeRun } from '@/experiment/session/execute';
import { compareMetrics, parseMetrics, timeless } from '@/experiment/session/metrics-log';
import { rewind } from '@/experiment/session/resume';
import { STATE_FILE, decodeState, encodeState } from '@/experiment/session/state-file';
import { RunControl } from '@/experiment/run-control';
import { unpackMask } from '@/pruning/select';
import { type Overrides, testEngine, testExperiment } from '../support/experiment';

const SETTINGS: Overrides = {
  model: { nLayer: 1, nHead: 2, nEmbd: 8, blockSize: 8, dropout: 0.1 },
  training: { maxIters: 13, evalInterval: 4, checkpointInterval: 5 },
  vocab: 17,
};
const identity: RunIdentity = {
  runId: 'test', project: 'gpt2', preset: 'none', createdAt: '2026-01-01T00:00:00Z', overrides: {}, minimal: '', full: '',
  stopAt: null, parents: [], host: { version: '0', commit: 'unknown', os: 'linux', browser: 'node' },
}; // prettier-ignore

let engine: EngineDevice;
beforeAll(async () => {
  engine = await testEngine();
});

type Kind = 'webgpu' | 'reference';

async function open(kind: Kind, settings: Overrides = SETTINGS): Promise<OpenRun> {
  const { config, model, corpus } = testExperiment(settings);
  const named = { ...corpus, hash: 'c'.repeat(64), tokenizer: { toJSON: () => ({}) } } as unknown as OpenRun['corpus'];
  const backend =
    kind === 'webgpu'
      ? await WebGpuBackend.create(engine, config, model, named)
      : new ReferenceBackend(config, model, named);
  return { config, model, corpus: named, backend };
}

/** Trains until step `until` is recorded, then drops everything, as a kill does; `stop`: asks it to stop instead. */
async function part(
  kind: Kind,
  directory: RunDirectory,
  until: number | null,
  { stop = false, settings = SETTINGS }: { readonly stop?: boolean; readonly settings?: Overrides } = {},
): Promise<string> {
  const run = await open(kind, settings);
  const control = new RunControl();
  const saved = await rewind(directory, run.config.training.checkpointInterval);
  const events = executeRun(run, directory, { control, identity, adapter: null, saved });
  for (;;) {
    const { value, done } = await events.next();
    if (done) {
      run.backend.destroy();
      return value;
    }
    const reached = value.type === 'metric' && value.metric.event === 'step' && value.metric.step === until;
    if (reached && !stop) return 'killed';
    if (reached) control.stop();
  }
}

async function contents(directory: RunDirectory): Promise<Record<string, unknown>> {
  const out: Record<string, unknown> = {};
  for (const file of await directory.list())
    if (/best\.|checkpoints\//.test(file)) out[file] = Buffer.from((await directory.read(file))!).toString('base64');
  const { state, progress } = decodeState((await directory.read(STATE_FILE))!);
  const metrics = parseMetrics((await readText(directory, 'metrics.jsonl'))!);
  return { ...out, state, progress, metrics: metrics.map(timeless), status: await readText(directory, 'STATUS') };
}

describe.each(['reference', 'webgpu'] as const)('%s', (kind) => {
  it('killed before a checkpoint, between two, and after the last: equal to a run that was left alone', async () => {
    const alone = new MemoryDirectory();
    expect(await part(kind, alone, null)).toBe('ok');
    const expected = await contents(alone);
    expect(Object.keys(expected)).toEqual(
      expect.arrayContaining(['best.safetensors', 'checkpoints/5.safetensors', 'checkpoints/13.safetensors']),
    );
    const killed = new MemoryDirectory();
    for (const step of [3, 7, 12]) expect(await part(kind, killed, step)).toBe('killed');
    await killed.append('metrics.jsonl', '{"event":"step","st'); // what a kill in the middle of an append leaves
    expect(await part(kind, killed, null)).toBe('ok');
    expect(await contents(killed)).toEqual(expected);
    const { manifest } = readManifest((await readText(killed, 'manifest.json'))!);
    expect(manifest?.results?.status).toBe('ok');
    expect(manifest?.results?.metricsSha256).toBe(
      readManifest((await readText(alone, 'manifest.json'))!).manifest?.results?.metricsSha256,
    );
  });

  it('stopped on purpose, also at a step that evaluates: equal as well', async () => {
    const alone = new MemoryDirectory();
    await part(kind, alone, null);
    const stopped = new MemoryDirectory();
    expect(await part(kind, stopped, 3, { stop: true })).toBe('stopped');
    expect(await part(kind, stopped, 9, { stop: true })).toBe('stopped');
    expect(await part(kind, stopped, null)).toBe('ok');
    expect(await contents(stopped)).toEqual(await contents(alone));
  });

  it('pruned, killed in mid-ramp: the checkpoint has exact zeros, moments and masks by name, and goes on from them', async () => {
    const settings: Overrides = { ...SETTINGS, pruning: { start: 2, end: 12, every: 2, ramp: 'linear' } };
    const [alone, killed] = [new MemoryDirectory(), new MemoryDirectory()];
    expect(await part(kind, alone, null, { settings })).toBe('ok');
    expect(await part(kind, killed, 7, { settings })).toBe('killed');
    const { tensors } = readSafetensors((await killed.read('optimizer.safetensors'))!);
    const weights = readSafetensors((await killed.read('checkpoints/5.safetensors'))!).tensors;
    const masked = [...tensors.keys()].filter((key) => key.startsWith('mask.')).map((key) => key.slice('mask.'.length));
    expect(masked).toEqual([...weights.keys()].filter((name) => /\.h\.\d+\.(attn|mlp)\..*weight$/.test(name)));
    let pruned = 0;
    for (const name of masked) {
      const { data } = weights.get(name)!;
      const keep = unpackMask(tensors.get(`mask.${name}`)!.data as Uint32Array, data.length);
      for (const slot of ['exp_avg', 'exp_avg_sq'])
        expect(tensors.get(`${slot}.${name}`)!.data).toHaveLength(data.length);
      for (let i = 0; i < data.length; i++) {
        if (keep[i]) continue;
        pruned++;
        for (const t of [data, tensors.get(`exp_avg.${name}`)!.data, tensors.get(`exp_avg_sq.${name}`)!.data])
          expect(t[i]).toBe(0);
      }
    }
    const prunable = masked.reduce((n, name) => n + weights.get(name)!.data.length, 0);
    expect(pruned).toBe(Math.round(0.1 * prunable)); // one event, at step 4 of the ramp from 2 to 12
    expect(await part(kind, killed, null, { settings })).toBe('ok');
    expect(await contents(killed)).toEqual(await contents(alone));
  });
});

describe('the state file', () => {
  it('keeps every bit of f64 and of the progress', () => {
    const saved = {
      step: 5,
      progress: { best: { step: 4, loss: 0.1 + 0.2 }, evaluated: 4 },
      metricsBytes: 1234,
      elapsedMs: 5.5,
      state: new Map([['w', { dtype: 'F64' as const, shape: [2], data: Float64Array.of(Math.PI, -0) }]]),
    };
    expect(decodeState(encodeState(saved))).toEqual(saved);
    expect(decodeState(encodeState({ ...saved, progress: { best: null, evaluated: null } })).progress.best).toBeNull();
  });

  it('refuses a directory whose metrics are shorter than its checkpoint says', async () => {
    const directory = new MemoryDirectory();
    const progress = { best: null, evaluated: null };
    await directory.write(
      'optimizer.safetensors',
      encodeState({ step: 5, progress, metricsBytes: 10, elapsedMs: 0, state: new Map() }),
    );
    await expect(rewind(directory, 5)).rejects.toThrow(/metrics\.jsonl is shorter/);
    await directory.write('optimizer.safetensors', new Uint8Array(3));
    await expect(rewind(directory, 5)).rejects.toThrow(/optimizer\.safetensors: /);
  });
});

describe('comparing metrics', () => {
  const line = (step: number, loss: number, ms = 1) => ({ event: 'step', step, loss, time: { ms } });

  it('looks past the time, finds the first line and the largest relative difference', () => {
    const a = [line(0, 2), line(1, 4)];
    expect(compareMetrics(a, [line(0, 2, 9), line(1, 4, 9)])).toBeNull();
    expect(compareMetrics(a, [line(0, 2), line(1, 5)])).toMatchObject({ line: 2, relative: 0.2 });
    expect(compareMetrics(a, [line(0, 2)])).toMatchObject({ line: 2, got: null, relative: Infinity });
    expect(compareMetrics(a, [line(0, 2), { event: 'eval', step: 1, loss: 4 }])?.relative).toBe(Infinity);
  });
});

describe('what the manifest says', () => {
  it('names the kernels by family, variant and workgroup', async () => {
    expect(workgroupSize('@compute @workgroup_size(8, 4)\nfn main() {}')).toEqual([8, 4, 1]);
    const { backend } = await open('webgpu');
    const records = kernelRecords(backend.summary.programs);
    expect(new Set(records.map((r) => r.name))).toEqual(new Set(Object.keys(backend.summary.variants)));
    expect(records.every(({ workgroup: [x, y, z] }) => x * y * z > 1)).toBe(true);
    backend.destroy();
  });

  it('leaves folders out of DATASET_CUSTOM_PATH, and nothing else', () => {
    const config = 'CONFIG_DATASET_CUSTOM_PATH="/home/me/a b.txt"\nCONFIG_LEARNING_RATE="1e-3"\n';
    expect(withoutPaths(config)).toBe('CONFIG_DATASET_CUSTOM_PATH="a b.txt"\nCONFIG_LEARNING_RATE="1e-3"\n');
  });
});
