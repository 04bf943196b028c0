/** Second moment and Fisher diagonal of one made-up parameter. */
import { useState, type ReactNode } from 'react';
import { OwnPanel } from '../own/OwnPanel';
import type { OwnSource } from '../own/source';
import { Plot } from '../plot/Plot';
import { label } from '../plot/ticks';
import { choice, number, type Values } from '../widget/attributes';
import { Select, Slider, Stats } from '../widget/controls';
import { defineWidget } from '../widget/define';
import { memorySteps, syntheticGradients, trace } from './model';

const BETAS = ['0.9', '0.99', '0.999', '0.9999'];
const attributes = { beta2: choice(BETAS, '0.999'), spike: number(1, 15, 5), root: number(1, 8, 4) };
const STEPS = 2000;

function FisherAdam({
  initial,
  own,
}: {
  readonly initial: Values<typeof attributes>;
  readonly own: OwnSource;
}): ReactNode {
  const [s, set] = useState(initial);
  const beta2 = Number(s.beta2);
  const t = trace(syntheticGradients(STEPS, s.spike), beta2);
  const line = (name: string, ys: readonly number[], color: number, dashed = false) => ({
    name,
    color,
    dashed,
    mark: 'line' as const,
    points: ys.flatMap((y, i) => (i % 4 === 0 ? [{ x: i, y }] : [])),
  });
  const rooted = (ys: readonly number[]): number[] => ys.map((v) => v ** (1 / s.root));
  return (
    <>
      <div className="controls">
        <Select label="β₂" value={s.beta2} options={BETAS} onChange={(v) => set({ ...s, beta2: v })} />
        <Slider
          label="Spike at step 1,200"
          min={1}
          max={15}
          value={s.spike}
          show={(v) => `${v} σ`}
          onChange={(spike) => set({ ...s, spike })}
        />
        <Slider
          label="Root"
          min={1}
          max={8}
          value={s.root}
          show={(v) => `v^(1/${v})`}
          onChange={(root) => set({ ...s, root })}
        />
      </div>
      <Stats
        items={[
          ['memory of v (to 1 %)', `${label(memorySteps(beta2))} steps`],
          ['v at the end', label(t.adam[STEPS - 1])],
          ['mean g² at the end', label(t.fisher[STEPS - 1])],
          ['v just after the spike over before', `${(t.adam[1200] / t.adam[1199]).toFixed(2)}×`],
        ]}
      />
      <div className="plots">
        <Plot
          title="Second moment and Fisher diagonal"
          x={{ title: 'step', domain: [0, STEPS] }}
          y={{ title: 'squared gradient (arbitrary units)' }}
          series={[line('Adam v, bias-corrected', t.adam, 1), line('cumulative mean g²', t.fisher, 2, true)]}
          caveats={['Gradients are drawn from a seeded generator, not taken from a run.']}
        />
        <Plot
          title="After the root, as an importance"
          x={{ title: 'step', domain: [0, STEPS] }}
          y={{ title: `root of degree ${s.root} (arbitrary units)` }}
          series={[line('of v', rooted(t.adam), 1), line('of mean g²', rooted(t.fisher), 2, true)]}
          caveats={['A higher root lets a spike reorder fewer parameters. bitter7 scores by |w|·(v+ε)^¼.']}
        />
      </div>
      <OwnPanel own={own} kind="second-moment" />
    </>
  );
}

export const widget = defineWidget({
  tag: 'wb-fisher-adam',
  title: 'Fisher and Adam',
  summary:
    "Adam's second moment is an exponentially forgetful estimate of the quantity whose plain mean is the diagonal of the empirical Fisher matrix.",
  attributes,
  component: FisherAdam,
});
