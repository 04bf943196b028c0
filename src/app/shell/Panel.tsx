/** A side panel: folds to a rail, changes width by drag or arrow keys, remembers both. */
import { useRef, type ReactNode } from 'react';
import { useUi, useWorkbench } from '../context';
import { clampWidth, WIDTHS, type Side } from '../stores/ui';

interface PanelProps {
  readonly side: Side;
  readonly title: string;
  readonly children: ReactNode;
}

export function Panel({ side, title, children }: PanelProps): ReactNode {
  const { ui } = useWorkbench();
  const collapsed = useUi((s) => s.collapsed[side]);
  const toggle = (): void => ui.setState((s) => ({ collapsed: { ...s.collapsed, [side]: !s.collapsed[side] } }));
  const pointsLeft = (side === 'left') !== collapsed;
  return (
    <section className={`panel panel-${side}`} data-collapsed={collapsed} aria-label={title}>
      <header className="panel-head">
        <h2>{title}</h2>
        <button
          type="button"
          className="quiet fold"
          aria-expanded={!collapsed}
          aria-label={`${collapsed ? 'Unfold' : 'Fold'} ${title}`}
          title={`${collapsed ? 'Unfold' : 'Fold'} (${side === 'left' ? '[' : ']'})`}
          onClick={toggle}
        >
          {pointsLeft ? '\u2039' : '\u203a'}
        </button>
      </header>
      <div className="panel-body">{children}</div>
      <Resizer side={side} title={title} />
    </section>
  );
}

function Resizer({ side, title }: { readonly side: Side; readonly title: string }): ReactNode {
  const { ui } = useWorkbench();
  const width = useUi((s) => s.widths[side]);
  const from = useRef<{ x: number; width: number } | null>(null);
  const set = (next: number): void => ui.setState((s) => ({ widths: { ...s.widths, [side]: clampWidth(side, next) } }));
  const outward = side === 'left' ? 1 : -1;
  return (
    <div
      className="resizer"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={`Width of ${title}`}
      aria-valuenow={width}
      aria-valuemin={WIDTHS[side].min}
      aria-valuemax={WIDTHS[side].max}
      onPointerDown={(event) => {
        from.current = { x: event.clientX, width };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (from.current) set(from.current.width + outward * (event.clientX - from.current.x));
      }}
      onPointerUp={() => (from.current = null)}
      onPointerCancel={() => (from.current = null)}
      onDoubleClick={() => set(WIDTHS[side].initial)}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        set(width + outward * by);
      }}
    />
  );
}
