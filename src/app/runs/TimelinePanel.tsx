/** What the machine did during a run: memory by category, where the time went, heap. Loaded when it is opened. */
import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { RunTimeline, TimelineSample, TimelineSummary } from '@/worker/store-protocol';
import { useWorkbench } from '../context';
import { bytes, count, percent, significant } from '../format';
import { createPlotLink, type PlotLink } from '../plot/link';
import { StillPlot } from '../plot/StillPlot';
import { TIMELINE_PLOTS, type TimelinePlotDefinition } from './timeline-plots';

const format = (value: number): string => significant(value, 3);

/** `version` changes when the run does. */
export function TimelinePanel({ id, version }: { readonly id: string; readonly version: string }): ReactNode {
  const { library } = useWorkbench();
  const link = useMemo(() => createPlotLink(), []);
  const [found, setFound] = useState<RunTimeline | string | null>(null);
  useEffect(() => {
    let current = true;
    library.timeline(id).then(
      (timeline) => current && setFound(timeline),
      (error: unknown) => current && setFound((error as Error).message),
    );
    return () => {
      current = false;
    };
  }, [library, id, version]);
  if (found === null) return <p role="status">Reading the timeline…</p>;
  if (typeof found === 'string') return <p role="alert">{found}</p>;
  if (found.summary === null)
    return <p className="muted">This run has no timeline: it came by link, or from an earlier version.</p>;
  return (
    <>
      <Totals summary={found.summary} />
      <div className="runs-timeline">
        {TIMELINE_PLOTS.map(({ title, of }) => (
          <TimelinePlot key={title} title={title} of={of} samples={found.samples} link={link} file={`${id}-${title}`} />
        ))}
      </div>
      <Kernels summary={found.summary} />
    </>
  );
}

interface TimelinePlotProps extends TimelinePlotDefinition {
  readonly samples: readonly TimelineSample[];
  readonly link: PlotLink;
  readonly file: string;
}

function TimelinePlot({ title, of, samples, link, file }: TimelinePlotProps): ReactNode {
  const spec = useCallback((log: boolean) => of(samples, log), [of, samples]);
  return <StillPlot title={title} spec={spec} link={link} format={format} file={file} className="runs-timeline-cell" />;
}

const seconds = (ms: number): string => `${significant(ms / 1000, 3)} s`;

function Totals({ summary }: { readonly summary: TimelineSummary }): ReactNode {
  const { ms, idleShare, gpuBytes, heapBytes, restarts, samples } = summary;
  const spanned = (of: NonNullable<typeof gpuBytes>): string =>
    `${bytes(of.first)} first, ${bytes(of.last)} last, ${bytes(of.peak)} peak`;
  const rows: readonly (readonly [string, string])[] = [
    ['Wall time', `${seconds(ms.wall)}, of it paused ${seconds(ms.paused)}`],
    [
      'Spent on',
      `submitting ${seconds(ms.submit)}, waiting for steps ${seconds(ms.wait)}, evaluating ${seconds(ms.eval)}, observing ${seconds(ms.observe)}, saving ${seconds(ms.save)}, other ${seconds(ms.other)}`,
    ],
    ['Lost', idleShare === null ? 'not known' : `${percent(idleShare)} of the time the device had nothing to do`],
    ['GPU memory', gpuBytes ? spanned(gpuBytes) : 'none'],
    ['Heap', heapBytes ? spanned(heapBytes) : 'not known'],
    ['Taken up again', restarts === 0 ? 'never' : `${restarts} ${restarts === 1 ? 'time' : 'times'}`],
    ['Samples', count(samples)],
  ];
  return (
    <dl className="runs-facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="num">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The last timing of one step's kernels; only adapters with timestamp queries give one. */
function Kernels({ summary }: { readonly summary: TimelineSummary }): ReactNode {
  if (summary.ops.length === 0) return null;
  return (
    <table className="table">
      <caption>Kernels of one step, last timing</caption>
      <tbody>
        {summary.ops.slice(0, 10).map(({ name, ms, dispatches }) => (
          <tr key={name}>
            <th scope="row" className="num">
              {name}
            </th>
            <td className="num right">{significant(ms, 3)} ms</td>
            <td className="num right">
              {count(dispatches)} {dispatches === 1 ? 'dispatch' : 'dispatches'}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
