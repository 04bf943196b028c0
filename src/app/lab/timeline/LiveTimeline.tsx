/** The timeline of the live run as it grows: GPU bytes by category, where the time of a step goes, heap, time the device waited. */
import { type ReactNode, useMemo, useState } from 'react';
import { useRun, useWorkbench } from '../../context';
import { percent, significant } from '../../format';
import type { PlotSource } from '../../plot/controller';
import { createPlotLink, type PlotLink } from '../../plot/link';
import { PlotView } from '../../plot/PlotView';
import { TIMELINE_PLOTS, type TimelinePlotDefinition } from '../../runs/timeline-plots';
import { idleShare } from './idle';

const format = (value: number): string => significant(value, 3);

export function LiveTimeline(): ReactNode {
  const link = useMemo(() => createPlotLink(), []);
  const last = useRun((s) => s.data.timeline.at(-1) ?? null);
  const idle = useRun((s) => idleShare(s.data.timeline));
  if (last === null)
    return <p className="muted">Memory by category, time a step and heap, about once a second of a run.</p>;
  return (
    <>
      {idle !== null && (
        <p className="muted">
          The device had nothing to do for <span className="num">{percent(idle)}</span> of the time.
        </p>
      )}
      <div className="live-timeline">
        {TIMELINE_PLOTS.map((definition) => (
          <LivePlot key={definition.title} definition={definition} link={link} />
        ))}
      </div>
    </>
  );
}

interface LivePlotProps {
  readonly definition: TimelinePlotDefinition;
  readonly link: PlotLink;
}

function LivePlot({ definition: { title, of }, link }: LivePlotProps): ReactNode {
  const { run } = useWorkbench();
  const [log, setLog] = useState(false);
  const source = useMemo(
    (): PlotSource => ({
      spec: () => ({ ...of(run.getState().data.timeline, log), unlabelled: true }),
      subscribe(onChange) {
        let shown = run.getState().data.timeline;
        return run.subscribe(({ data }) => {
          if (data.timeline === shown) return;
          shown = data.timeline;
          onChange();
        });
      },
    }),
    [run, of, log],
  );
  const samples = useRun((s) => s.data.timeline);
  const { series, y } = useMemo(() => of(samples, false), [of, samples]);
  return (
    <div className="live-timeline-cell">
      <div className="plot-cell prune-plot">
        <PlotView
          title={title}
          source={source}
          link={link}
          format={format}
          log={log}
          onLog={setLog}
          fileName={() => `${run.getState().started?.runId ?? 'run'}-${title.toLowerCase().replace(/\W+/g, '-')}`}
          compact
        />
      </div>
      <ul className="live-legend" hidden={series.length < 2}>
        {series.map((s) => (
          <li key={s.id}>
            <svg width="16" height="8" aria-hidden="true">
              <line
                x2="16"
                y1="4"
                y2="4"
                strokeWidth="2"
                stroke={`var(--series-${typeof s.colour === 'number' ? s.colour + 1 : 1})`}
                strokeDasharray={s.dash?.join(' ')}
              />
            </svg>
            <span>{s.label}</span>
            <span className="num">
              {format(s.points.ys[s.points.length - 1])} {y.unit}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
