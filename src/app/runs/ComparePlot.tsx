/** The chosen runs over each other: any metric against steps, tokens, time or FLOPs. */
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { createStore } from 'zustand/vanilla';
import type { RunCurves, RunEntry } from '@/worker/store-protocol';
import { useUi, useWorkbench } from '../context';
import { significant } from '../format';
import type { PlotSource } from '../plot/controller';
import { EMA_WINDOWS, betaOfWindow } from '../plot/ema';
import { createPlotLink } from '../plot/link';
import { PlotView } from '../plot/PlotView';
import { type CurveView, type ShownRun, type XAxis, X_TITLES, curvesSpec, metricTitle, metricsOf } from './curves';
import { labelsOf } from './words';

const format = (value: number): string => significant(value, 4);

/** Curves of the chosen runs as they arrive; a run that cannot be read is named. */
function useCurves(entries: readonly RunEntry[]): {
  readonly runs: readonly ShownRun[];
  readonly problems: readonly string[];
} {
  const { library } = useWorkbench();
  const [loaded, setLoaded] = useState<ReadonlyMap<string, RunCurves>>(new Map());
  const [problems, setProblems] = useState<readonly string[]>([]);
  useEffect(() => {
    let current = true;
    void Promise.allSettled(entries.map((entry) => library.curves(entry))).then((results) => {
      if (!current) return;
      setLoaded(new Map(results.flatMap((r) => (r.status === 'fulfilled' ? [[r.value.id, r.value] as const] : []))));
      setProblems(
        results.flatMap((r, i) =>
          r.status === 'rejected' ? [`${entries[i].id}: ${String((r.reason as Error).message)}`] : [],
        ),
      );
    });
    return () => {
      current = false;
    };
  }, [entries, library]);
  const runs = useMemo(() => {
    const labels = labelsOf(entries);
    return entries.flatMap(({ id }): ShownRun[] => {
      const curves = loaded.get(id);
      return curves ? [{ label: labels.get(id) ?? id, curves }] : [];
    });
  }, [entries, loaded]);
  return { runs, problems };
}

export function ComparePlot({ entries }: { readonly entries: readonly RunEntry[] }): ReactNode {
  const { ui } = useWorkbench();
  const { runs, problems } = useCurves(entries);
  const [view, setView] = useState<Omit<CurveView, 'emaWindow'>>({
    metric: 'loss',
    x: 'step',
    logX: false,
    logY: false,
  });
  const emaWindow = useUi((s) => s.emaWindow);
  const metrics = useMemo(() => metricsOf(runs), [runs]);
  const link = useMemo(() => createPlotLink(), []);
  const [shown] = useState(() =>
    createStore<{ runs: readonly ShownRun[]; view: CurveView }>(() => ({ runs: [], view: { ...view, emaWindow } })),
  );
  useEffect(() => shown.setState({ runs, view: { ...view, emaWindow } }), [shown, runs, view, emaWindow]);
  // Another axis has another scale: what was in view means nothing on it.
  useEffect(() => link.setState({ hover: null, window: null }), [link, view.x, view.logX]);
  const source = useMemo(
    (): PlotSource => ({
      spec: () => curvesSpec(shown.getState().runs, shown.getState().view),
      subscribe: (onChange) => shown.subscribe(onChange),
    }),
    [shown],
  );
  const set = (change: Partial<CurveView>): void => setView((old) => ({ ...old, ...change }));
  return (
    <section className="runs-plot" aria-label="Curves">
      <div className="runs-axes">
        <label className="field">
          <span>Metric</span>
          <select value={view.metric} onChange={(e) => set({ metric: e.target.value })}>
            {metrics.map((name) => (
              <option key={name} value={name}>
                {metricTitle(name)}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>Against</span>
          <select value={view.x} onChange={(e) => set({ x: e.target.value as XAxis })}>
            {Object.entries(X_TITLES).map(([x, title]) => (
              <option key={x} value={x}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <button type="button" className="quiet" aria-pressed={view.logX} onClick={() => set({ logX: !view.logX })}>
          Log x
        </button>
        <label className="field" title="About how many steps a line averages">
          <span>EMA</span>
          <select value={emaWindow} onChange={(e) => ui.setState({ emaWindow: Number(e.target.value) })}>
            {EMA_WINDOWS.map((window) => (
              <option key={window} value={window}>
                {window === 1 ? 'off' : `${window} steps, β ${betaOfWindow(window).toFixed(3)}`}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="plot-cell runs-plot-cell">
        <PlotView
          title={metricTitle(view.metric)}
          source={source}
          link={link}
          format={format}
          log={view.logY}
          onLog={(logY) => set({ logY })}
          fileName={() => `runs-${view.metric.replace(/\W+/g, '-')}`}
        />
      </div>
      {problems.map((text) => (
        <p key={text} role="alert" className="runs-problem">
          {text}
        </p>
      ))}
    </section>
  );
}
