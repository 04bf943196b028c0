/** Where the weights lie, and why the ranking does not change what one dense forward costs. */
import { useState, type ReactNode } from 'react';
import { memoryTiers, tieringTraces } from '../data/reported';
import { Plot } from '../plot/Plot';
import { choice, number, type Values } from '../widget/attributes';
import { Select, Slider, Stats } from '../widget/controls';
import { defineWidget } from '../widget/define';
import { CUTS, place, rank, RANKINGS, serialMs, simulatorMs, type Cut, type Module, type Ranking } from './model';

const attributes = {
  ranking: choice(RANKINGS, 'importance'),
  cut: choice(CUTS, 'bytes'),
  sizes: choice(['equal', 'GPT-2'], 'equal'),
  fast: number(10, 50, 30),
  upto: number(50, 95, 80),
};
const TIERS = memoryTiers.rows;
const C = 768;
/** Weights of one module of GPT-2 124M in f16; `equal` is their mean. */
const ATTENTION = 2 * (4 * C * C + 4 * C);
const MLP = 2 * (8 * C * C + 5 * C);
const ROWS = tieringTraces.rows;
const modulesOf = (sizes: string): readonly Module[] =>
  ROWS.map(({ kind, fim_trace_1: importance }) => {
    const bytes = sizes === 'equal' ? (ATTENTION + MLP) / 2 : kind === 'mlp' ? MLP : ATTENTION;
    return { bytes, importance };
  });
const WORDS: Readonly<Record<Ranking, string>> = {
  importance: 'most important first',
  reverse: 'least important first',
  random: 'random',
  depth: 'first layers first',
};

function Tiering({ initial }: { readonly initial: Values<typeof attributes> }): ReactNode {
  const [s, set] = useState(initial);
  const cut = s.cut as Cut;
  const modules = modulesOf(s.sizes);
  const upTo = [s.fast / 100, s.upto / 100];
  const placed = (ranking: Ranking): number[] => place(modules, rank(modules, ranking), upTo, cut);
  const chosen = placed(s.ranking as Ranking);
  const times = RANKINGS.map((r) => serialMs(modules, placed(r), TIERS));
  const mb = (tier: number): string =>
    (modules.reduce((sum, m, i) => sum + (chosen[i] === tier ? m.bytes : 0), 0) / 1e6).toFixed(1);
  const all = serialMs(modules, modules.map(() => 0), TIERS); // prettier-ignore
  return (
    <>
      <div className="controls">
        <Select
          label="Order of placement"
          value={s.ranking}
          options={RANKINGS}
          show={(r) => WORDS[r as Ranking]}
          onChange={(ranking) => set({ ...s, ranking })}
        />
        <Select
          label="Shares are counted in"
          value={s.cut}
          options={CUTS}
          onChange={(value) => set({ ...s, cut: value })}
        />
        <Select
          label="Module sizes"
          value={s.sizes}
          options={attributes.sizes.values}
          show={(v) => (v === 'equal' ? 'equal' : 'attention and MLP of GPT-2 124M')}
          onChange={(sizes) => set({ ...s, sizes })}
        />
        <Slider
          label="HBM"
          unit="%"
          min={10}
          max={50}
          step={5}
          value={s.fast}
          onChange={(fast) => set({ ...s, fast })}
        />
        <Slider
          label="HBM and CPU"
          unit="%"
          min={50}
          max={95}
          step={5}
          value={s.upto}
          onChange={(upto) => set({ ...s, upto })}
        />
      </div>
      <Stats
        items={[
          ...TIERS.map((t, i) => [`${t.tier}, MB`, mb(i)] as const),
          ['one forward, all weights fetched', `${serialMs(modules, chosen, TIERS).toFixed(2)} ms`],
          ['the same, all in HBM', `${all.toFixed(2)} ms`],
          ['the source’s simulator', `${simulatorMs(chosen).toFixed(2)} ms`],
        ]}
      />
      <div className="plots">
        <Plot
          title="Where each module lies"
          x={{ title: 'module, in order of depth', domain: [0.4, modules.length + 0.6] }}
          y={{ title: 'importance (no unit)', domain: [0.6, 1] }}
          series={TIERS.map((t, tier) => ({
            name: t.tier,
            color: tier + 1,
            mark: 'dots' as const,
            points: ROWS.flatMap((r, i) =>
              chosen[i] === tier
                ? [{ x: i + 1, y: r.fim_trace_1, name: `${r.kind} ${i + 1}, ${t.tier}`, source: r.source }]
                : [],
            ),
          }))}
          caveats={tieringTraces.caveats}
        />
        <Plot
          title="Time to fetch all weights once, by order of placement"
          x={{
            title: 'order of placement',
            domain: [0.4, 4.6],
            ticks: [1, 2, 3, 4],
            format: (v) => ['importance', 'reverse', 'random', 'depth'][v - 1] ?? '',
          }}
          y={{ title: 'time (ms)', domain: [0, 1.15 * Math.max(...times)] }}
          series={[true, false].map((mine) => ({
            name: mine ? 'chosen order' : 'the other orders',
            color: mine ? 1 : 0,
            filled: true,
            mark: 'bars' as const,
            points: RANKINGS.flatMap((r, i) =>
              (r === s.ranking) === mine ? [{ x: i + 1, y: times[i], name: WORDS[r] }] : [],
            ),
          }))}
          caveats={[
            'Computed: setup + bytes / bandwidth for each module, one after the other. A dense forward reads every weight once, so only the bytes in each tier count; with unequal modules the orders differ by how the shares round to whole modules.',
            ...memoryTiers.caveats,
          ]}
        />
      </div>
    </>
  );
}

export const widget = defineWidget({
  tag: 'wb-tiering',
  title: 'Memory tiers',
  summary:
    'Ranking weights by importance decides which lie in slow memory. It does not change what a dense forward pass costs; how many bytes lie there does.',
  attributes,
  component: Tiering,
});
