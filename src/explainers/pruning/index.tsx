/** Reported pruning results, grouped so that unequal budgets stay visible; and masks by two criteria. */
import { useState, type ReactNode } from 'react';
import { pruningResults } from '../data/reported';
import { mulberry32, spearman } from '../maths/statistics';
import { OwnPanel } from '../own/OwnPanel';
import type { OwnSource } from '../own/source';
import { Plot } from '../plot/Plot';
import { choice, number, type Values } from '../widget/attributes';
import { Select, Slider, Stats } from '../widget/controls';
import { defineWidget } from '../widget/define';
import { jaccard, mask } from './model';

const GROUPS = { 'GPT-2, B200': 'B200x4', 'GPT-2, W7900': 'W7900' } as const;
const attributes = { group: choice(Object.keys(GROUPS), 'GPT-2, B200'), sparsity: number(10, 99, 50) };

const random = mulberry32(5);
/** |w| and v of 240 made-up weights. */
const WEIGHTS = Array.from({ length: 240 }, () => ({ w: random() * random(), v: random() ** 4 }));

function Pruning({
  initial,
  own,
}: {
  readonly initial: Values<typeof attributes>;
  readonly own: OwnSource;
}): ReactNode {
  const [group, setGroup] = useState(initial.group);
  const [sparsity, setSparsity] = useState(initial.sparsity);
  const rows = pruningResults.rows.filter(
    (r) =>
      r.metric === 'val_perplexity' && r.device === GROUPS[group as keyof typeof GROUPS] && r.iterations_n !== null,
  );
  const magnitude = WEIGHTS.map((p) => p.w);
  const bitter7 = WEIGHTS.map((p) => p.w * (p.v + 1e-8) ** 0.25);
  const [a, b] = [mask(magnitude, sparsity / 100), mask(bitter7, sparsity / 100)];
  const kept = (name: string, color: number, test: (i: number) => boolean) => ({
    name,
    color,
    filled: true,
    mark: 'dots' as const,
    points: WEIGHTS.flatMap((p, i) => (test(i) ? [{ x: p.w, y: p.v }] : [])),
  });
  return (
    <>
      <div className="controls">
        <Select label="Reported runs" value={group} options={Object.keys(GROUPS)} onChange={setGroup} />
        <Slider label="Sparsity of the sketch" unit="%" min={10} max={99} value={sparsity} onChange={setSparsity} />
      </div>
      <div className="plots">
        <Plot
          title="Perplexity at 50 % sparsity against iterations"
          x={{ title: 'iterations' }}
          y={{ title: 'validation perplexity' }}
          series={rows.map((r, i) => ({
            name: r.method,
            color: (i % 7) + 1,
            mark: 'dots' as const,
            points: [{ x: r.iterations_n!, y: r.value, name: `${r.optimizer}, ${r.method}`, source: r.source }],
          }))}
          caveats={pruningResults.caveats}
        />
        <Plot
          title="Which weights two criteria keep"
          x={{ title: '|w| (arbitrary units)' }}
          y={{ title: 'v, second moment (arbitrary units)' }}
          series={[
            kept('kept by both', 3, (i) => a[i] && b[i]),
            kept('magnitude alone', 1, (i) => a[i] && !b[i]),
            kept('bitter7 alone', 2, (i) => !a[i] && b[i]),
            kept('pruned by both', 0, (i) => !a[i] && !b[i]),
          ]}
          caveats={['240 made-up weights. bitter7 scores |w|·(v+ε)^¼.']}
        />
      </div>
      <Stats
        items={[
          ['kept weights', String(a.filter(Boolean).length)],
          ['overlap of the masks (Jaccard)', jaccard(a, b).toFixed(2)],
          ['rank correlation of the scores', spearman(magnitude, bitter7).rho.toFixed(2)],
        ]}
      />
      <OwnPanel own={own} kind="pruning" />
    </>
  );
}

export const widget = defineWidget({
  tag: 'wb-pruning',
  title: 'Pruning',
  summary: 'A criterion decides which weights go. Reported gains mix the criterion with the number of iterations.',
  attributes,
  component: Pruning,
});
