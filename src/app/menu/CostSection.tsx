/** What the configuration will cost, beside what the preset as shipped costs; it stays in sight above the rows. */
import type { ReactNode } from 'react';
import type { PlanSummary } from '@/worker/protocol';
import { useMenuStore, useRun, useSetup } from '../context';
import { bytes, count, flops, significant } from '../format';
import { isActive } from '../stores/run';
import { summaryOf } from '../stores/setup';
import { JumpButton } from './JumpButton';

export function CostSection(): ReactNode {
  return (
    <section className="section cost-section" aria-label="Planned cost">
      <Cost />
      <ActiveNote />
    </section>
  );
}

function ActiveNote(): ReactNode {
  const active = useRun((s) => isActive(s.state));
  return active ? <p className="muted">Changes are used by the next run.</p> : null;
}

interface Figure {
  readonly name: string;
  /** null: the configuration has no such thing. */
  readonly of: (summary: PlanSummary) => number | null;
  readonly text: (value: number) => string;
}

const FIGURES: readonly Figure[] = [
  { name: 'Parameters', of: (s) => s.parameters, text: count },
  { name: 'Training cost', of: (s) => s.flopsPerToken, text: (n) => `${flops(n)}/token` },
  { name: 'Memory', of: (s) => s.memory.totalBytes, text: bytes },
  { name: 'KV cache', of: (s) => s.cacheBytesPerToken, text: (n) => `${bytes(n)}/token` },
  { name: 'Tokens a step', of: (s) => s.tokensPerStep, text: count },
  { name: 'Dispatches a step', of: (s) => s.dispatchesPerStep, text: count },
];

function Cost(): ReactNode {
  const plan = useSetup((s) => s.plan);
  const base = useMenuStore((s) => s.baseCost);
  if (plan.status === 'refused') return <Refused reason={plan.reason} />;
  const summary = summaryOf(plan);
  return (
    <dl className="facts cost" data-stale={summary === null || plan.status === 'planning'}>
      {FIGURES.map((figure) => (
        <div key={figure.name}>
          <dt>{figure.name}</dt>
          <dd className="num">
            {summary === null ? <Waiting /> : <FigureOf figure={figure} summary={summary} base={base} />}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Keeps the place of a figure until the configuration is planned. */
const Waiting = (): ReactNode => <span title="as soon as the configuration is planned">{'\u2026'}</span>;

interface FigureProps {
  readonly figure: Figure;
  readonly summary: PlanSummary;
  readonly base: PlanSummary | null;
}

function FigureOf({ figure: { of, text }, summary, base }: FigureProps): ReactNode {
  const [now, before] = [of(summary), base && of(base)];
  if (now === null) return 'none';
  return (
    <>
      {text(now)}
      {before !== null && <Ratio now={now} before={before} text={text} />}
    </>
  );
}

/** How a figure stands to the preset's: percent while small, a factor beyond. */
function Ratio({ now, before, text }: { now: number; before: number; text: (n: number) => string }): ReactNode {
  if (now === before || before === 0) return null;
  const ratio = now / before;
  const percent = (ratio - 1) * 100;
  const size = significant(Math.abs(percent), Math.abs(percent) < 10 ? 1 : 2);
  const label = ratio >= 2 ? `${significant(ratio, 2)}\u00d7` : `${percent > 0 ? '+' : '\u2212'}${size} %`;
  return (
    <span className="cost-ratio" title={`the preset: ${text(before)}`}>
      {' '}
      {label}
    </span>
  );
}

/** The reason, with a way to every symbol that it names. */
function Refused({ reason }: { readonly reason: string }): ReactNode {
  const tree = useMenuStore((s) => s.menu?.tree ?? null);
  const names = [...new Set(reason.match(/\b[A-Z][A-Z0-9_]{2,}\b/g) ?? [])];
  const symbols = names.flatMap((name) => {
    const sym = tree?.symbols.get(name);
    return sym !== undefined && sym.nodes.some((node) => node.prompt !== null) ? [sym] : [];
  });
  return (
    <div className="callout danger" role="alert">
      <strong>This configuration cannot run</strong>
      <p className="pre">{reason}</p>
      {symbols.length > 0 && (
        <p className="row jumps">
          {symbols.map((sym) => (
            <JumpButton key={sym.name} item={sym} />
          ))}
        </p>
      )}
    </div>
  );
}
