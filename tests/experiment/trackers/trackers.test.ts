/** Mirrors for other programs: read back by an independent reader, and rebuilt from metrics.jsonl after a kill. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MetricEvent } from '@/experiment/events';
import { MemoryDirectory, readText } from '@/experiment/run-directory';
import type { MetricLine } from '@/experiment/session/metrics-log';
import { scalarsOf } from '@/experiment/trackers/scalars';
import { TRACKERS, openSinks, parseTrackers } from '@/experiment/trackers/sinks';
import { maskedCrc, tfRecord } from '@/experiment/trackers/tensorboard';

const BEGAN = Date.UTC(2026, 0, 1);
const context = { runId: 'run', project: 'p', beganMs: BEGAN, symbols: { SEED: '7' } };
const step = (n: number): MetricEvent => ({
  event: 'step', step: n, loss: 2 / (n + 1), lr: 1e-3, grad_norm: 0.5, tokens: 64 * (n + 1),
  time: { elapsed_ms: 100 * (n + 1), step_ms: 100, tokens_per_second: 640 },
}); // prettier-ignore
const evaluation: MetricEvent = {
  event: 'eval', step: 300, split: 'val', loss: 1.5, perplexity: Math.exp(1.5), metric: { name: 'accuracy', value: 0.25 }, time: { elapsed_ms: 999 },
}; // prettier-ignore
const metrics = [step(0), step(1), evaluation];
const EVENTS = `trackers/tensorboard/events.out.tfevents.${BEGAN / 1000}.wb`;

async function written(before: number): Promise<MemoryDirectory> {
  const directory = new MemoryDirectory();
  const lines = metrics.slice(0, before) as unknown as MetricLine[];
  for (const sink of await openSinks(TRACKERS, directory, context, lines)) {
    for (const metric of metrics.slice(before)) {
      sink.record(metric);
      await sink.flush();
    }
    await sink.close();
  }
  return directory;
}

describe('TRACKER=', () => {
  it('takes both, none and lists in any case, and refuses what it does not know', () => {
    expect(parseTrackers('both')).toEqual(['trackio', 'wandb']);
    expect(parseTrackers('none')).toEqual([]);
    expect(parseTrackers('WandB, tensorboard,wandb')).toEqual(expect.arrayContaining(['wandb', 'tensorboard']));
    expect(() => parseTrackers('mlflow')).toThrow(/"mlflow" is none of trackio, wandb, tensorboard/);
  });
});

describe('scalars', () => {
  it("have the source project's names; what is not a number or not finite is left out", () => {
    expect(scalarsOf(metrics[0] as unknown as MetricLine)).toEqual({
      step: 0,
      elapsedMs: 100,
      values: {
        train_loss: 2,
        train_perplexity: Math.exp(2),
        learning_rate: 1e-3,
        grad_norm: 0.5,
        tokens: 64,
        tokens_per_second: 640,
      },
    });
    expect(scalarsOf(evaluation as unknown as MetricLine).values).toEqual({
      val_loss: 1.5,
      val_perplexity: Math.exp(1.5),
      val_accuracy: 0.25,
    });
    expect(scalarsOf({ event: 'prune', step: 3, sparsity: 0.5, worst: NaN }).values).toEqual({ 'prune/sparsity': 0.5 });
  });
});

describe('TensorBoard', () => {
  it('frames records as TFRecord does: known CRCs', () => {
    // CRC-32C of eight zero bytes is 0x8c28b28a; rotated right by 15 and added to 0xa282ead8
    const crc = 0x8c28b28a;
    const expected = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
    expect(maskedCrc(new Uint8Array(8))).toBe(expected);
    expect(tfRecord(new Uint8Array()).length).toBe(16);
  });

  it('an independent reader finds every scalar', async () => {
    const directory = await written(0);
    const folder = mkdtempSync(join(tmpdir(), 'wb-events-'));
    writeFileSync(join(folder, 'events'), (await directory.read(EVENTS))!);
    const script = new URL('./read_events.py', import.meta.url).pathname;
    const { stdout, stderr } = spawnSync('python3', [script, join(folder, 'events')], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(stderr).toBe('');
    const events = JSON.parse(stdout) as {
      step?: number;
      version?: string;
      wall_time: number;
      scalars: Record<string, number>;
    }[];
    expect(events[0]).toMatchObject({ version: 'brain.Event:2', wall_time: BEGAN / 1000 });
    expect(events.slice(1).map((e) => e.step)).toEqual([0, 1, 300]);
    expect(events[2]!.scalars['train_loss']).toBe(1);
    expect(events[3]!.wall_time).toBe(BEGAN / 1000 + 0.999);
    for (const [i, metric] of metrics.entries())
      for (const [tag, value] of Object.entries(scalarsOf(metric as unknown as MetricLine).values))
        expect(events[i + 1]!.scalars[tag]).toBe(Math.fround(value));
  });
});

describe('Trackio and W&B', () => {
  it('one CSV row a step with step and timestamp first; history, summary and config as W&B names them', async () => {
    const directory = await written(0);
    const [head, first, , last] = (await readText(directory, 'trackers/trackio/run.csv'))!.split('\n');
    expect(head!.startsWith('step,timestamp,grad_norm,learning_rate,tokens,')).toBe(true);
    expect(first!.startsWith('0,2026-01-01T00:00:00.100Z,0.5,0.001,64,')).toBe(true);
    expect(last!.split(',').length).toBe(head!.split(',').length);
    const history = (await readText(directory, 'trackers/wandb/wandb-history.jsonl'))!.trim().split('\n');
    expect(JSON.parse(history[2]!)).toMatchObject({ _step: 300, _runtime: 0.999, val_loss: 1.5 });
    expect(JSON.parse((await readText(directory, 'trackers/wandb/wandb-summary.json'))!)).toMatchObject({
      train_loss: 1,
      val_loss: 1.5,
      _step: 300,
    });
    expect(JSON.parse((await readText(directory, 'trackers/wandb/config.json'))!)).toEqual({ SEED: { value: '7' } });
  });
});

describe('after a kill', () => {
  it.each([1, 2, 3])('%i lines from metrics.jsonl and the rest live give the same files', async (before) => {
    const [a, b] = [await written(0), await written(before)];
    expect(await b.list()).toEqual(await a.list());
    for (const path of await a.list()) expect(await b.read(path), path).toEqual(await a.read(path));
  });
});
