/** React's thin frame around a live plot: title, readings, log toggle, saving. */
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { PlotController, type PlotSource } from './controller';
import type { Reading } from './crosshair';
import { describe, download, plotCsv, plotPng, plotSvg } from './export';
import type { PlotLink } from './link';
import type { PlotSpec } from './spec';

export interface PlotViewProps {
  readonly title: string;
  readonly source: PlotSource;
  readonly link: PlotLink;
  /** Formats one value of this plot for the readings. */
  readonly format: (value: number) => string;
  readonly log: boolean;
  readonly onLog: (log: boolean) => void;
  /** File name without extension. */
  readonly fileName: () => string;
  /** A narrow plot reads off its smoothed line alone. */
  readonly compact?: boolean;
  /** Controls of this plot alone, between readings and buttons. */
  readonly controls?: ReactNode;
}

/** The summary is a name, not an announcement: refreshing it seldom is enough. */
const SUMMARY_MS = 2000;

export function PlotView(props: PlotViewProps): ReactNode {
  const { title, source, link, format, log, onLog, fileName, compact = false, controls } = props;
  const host = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLParagraphElement>(null);
  const spoken = useRef<HTMLOutputElement>(null);
  const controller = useRef<PlotController | null>(null);
  const [zoomed, setZoomed] = useState(false);
  const help = useId();

  useEffect(() => {
    if (!host.current) return;
    let summary: ReturnType<typeof setTimeout> | undefined;
    const element = host.current;
    const plot = new PlotController(element, source, link, {
      onReadings(readings, at, spec) {
        const text = compact ? compactText(readings, spec, format) : readingText(readings, at, spec, format);
        if (readout.current && readout.current.textContent !== text) readout.current.textContent = text;
        if (at !== null && document.activeElement === element && spoken.current) {
          spoken.current.textContent = `${title}: ${readingText(readings, at, spec, format)}`;
        }
        summary ??= setTimeout(() => {
          summary = undefined;
          element.setAttribute('aria-label', describe(plot.spec()));
        }, SUMMARY_MS);
      },
    });
    controller.current = plot;
    const unsubscribe = link.subscribe(({ window }) => setZoomed(window !== null));
    return () => {
      unsubscribe();
      clearTimeout(summary);
      plot.dispose();
      controller.current = null;
    };
  }, [source, link, format, title, compact]);

  return (
    <figure className="plot">
      <figcaption className="plot-head">
        <h3 className="plot-title">{title}</h3>
        <p className="plot-readout num" ref={readout} />
        <span className="plot-tools">
          {controls}
          {zoomed && !compact && (
            <button type="button" className="quiet" onClick={() => link.setState({ window: null })}>
              Show all
            </button>
          )}
          <button
            type="button"
            className="quiet"
            aria-pressed={log}
            aria-label={`Log axis, ${title}`}
            onClick={() => onLog(!log)}
          >
            Log
          </button>
          <SaveMenu title={title} plot={controller} fileName={fileName} />
        </span>
      </figcaption>
      <div className="plot-host" ref={host} role="img" tabIndex={0} aria-label={title} aria-describedby={help} />
      <p id={help} hidden>
        Left and right arrows move the crosshair, plus and minus zoom, page up and page down pan, 0 shows everything.
      </p>
      <output className="visually-hidden" ref={spoken} aria-live="polite" />
    </figure>
  );
}

function compactText(readings: readonly Reading[], spec: PlotSpec, format: (value: number) => string): string {
  // A number without its name says nothing where there are several.
  if (spec.unlabelled && spec.series.length > 1) return '';
  const shown = spec.series.find((s) => !s.faint)?.id;
  const reading = readings.find((r) => r.id === shown);
  return reading ? format(reading.y) : '';
}

function readingText(
  readings: readonly Reading[],
  at: number | null,
  spec: PlotSpec,
  format: (value: number) => string,
): string {
  const parts = readings.map((r) => (readings.length > 1 ? `${r.label} ${format(r.y)}` : format(r.y)));
  if (at !== null) parts.push(`${spec.x.title.toLowerCase()} ${at.toLocaleString('en-US')}`);
  return parts.join('  ');
}

interface SaveMenuProps {
  readonly title: string;
  readonly plot: React.RefObject<PlotController | null>;
  readonly fileName: () => string;
}

function SaveMenu({ title, plot, fileName }: SaveMenuProps): ReactNode {
  const menu = useRef<HTMLDetailsElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const write = async (kind: 'png' | 'svg' | 'csv'): Promise<void> => {
    if (!plot.current) return;
    const spec = plot.current.spec();
    const { width, height } = plot.current.size;
    const content =
      kind === 'png'
        ? await plotPng(spec, width, height)
        : kind === 'svg'
          ? new Blob([plotSvg(spec, width, height)], { type: 'image/svg+xml' })
          : new Blob([plotCsv(await plot.current.complete())], { type: 'text/csv' });
    download(`${fileName()}.${kind}`, content);
    if (menu.current) menu.current.open = false;
  };
  const save = (kind: 'png' | 'svg' | 'csv'): void => {
    setProblem(null);
    write(kind).catch((error: unknown) => setProblem((error as Error).message));
  };
  return (
    <details
      className="menu"
      ref={menu}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false;
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !event.currentTarget.open) return;
        event.currentTarget.open = false;
        event.currentTarget.querySelector('summary')?.focus();
        event.stopPropagation();
      }}
    >
      <summary className="quiet" aria-label={`Save ${title}`}>
        Save
      </summary>
      <div className="menu-list">
        {(['png', 'svg', 'csv'] as const).map((kind) => (
          <button
            key={kind}
            type="button"
            aria-label={`Save ${title} as ${kind.toUpperCase()}`}
            onClick={() => save(kind)}
          >
            {kind.toUpperCase()}
          </button>
        ))}
        {problem && (
          <p role="alert" className="plot-problem">
            Not saved: {problem}
          </p>
        )}
      </div>
    </details>
  );
}
