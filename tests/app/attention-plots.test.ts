/** Plots of attention over training: a line a layer from the run's own events, the null beside them. */
import { expect, it } from 'vitest';
import { attentionPlots } from '@/app/lab/attention/plots';
import { applyEvents, createRunStore } from '@/app/stores/run';

const options = { log: false, emaWindow: 1 };
const plot = (id: string) => attentionPlots.find((p) => p.id === id)!;

it('shows what a run reports and nothing else, layers in order beyond ten', () => {
  const store = createRunStore();
  for (const p of attentionPlots) expect(p.when!(store.getState())).toBe(false);
  const layers = Array.from({ length: 12 }, (_, i) => i);
  for (const step of [0, 10])
    applyEvents(store, [
      {
        type: 'metric',
        metric: {
          event: 'fisher', step, sequences: 2, uniform: 0.9, trace: layers.map((l) => 0.5 + l / 100 + step / 1000),
          heads: layers.map((l) => [0.4 + l / 100, 0.6 + l / 100]),
        },
      },
      { type: 'metric', metric: { event: 'attention', step, beta: layers.map((l) => (l === 6 ? step / 100 : null)) } },
    ]); // prettier-ignore
  const state = store.getState();
  expect(attentionPlots.filter((p) => p.when!(state)).map((p) => p.id)).toEqual(['fisher', 'reciprocal-beta']);

  const fisher = plot('fisher').builder()(state, options);
  const strong = fisher.series.filter((s) => !s.faint);
  expect(strong.map((s) => s.label)).toEqual(layers.map((l) => `layer ${l}`));
  strong.forEach((s, l) => expect([...s.points.ys.slice(0, 2)]).toEqual([0.5 + l / 100, 0.5 + l / 100 + 0.01]));
  expect(fisher.series.filter((s) => s.faint).length).toBe(24);
  expect(new Set(strong.map((s) => `${s.colour} ${s.dash?.join()}`)).size).toBe(12);
  expect(fisher.references).toEqual([{ id: 'level', label: 'uniform attention', value: 0.9 }]);

  const beta = plot('reciprocal-beta').builder()(state, options);
  expect(beta.series.map((s) => [s.label, ...s.points.ys.slice(0, s.points.length)])).toEqual([['layer 6', 0, 0.1]]);
});
