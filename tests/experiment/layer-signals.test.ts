/** Layer policies whose signal was measured on another run. */
import { describe, expect, it } from 'vitest';
import { signalText, wantedSignals } from '@/experiment/layer-signals';

const values = (more: Record<string, string> = {}) =>
  new Map(Object.entries({ RA_TRACE_RUN: 'runs/a', RA_SIGNAL_GRADIENT: 'y', RA_TRACES: '', ...more }));
const wanted = wantedSignals(values())[0]!;
const file = JSON.stringify({ signals: { f1: [0.5, 0.25], f3: [1e-9, 2e-7], f4: null } });

describe('signals of another run', () => {
  it('are read for the chosen signal, unless the numbers are there already or no run is named', () => {
    expect(wanted).toMatchObject({ symbol: 'RA_TRACES', run: 'runs/a', signal: 'f3' });
    expect(signalText(wanted, file)).toBe('1e-9 2e-7');
    expect(wantedSignals(values({ RA_TRACES: '1 2' }))).toEqual([]);
    expect(wantedSignals(values({ RA_TRACE_RUN: ' ' }))).toEqual([]);
  });

  it('are refused in one line where there is nothing to read', () => {
    const refusal = (text: string | null, of = wanted) => expect(() => signalText(of, text));
    refusal(null).toThrow('RA_TRACE_RUN=runs/a: holds no fisher.json; measure its checkpoint with "wb fisher --run runs/a"'); // prettier-ignore
    refusal('{').toThrow('fisher.json is no JSON');
    refusal('null').toThrow('has no list of numbers signals.f3');
    refusal(file, { ...wanted, signal: 'f4' }).toThrow('has no f4: its checkpoint holds no second moments');
  });
});
