/** Own measurements: what is read, what is refused and where, what storage keeps, what a run leaves. */
import { describe, expect, it } from 'vitest';
import { RunData } from '@/app/stores/data';
import { keepMeasurement, recordsOf } from '@/app/stores/own';
import { initialRun, type RunStore } from '@/app/stores/run';
import { readRecord, readRecords, type OwnRecord } from '@/explainers/own/record';
import { keepRecord, readStored } from '@/explainers/own/storage';
import type { MeasurementKind } from '@/worker/decode-protocol';
import { fakeMeasure } from '../app/fake-measure';

const header = { adapter: 'SwiftShader', software: true, subject: 'random', preset: 'gpt2-char-s' };
const pruned = (iterations: number): OwnRecord => ({
  ...header,
  kind: 'pruning',
  iterations,
  sparsity: 0.5,
  perplexity: 9,
  overlap: [[10, 0.8]],
});

function memory(full = false): Storage {
  const map = new Map<string, string>();
  const setItem = (key: string, value: string): void => {
    if (full) throw new Error('the quota has been exceeded');
    map.set(key, value);
  };
  return { getItem: (key: string) => map.get(key) ?? null, setItem } as Storage;
}

describe('a record', () => {
  const kinds = ['roofline', 'saturation', 'context', 'fusion', 'asymmetry'] as const;
  it.each(kinds)('is what the Decode page saves of %s', async (kind: MeasurementKind) => {
    const result = await fakeMeasure('').measure({ what: { kind } } as never, () => undefined);
    const record = readRecord(JSON.parse(JSON.stringify(result)));
    expect(record).toMatchObject({ kind, adapter: 'SwiftShader driver-5.0.0', software: true });
    expect(result).toMatchObject(JSON.parse(JSON.stringify(record)) as object);
    // Kernel sources are large and no widget draws them.
    expect(JSON.stringify(record)).not.toContain('@compute');
  });
  it.each([
    ['{', 'JSON'],
    ['{"kind":"speed"}', 'record.kind: give one of roofline, saturation'],
    [JSON.stringify([pruned(1), { ...pruned(2), adapter: 7 }]), 'record 2.adapter: a text is missing'],
    [JSON.stringify({ ...header, kind: 'context', points: [] }), 'record.points: a list of points is missing'],
    [JSON.stringify({ ...pruned(1), overlap: [[1]] }), 'record.overlap[0][1]: a number is missing'],
    [JSON.stringify({ ...pruned(1), sparsity: null }), 'record.sparsity: a number is missing'],
  ])('%s is refused with its place', (json, why) => {
    expect(() => readRecords(json)).toThrow(why);
  }); // prettier-ignore
});

describe('storage', () => {
  it('keeps the last measurement of a kind, and twelve pruned runs', () => {
    const store = memory();
    for (let i = 1; i <= 14; i++) expect(keepRecord(pruned(i), store)).toBeNull();
    const stored = readStored('pruning', store);
    expect(stored.ok && stored.records.map((r) => r.kind === 'pruning' && r.iterations)).toEqual(
      Array.from({ length: 12 }, (_, i) => 14 - i),
    );
    const point = { batch: 1, context: 64, medianMs: 2, tokensPerSecond: 500 };
    for (const batch of [1, 2]) keepRecord({ ...header, kind: 'context', points: [{ ...point, batch }] }, store);
    expect(readStored('context', store)).toMatchObject({ records: [{ points: [{ batch: 2 }] }] });
    expect(readStored('fusion', store)).toEqual({ ok: true, records: [] });
  });
  it('says that what it holds is broken, and gives way to a new measurement', () => {
    const store = memory();
    store.setItem('knlp-own-1/pruning', '[{"kind":"pruning"}]');
    expect(readStored('pruning', store)).toMatchObject({ ok: false, message: expect.stringContaining('adapter') });
    keepRecord(pruned(3), store);
    expect(readStored('pruning', store)).toMatchObject({ ok: true, records: [{ iterations: 3 }] });
  });
  it('says why nothing was kept', () => {
    expect(keepRecord(pruned(1), memory(true))).toBe('not kept: the quota has been exceeded');
    expect(keepRecord(pruned(1), null)).toBe('this browser keeps no data of this site');
  });
  it('a measurement that no explainer draws is not kept', async () => {
    const result = await fakeMeasure('').measure({ what: { kind: 'store' } } as never, () => undefined);
    expect(keepMeasurement(result)).toBeNull();
  });
});

describe('a run that has ended', () => {
  const ended = (data: RunData): RunStore => ({
    ...initialRun(),
    data,
    adapter: { kind: 'webgpu', vendor: 'google', architecture: 'swiftshader', description: '', software: true } as never,
    started: { preset: 'gpt2-char-s' } as never,
    latest: { step: 99 } as never,
    latestVal: { perplexity: 8.5 } as never,
  }); // prettier-ignore
  it('leaves its pruning and its Fisher trace, thinned with the last point kept', () => {
    const data = new RunData();
    for (let step = 0; step < 500; step++) {
      const metric = { event: 'prune', step, actual: step / 1000, jaccard_magnitude: 1 - step / 1000 };
      data.method(metric as never);
    }
    for (const step of [80, 90]) data.method({ event: 'fisher', step, uniform: 3, trace: [step / 100, 2] } as never);
    const records = recordsOf(ended(data), new Date(0));
    expect(records.map((r) => r.kind)).toEqual(['pruning', 'fisher']);
    expect(records[0]).toMatchObject({ iterations: 100, sparsity: 0.499, perplexity: 8.5, adapter: 'google swiftshader' });
    const { overlap } = records[0] as Extract<OwnRecord, { kind: 'pruning' }>;
    expect(overlap.length).toBeLessThanOrEqual(200);
    expect(overlap.at(-1)).toEqual([499, 0.501]);
    expect(records[1]).toMatchObject({ trace: [0.9, 2], uniform: 3 });
    for (const record of records) expect(readRecord(JSON.parse(JSON.stringify(record)))).toEqual(record);
  }); // prettier-ignore
  it('leaves nothing without either', () => expect(recordsOf(ended(new RunData()))).toEqual([]));
});
