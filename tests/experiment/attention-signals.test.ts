/** Signals of attention during training: nulls, closed forms, both backends. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { type AttentionSignalsRequest, attentionSignals } from '@/experiment/attention-signals';
import { fisherReport } from '@/experiment/fisher-trace';
import { uniformTrace } from '@/fisher/trace';
import { type AttentionConfig, BASELINE_ATTENTION, type ReciprocalForm } from '@/models/attention/config';
import { testEngine, testExperiment } from '../support/experiment';

const SEQ = 13;

/** Two layers of three heads, the reciprocal branch on the last; `edit` may change a weight. */
async function request(
  attention: Partial<AttentionConfig>,
  edit: (name: string, x: number) => number = (_, x) => x,
): Promise<AttentionSignalsRequest> {
  const { config, model, corpus } = testExperiment({
    model: { nLayer: 2, nHead: 3, nEmbd: 24, blockSize: SEQ, dropout: 0.1, attention: { ...BASELINE_ATTENTION, ...attention } },
  }); // prettier-ignore
  const initial = await new ReferenceBackend(config, model, corpus).parameters();
  const weights = new Map([...initial].map(([name, { shape, data }]) => [name, { shape, data: data.map((x) => edit(name, x)) }])); // prettier-ignore
  return { engine: null, model, corpus, weights, seed: 7, step: 0, sequences: 3, rows: 4, fisher: true, mixing: true };
}

const ra = (form: ReciprocalForm): Partial<AttentionConfig> => ({
  ra: { form, layers: { kind: 'last', count: 1 }, heads: 2 },
});
const louder = (name: string, x: number): number => (/c_attn.weight|wte|wpe|gate.weight/.test(name) ? 12 * x : x);

let engine: EngineDevice;
beforeAll(async () => {
  engine = await testEngine();
});

describe('fisher', () => {
  it('is that of the report on the same sequences, and the null where queries are zero', async () => {
    const r = await request({}, louder);
    const { fisher, attention } = await attentionSignals(r);
    const { layers } = await fisherReport({ ...r, moments: null, spectrum: false });
    expect(attention).toBeNull();
    expect(fisher!.uniform).toBeCloseTo(uniformTrace(SEQ).trace, 7);
    layers.forEach(({ trace, heads }, layer) => {
      expect(fisher!.trace[layer]).toBeCloseTo(trace, 7);
      heads.forEach((h, i) => expect(fisher!.heads[layer]![i]).toBeCloseTo(h.trace, 7));
      expect(trace).toBeLessThan(uniformTrace(SEQ).trace - 1e-3);
    });
    const flat = await attentionSignals(await request({}, (name, x) => (name.includes('c_attn') ? 0 : x)));
    for (const trace of flat.fisher!.heads.flat()) expect(trace).toBe(flat.fisher!.uniform);
  });
});

describe('gates', () => {
  it('closed forms: one half of ln 2 nats where the gate knows nothing; sigmoid(b) elsewhere', async () => {
    const bias = (b: number) => (name: string, x: number) =>
      name.endsWith('gate.weight') ? 0 : name.endsWith('h.1.attn.gate.bias') ? b : x;
    const { attention } = await attentionSignals(await request({ gate: true }, bias(-2)));
    const g = 1 / (1 + Math.exp(2));
    expect(attention!.gate_mean![0]).toBe(0.5);
    expect(attention!.gate_entropy![0]).toBeCloseTo(Math.LN2, 7);
    expect(attention!.gate_mean![1]).toBeCloseTo(g, 7);
    expect(attention!.gate_entropy![1]).toBeCloseTo(-g * Math.log(g) - (1 - g) * Math.log(1 - g), 7);
    expect(attention!.beta).toBeUndefined();
  });
});

describe('reciprocal branch', () => {
  const open = (name: string, x: number): number => (name.endsWith('ra_logit') ? 0.5 : louder(name, x));
  it.each([
    ['learned', Math.tanh(0.5)],
    ['delta', Math.tanh(0.5)],
    ['fixed', 0.0625],
    ['leak', 1 / (1 + Math.exp(-0.5))],
    ['fold', 0.5],
    ['lens', Math.exp(0.6) / (Math.exp(2.2) + Math.exp(0.6) + Math.exp(0.1))],
  ] as const)('%s: its weight is that of the parameters, and no layer without a branch has one', async (form, beta) => {
    const { attention } = await attentionSignals(await request(ra(form), open));
    expect(attention!.beta![0]).toBeNull();
    expect(attention!.beta![1]).toBeCloseTo(beta, 6);
    expect(attention!.mixing !== undefined).toBe(form === 'learned' || form === 'delta' || form === 'fixed');
  });

  it('mixing is 0 at a = 0 and proportional to beta', async () => {
    const at = async (a: number) => {
      const edit = (name: string, x: number): number => (name.endsWith('ra_logit') ? a : louder(name, x));
      return (await attentionSignals(await request(ra('learned'), edit))).attention!.mixing![1]!;
    };
    expect(await at(0)).toBe(0);
    const [half, one] = [await at(0.5), await at(1)];
    expect(half / one).toBeCloseTo(Math.tanh(0.5) / Math.tanh(1), 6);
    expect(half).toBeGreaterThan(0.1);
  });
});

it.each([
  ['gate and learned', { gate: true, ...ra('learned') }],
  ['delta', ra('delta')],
  ['fixed', ra('fixed')],
] as const)('the engine agrees with the reference: %s', async (_name, attention) => {
  const r = await request(attention, (name, x) => (name.endsWith('ra_logit') ? 0.5 : louder(name, x)));
  const expected = await attentionSignals(r);
  const found = await attentionSignals({ ...r, engine });
  const flat = (x: unknown): number[] => (typeof x === 'number' ? [x] : typeof x === 'object' && x !== null ? Object.values(x).flatMap(flat) : []); // prettier-ignore
  const numbers = flat(found);
  expect(numbers.length).toBe(flat(expected).length);
  flat(expected).forEach((x, i) => expect(Math.abs(numbers[i]! - x)).toBeLessThan(1e-5));
  expect(await attentionSignals({ ...r, engine })).toEqual(found);
});
