/** What differs between the chosen runs, and whether it mattered: configuration, then paired statistics. */
import { useEffect, useState, type ReactNode } from 'react';
import type { ConfigDifference, ReportAnswer, ReportMetric, RunEntry } from '@/worker/store-protocol';
import { useWorkbench } from '../context';
import { significant } from '../format';
import { download, svgPng } from '../plot/export';
import { labelsOf } from './words';

const METRICS: Readonly<Record<ReportMetric, string>> = {
  val_loss: 'Last validation loss',
  best_val_loss: 'Best validation loss',
  loss: 'Last training loss',
};

export function Comparison({ entries }: { readonly entries: readonly RunEntry[] }): ReactNode {
  if (entries.length < 2)
    return (
      <section className="runs-compare">
        <h3>Compare</h3>
        <p className="muted">
          Choose two runs or more: what differs in their configurations stands here, and the paired tests.
        </p>
      </section>
    );
  return (
    <>
      <Differences entries={entries} />
      <Paired entries={entries} />
    </>
  );
}

/** Ids that change only when the choice does. */
const keyOf = (entries: readonly RunEntry[]): string => entries.map((e) => `${e.id} ${e.status}`).join('\n');
const idsOf = (key: string): string[] => key.split('\n').map((line) => line.split(' ')[0]);

function Differences({ entries }: { readonly entries: readonly RunEntry[] }): ReactNode {
  const { library } = useWorkbench();
  const [found, setFound] = useState<readonly ConfigDifference[] | string | null>(null);
  const key = keyOf(entries);
  useEffect(() => {
    let current = true;
    library.differences(idsOf(key)).then(
      (rows) => current && setFound(rows),
      (error: unknown) => current && setFound((error as Error).message),
    );
    return () => {
      current = false;
    };
  }, [library, key]);
  const labels = labelsOf(entries);
  return (
    <section className="runs-compare">
      <h3>Configurations</h3>
      {typeof found === 'string' && <p role="alert">{found}</p>}
      {Array.isArray(found) && found.length === 0 && <p className="muted">No symbol differs.</p>}
      {Array.isArray(found) && found.length > 0 && (
        <div className="runs-scroll" tabIndex={0} role="region" aria-label="Symbols that differ">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Symbol</th>
                {entries.map(({ id }) => (
                  <th scope="col" key={id} className="right" title={id}>
                    {labels.get(id)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {(found as readonly ConfigDifference[]).map(({ symbol, values }) => (
                <tr key={symbol}>
                  <th scope="row" className="num">
                    {symbol}
                  </th>
                  {values.map((value, i) => (
                    <td key={entries[i]?.id ?? i} className="num right">
                      {value ?? <span className="muted">none</span>}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Paired({ entries }: { readonly entries: readonly RunEntry[] }): ReactNode {
  const { library } = useWorkbench();
  const [metric, setMetric] = useState<ReportMetric>('val_loss');
  const [symbol, setSymbol] = useState('');
  const [baseline, setBaseline] = useState<string | null>(null);
  const [answer, setAnswer] = useState<ReportAnswer | string | null>(null);
  const key = keyOf(entries);
  useEffect(() => {
    let current = true;
    library.report({ ids: idsOf(key), metric, symbol: symbol || null, baseline }).then(
      (report) => current && setAnswer(report),
      (error: unknown) => {
        if (!current) return;
        if (baseline !== null)
          setBaseline(null); // the group has gone with its last run
        else setAnswer((error as Error).message);
      },
    );
    return () => {
      current = false;
    };
  }, [library, key, metric, symbol, baseline]);
  const symbols = answer !== null && typeof answer !== 'string' ? answer.symbols : [];
  return (
    <section className="runs-compare">
      <h3>Paired comparison</h3>
      <div className="runs-axes">
        <label className="field">
          <span>Metric</span>
          <select value={metric} onChange={(e) => setMetric(e.target.value as ReportMetric)}>
            {Object.entries(METRICS).map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>Group by</span>
          <select value={symbol} onChange={(e) => (setSymbol(e.target.value), setBaseline(null))}>
            <option value="">all that differs but the seed</option>
            {symbols.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      {typeof answer === 'string' && <p role="alert">{answer}</p>}
      {answer !== null && typeof answer !== 'string' && (
        <ReportTable
          answer={answer}
          onBaseline={setBaseline}
          figure={() => library.figure({ ids: idsOf(key), metric, symbol: symbol || null, baseline })}
        />
      )}
    </section>
  );
}

const signedPercent = (x: number): string => `${x >= 0 ? '+' : '−'}${significant(Math.abs(100 * x), 3)} %`;

interface ReportTableProps {
  readonly answer: ReportAnswer;
  readonly onBaseline: (group: string) => void;
  /** SVG text. */
  readonly figure: () => Promise<string>;
}

function ReportTable({ answer, onBaseline, figure }: ReportTableProps): ReactNode {
  const { report, text, csv, json } = answer;
  const [problem, setProblem] = useState<string | null>(null);
  const saveFigure = (kind: 'svg' | 'png'): void => {
    const draw = async (): Promise<void> => {
      const svg = await figure();
      const content = kind === 'svg' ? new Blob([svg], { type: 'image/svg+xml' }) : await svgPng(svg);
      download(`runs-report.${kind}`, content);
      setProblem(null);
    };
    draw().catch((error: unknown) => setProblem(`No figure: ${(error as Error).message}`));
  };
  const save = (kind: string, content: string): void => download(`runs-report.${kind}`, new Blob([content]));
  return (
    <>
      <div className="runs-scroll" tabIndex={0} role="region" aria-label="Groups against their baseline">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Group</th>
              <th scope="col" className="right">
                Runs
              </th>
              <th scope="col" className="right">
                Mean
              </th>
              <th scope="col" className="right" title="Standard deviation over seeds, n − 1">
                SD
              </th>
              <th scope="col" className="right">
                Against baseline
              </th>
              <th scope="col" className="right" title="Percentile interval of 1,000 seeded resamples; from three pairs">
                95 % bootstrap
              </th>
              <th scope="col" className="right" title="Two-sided sign-flip permutation test over pairs of equal seeds">
                p
              </th>
              <th scope="col" className="right" title="p after Holm’s correction">
                p Holm
              </th>
              <th scope="col" className="right">
                Pairs
              </th>
            </tr>
          </thead>
          <tbody>
            {report.rows.map(({ group, values, mean, spread, paired, baseline }) => (
              <tr key={group}>
                <th scope="row">{group}</th>
                <td className="num right">{values.length}</td>
                <td className="num right">{mean === null ? '' : mean.toFixed(4)}</td>
                <td className="num right">{spread === null ? '' : spread.toFixed(4)}</td>
                <td className="num right">
                  {baseline ? (
                    'baseline'
                  ) : (
                    <>
                      {paired ? `${signedPercent(paired.relative)} ` : ''}
                      <button
                        type="button"
                        className="quiet"
                        aria-label={`set ${group} as the baseline`}
                        onClick={() => onBaseline(group)}
                      >
                        set
                      </button>
                    </>
                  )}
                </td>
                <td className="num right">
                  {paired?.interval
                    ? `${signedPercent(paired.interval.low)} to ${signedPercent(paired.interval.high)}`
                    : ''}
                </td>
                <td className="num right">{paired ? significant(paired.test.p, 3) : ''}</td>
                <td className="num right">{paired ? significant(paired.holm, 3) : ''}</td>
                <td className="num right">{paired?.n ?? ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Trends report={report} />
      <ul className="runs-notes">
        {report.notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
      <div className="row">
        <button type="button" onClick={() => save('txt', text)}>
          Save as text
        </button>
        <button type="button" onClick={() => save('csv', csv)}>
          CSV
        </button>
        <button type="button" onClick={() => save('json', json)}>
          JSON
        </button>
        <button type="button" onClick={() => saveFigure('svg')}>
          SVG
        </button>
        <button type="button" onClick={() => saveFigure('png')}>
          PNG
        </button>
      </div>
      {problem !== null && <p role="alert">{problem}</p>}
    </>
  );
}

/** How the metric goes with the numbers of an axis, over all chosen runs. */
function Trends({ report }: { readonly report: ReportAnswer['report'] }): ReactNode {
  if (report.correlations.length === 0) return null;
  return (
    <ul className="runs-trends">
      {report.correlations.map(({ axis, rho, p, n, interval }) => (
        <li key={axis} className="num">
          {axis}: Spearman {significant(rho, 3)}
          {interval && `, 95 % ${significant(interval.low, 3)} to ${significant(interval.high, 3)} (Fisher z)`}, p{' '}
          {significant(p, 3)}, n {n}
        </li>
      ))}
    </ul>
  );
}
