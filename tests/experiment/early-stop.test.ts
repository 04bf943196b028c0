/** Stop at best validation: on a script of held-out losses, on a run that overfits, and across a kill at every step. */
import { describe, expect, it } from 'vitest';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { earlyStop, earlyStopText } from '@/experiment/early-stop';
import type { RunIdentity } from '@/experiment/manifest/build';
import { readManifest } from '@/experiment/manifest/read';
import type { OpenRun } from '@/experiment/open-run';
import { MemoryDirectory, type RunDirectory, readText } from '@/experiment/run-directory';
import { executeRun } from '@/experiment/session/execute';
import { parseMetrics, timeless } from '@/experiment/session/metrics-log';
import { rewind } from '@/experiment/session/resume';
import { RunControl } from '@/experiment/run-control';
import { savedStep } from '@/experiment/training-state';
import { type Overrides, testExperiment } from '../support/experiment';

const TINY: Overrides = { model: { nLayer: 1, nHead: 1, nEmbd: 4, blockSize: 4 }, vocab: 5 };
const identity: RunIdentity = {
  runId: 'test', project: 'gpt2', preset: 'none', createdAt: '2026-01-01T00:00:00Z', overrides: {}, minimal: '', full: '',
  stopAt: null, parents: [], host: { version: '0', commit: 'unknown', os: 'linux', browser: 'node' },
}; // prettier-ignore

/** `losses`: what the evaluations find, by step; null: what the model has. */
function open(
  training: NonNullable<Overrides['training']>,
  losses: ((step: number) => number) | null,
  settings = TINY,
): OpenRun {
  const { config, model, corpus } = testExperiment({ ...settings, training });
  const named = { ...corpus, hash: 'c'.repeat(64), tokenizer: { toJSON: () => ({}) } } as unknown as OpenRun['corpus'];
  const backend = new ReferenceBackend(config, model, named);
  if (losses) {
    let next = 0;
    const step = backend.step.bind(backend);
    backend.step = (at) => ((next = at + 1), step(at));
    const load = backend.loadState.bind(backend);
    backend.loadState = (state) => ((next = savedStep(state)), load(state));
    backend.evaluate = () => Promise.resolve({ loss: losses(next) });
  }
  return { config, model, corpus: named, backend };
}

/** Trains to the end, or until step `until` is recorded, as a kill does. */
async function train(run: OpenRun, directory: RunDirectory, until?: number): Promise<string> {
  const saved = await rewind(directory, run.config.training.checkpointInterval);
  const events = executeRun(run, directory, { control: new RunControl(), identity, adapter: null, saved });
  for (;;) {
    const { value, done } = await events.next();
    if (done) return value;
    if (value.type === 'metric' && value.metric.event === 'step' && value.metric.step === until) return 'killed';
  }
}

const linesOf = async (directory: RunDirectory) => parseMetrics((await readText(directory, 'metrics.jsonl'))!);
const contents = async (directory: RunDirectory): Promise<Record<string, string>> => {
  const out: Record<string, string> = { metrics: (await linesOf(directory)).map(timeless).join('\n') };
  for (const file of await directory.list())
    if (/^(best\.|checkpoints\/|STATUS)/.test(file))
      out[file] = Buffer.from((await directory.read(file))!).toString('base64');
  return out;
};

/** Falls until step 12, then rises. */
const VALLEY = (step: number): number => 1 + Math.abs(step - 12) / 100;
const WINDOW = { maxIters: 60, evalInterval: 4, checkpointInterval: 6, earlyStopPatience: 3 };

describe('on a script of losses', () => {
  it('ends, complete, after the third evaluation in a row that is not lower, and says why', async () => {
    const directory = new MemoryDirectory();
    expect(await train(open(WINDOW, VALLEY), directory)).toBe('ok');
    const lines = await linesOf(directory);
    expect(lines.filter(({ event }) => event === 'eval').map(({ step }) => step)).toEqual([0, 4, 8, 12, 16, 20, 24]);
    expect(lines.at(-1)).toEqual({ event: 'early_stop', step: 24, best_step: 12, patience: 3 });
    expect(lines.filter(({ event }) => event === 'step')).toHaveLength(24);
    const { results } = readManifest((await readText(directory, 'manifest.json'))!).manifest!;
    expect(results).toMatchObject({ status: 'ok', steps: 24, best: { step: 12, loss: 1 }, reason: 'stopped at step 24: no better validation loss since step 12' }); // prettier-ignore
    expect(await directory.list()).toEqual(expect.arrayContaining(['best.safetensors', 'checkpoints/24.safetensors']));
  });

  it('counts from the last lowest loss: an equal one is not lower', async () => {
    const steps = async (loss: (step: number) => number): Promise<number> => {
      const directory = new MemoryDirectory();
      await train(open({ ...WINDOW, maxIters: 40 }, loss), directory);
      return (await linesOf(directory)).filter(({ event }) => event === 'step').length;
    };
    expect(await steps(() => 2)).toBe(12);
    expect(await steps((step) => (step === 8 ? 1.9 : 2))).toBe(20);
    expect(await steps((step) => 2 - step / 1000)).toBe(40);
    expect(await steps((step) => (step === 0 ? 2 : NaN))).toBe(12);
  });

  it('never ends early with a patience of 0, nor where there is no evaluation on the way', async () => {
    for (const training of [{ earlyStopPatience: 0 }, { evalInterval: 0 }]) {
      const directory = new MemoryDirectory();
      expect(await train(open({ ...WINDOW, ...training, maxIters: 30 }, VALLEY), directory)).toBe('ok');
      const lines = await linesOf(directory);
      expect(lines.filter(({ event }) => event === 'step')).toHaveLength(30);
      expect(lines.some(({ event }) => event === 'early_stop')).toBe(false);
    }
  });

  it('killed anywhere and taken up again, it ends at the same step with the same files', async () => {
    const alone = new MemoryDirectory();
    await train(open(WINDOW, VALLEY), alone);
    for (const kills of [[3], [6, 13], [17, 20], [23], [23, 23]]) {
      const killed = new MemoryDirectory();
      for (const step of kills) expect(await train(open(WINDOW, VALLEY), killed, step)).toBe('killed');
      expect(await train(open(WINDOW, VALLEY), killed)).toBe('ok');
      expect(await contents(killed)).toEqual(await contents(alone));
    }
  });

  it('killed between its last state and its STATUS, it says it once', async () => {
    const directory = new MemoryDirectory();
    const run = open(WINDOW, VALLEY);
    const events = executeRun(run, directory, { control: new RunControl(), identity, adapter: null, saved: null });
    for (;;) {
      const { value, done } = await events.next();
      if (done) throw new Error('the last checkpoint was not seen');
      if (value.type === 'checkpoint' && value.step === 24 && !value.best) break;
    }
    expect(await train(open(WINDOW, VALLEY), directory)).toBe('ok');
    expect((await linesOf(directory)).filter(({ event }) => event === 'early_stop')).toHaveLength(1);
  });
});

describe('on a run that overfits', () => {
  it('stops behind its lowest held-out loss and keeps its weights', async () => {
    // Nine training tokens: learnt by heart, and wrong on the held-out stream.
    const settings: Overrides = { model: { nLayer: 1, nHead: 1, nEmbd: 8, blockSize: 4 }, optimizer: { learningRate: 0.03 }, vocab: 17 }; // prettier-ignore
    const run = open({ maxIters: 400, evalInterval: 5, earlyStopPatience: 4 }, null, settings);
    const nine = Uint32Array.of(3, 16, 5, 0, 11, 2, 9, 9, 1);
    const backend = new ReferenceBackend(run.config, run.model, { ...run.corpus, train: nine });
    const directory = new MemoryDirectory();
    expect(await train({ ...run, backend }, directory)).toBe('ok');
    const lines = await linesOf(directory);
    const evals = lines.flatMap(({ event, step, loss }) => (event === 'eval' ? [{ step, loss: loss as number }] : []));
    const lowest = evals.reduce((a, b) => (b.loss < a.loss ? b : a));
    const end = lines.at(-1)!;
    expect(end).toMatchObject({ event: 'early_stop', best_step: lowest.step, step: lowest.step + 20 });
    expect(end.step).toBeLessThan(400);
    expect(lowest.step).toBeGreaterThan(0);
    expect(evals.at(-1)!.loss).toBeGreaterThan(lowest.loss);
  });
});

describe('the verdict', () => {
  const training = { ...testExperiment().config.training, evalInterval: 10, earlyStopPatience: 2 };
  it('says since when, also where no loss was a number', () => {
    expect(earlyStop(training, 20, { step: 10, loss: 1 })).toBeNull();
    const verdict = earlyStop(training, 30, { step: 10, loss: 1 })!;
    expect(earlyStopText(verdict)).toBe('stopped at step 30: no better validation loss since step 10');
    expect(earlyStop(training, 0, null)).toBeNull();
    expect(earlyStopText(earlyStop(training, 10, null)!)).toMatch(/step 10: .* since the start$/);
  });
});
