/** The plots of the live run: one large, the rest in a row that fits the width. */
import { useMemo, type ReactNode } from 'react';
import { useRun, useUi, useWorkbench, type Workbench } from '../context';
import type { PlotSource } from '../plot/controller';
import { betaOfWindow, EMA_WINDOWS } from '../plot/ema';
import { PlotView } from '../plot/PlotView';
import type { PlotDefinition, PlotOptions } from './plot-definition';
import { plots } from './plots';

export function PlotGrid(): ReactNode {
  const shown = useRun((run) =>
    plots
      .filter((p) => p.when?.(run) ?? true)
      .map((p) => p.id)
      .join(' '),
  );
  return (
    <div className="plot-grid">
      {plots
        .filter(({ id }) => shown.split(' ').includes(id))
        .map((definition) => (
          <div key={definition.id} className={`plot-cell plot-${definition.size}`}>
            <LabPlot definition={definition} />
          </div>
        ))}
    </div>
  );
}

function LabPlot({ definition }: { readonly definition: PlotDefinition }): ReactNode {
  const workbench = useWorkbench();
  const { ui, run, link } = workbench;
  const source = useMemo(() => sourceOf(definition, workbench), [definition, workbench]);
  const log = useUi((s) => s.log[definition.id] ?? definition.log);
  return (
    <PlotView
      title={definition.title}
      source={source}
      link={link}
      format={definition.format}
      log={log}
      onLog={(on) => ui.setState((s) => ({ log: { ...s.log, [definition.id]: on } }))}
      fileName={() => `${run.getState().started?.runId ?? 'run'}-${definition.id}`}
      compact={definition.size === 'small'}
      controls={definition.smooths ? <Smoothing /> : undefined}
    />
  );
}

function sourceOf(definition: PlotDefinition, { run, ui, library }: Workbench): PlotSource {
  const build = definition.builder();
  const options = (): PlotOptions => {
    const { emaWindow, log } = ui.getState();
    return { emaWindow, log: log[definition.id] ?? definition.log };
  };
  return {
    spec: () => build(run.getState(), options()),
    complete: async () => {
      const { completeRun } = await import('../stores/complete');
      return definition.builder()(await completeRun(run.getState(), (id) => library.recorded(id)), options());
    },
    subscribe: (onChange) => {
      const stopRun = run.subscribe((now, before) => {
        if (now.dataVersion !== before.dataVersion || now.started !== before.started) onChange();
      });
      const stopUi = ui.subscribe((now, before) => {
        if (now.emaWindow !== before.emaWindow || now.log !== before.log) onChange();
      });
      return () => {
        stopRun();
        stopUi();
      };
    },
  };
}

/** One smoothing constant for all plots, shown as beta and as the number of steps that it averages. */
function Smoothing(): ReactNode {
  const { ui } = useWorkbench();
  const window = useUi((s) => s.emaWindow);
  const at = Math.max(
    0,
    EMA_WINDOWS.findIndex((w) => w >= window),
  );
  const text = window <= 1 ? 'off' : `\u03b2 ${betaOfWindow(window).toFixed(3)}`;
  return (
    <label className="smoothing" title={window <= 1 ? 'No smoothing' : `Averages about ${window} steps`}>
      <span>EMA</span>
      <input
        type="range"
        min={0}
        max={EMA_WINDOWS.length - 1}
        step={1}
        value={at}
        aria-label="Smoothing of the lines"
        aria-valuetext={window <= 1 ? 'off' : `beta ${betaOfWindow(window).toFixed(3)}, about ${window} steps`}
        onChange={(event) => ui.setState({ emaWindow: EMA_WINDOWS[Number(event.target.value)] })}
      />
      <span className="num">{text}</span>
    </label>
  );
}
