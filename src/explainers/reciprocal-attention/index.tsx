/** The reciprocal branch on made-up queries and keys, and its record. */
import { useState, type ReactNode } from 'react';
import { raResults } from '../data/reported';
import { mulberry32 } from '../maths/statistics';
import { Plot } from '../plot/Plot';
import { number, type Values } from '../widget/attributes';
import { Slider, Stats } from '../widget/controls';
import { defineWidget } from '../widget/define';
import { branchWeight, causalWeights } from './model';

const attributes = { logit: number(-2, 2, 0), row: number(1, 16, 12) };
const T = 16;
const random = mulberry32(11);
const draw = (): number[][] => Array.from({ length: T }, () => Array.from({ length: 4 }, () => 3 * (random() - 0.5)));
const [Q, K] = [draw(), draw()];
const [STANDARD, SWAPPED] = [causalWeights(Q, K), causalWeights(K, Q)];

function Reciprocal({ initial }: { readonly initial: Values<typeof attributes> }): ReactNode {
  const [logit, setLogit] = useState(initial.logit);
  const [row, setRow] = useState(initial.row);
  const line = (name: string, w: readonly number[], color: number) => ({
    name,
    color,
    filled: true,
    mark: 'dots' as const,
    points: w.slice(0, row).map((y, j) => ({ x: j + 1, y })),
  });
  return (
    <>
      <div className="controls">
        <Slider label="Branch logit a" min={-2} max={2} step={0.05} value={logit} onChange={setLogit} />
        <Slider label="Token i" min={1} max={T} value={row} onChange={setRow} />
      </div>
      <Stats
        items={[
          ['β = tanh(a)', branchWeight(logit).toFixed(3)],
          ['output', 'y + β · LN(W · o_rec)'],
          ['extra parameters a layer, C = 768', '51,457'],
        ]}
      />
      <Plot
        title={`Attention weights of token ${row}`}
        x={{ title: 'token j', domain: [0.5, T + 0.5] }}
        y={{ title: 'attention weight (no unit)', domain: [0, 1] }}
        series={[line('query i on keys j', STANDARD[row - 1], 1), line('key i on queries j', SWAPPED[row - 1], 2)]}
        caveats={[
          'Made-up queries and keys. Swapping roles is not the transpose of the masked matrix: each row is normalised under the same causal mask.',
        ]}
      />
      <Record />
    </>
  );
}

function Record(): ReactNode {
  return (
    <details open>
      <summary>What was reported ({raResults.rows.length})</summary>
      <p className="caveat">{raResults.caveats[0]}</p>
      <div className="scroll" tabIndex={0} role="region" aria-label="Reported results">
        <table>
          <thead>
            <tr>
              <th>Status</th>
              <th>Setting</th>
              <th>Variant</th>
              <th>Metric</th>
              <th>Baseline → result</th>
              <th>Change, %</th>
              <th>Source</th>
            </tr>
          </thead>
          <tbody>
            {raResults.rows.map((r, i) => {
              const gone = r.evidence_status.startsWith('RETRACTED');
              const values = r.value === null ? 'not printed' : `${r.baseline} → ${r.value}`;
              return (
                <tr key={i}>
                  <td>{gone ? 'withdrawn: untraceable' : r.evidence_status.toLowerCase().replaceAll('_', ' ')}</td>
                  <td>
                    {r.scale}, {r.experiment}
                  </td>
                  <td>{r.variant}</td>
                  <td>{r.metric.replaceAll('_', ' ').replace(' pct', ', %')}</td>
                  <td>{gone ? <s>{values}</s> : values}</td>
                  <td>{gone ? <s>{minus(r.delta_pct)}</s> : minus(r.delta_pct)}</td>
                  <td>{r.source}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </details>
  );
}

const minus = (v: number | string | null): string => (v === null ? '–' : String(v).replace('-', '−'));

export const widget = defineWidget({
  tag: 'wb-reciprocal-attention',
  title: 'Reciprocal Attention',
  summary:
    'A second branch exchanges the roles of queries and keys. Three paired seeds found no gain over the baseline.',
  attributes,
  component: Reciprocal,
});
