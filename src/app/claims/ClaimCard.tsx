/** One claim: title, status, figure as printed, what limits it, source, and how to set it up here. */
import { memo, type ReactNode } from 'react';
import type { EvidenceSet } from '@/worker/store-protocol';
import { LocalEvidence } from './LocalEvidence';
import { readingOf } from './documents';
import { caveats, figure, setupOf, type Claim } from './ledger';
import type { Reproduction } from './reproduce';

/** A figure under these is printed struck through; the reason stands below it. */
const STRUCK: ReadonlySet<Claim['status']> = new Set(['withdrawn', 'confounded']);

export const ClaimCard = memo(function ClaimCard(props: {
  readonly claim: Claim;
  readonly plan: Reproduction;
  readonly local: readonly EvidenceSet[];
}): ReactNode {
  const { claim: c, plan, local } = props;
  const value = figure(c);
  const reading = readingOf(c);
  const title = c.title.replaceAll(' %', '\u00a0%');
  return (
    <li id={`claim-${c.id}`}>
      <h3>
        <span className={`claim-status ${c.status}`}>{c.status}</span>
        {c.status === 'withdrawn' ? <s>{title}</s> : title}
      </h3>
      <p className="claim-figure">
        {c.metric.replaceAll('_', ' ')}:{' '}
        <span className="num">
          {value === null ? 'no figure printed' : STRUCK.has(c.status) ? <s>{value}</s> : value}
        </span>
      </p>
      <p className="muted">{setupOf(c)}</p>
      <Caveats of={c} />
      <p className="muted claim-source">
        Source: {c.sources.join(', ')} <span className="num">· {c.id}</span>
        {reading && (
          <>
            {' '}
            ·{' '}
            <a href={reading.href} aria-label={`${reading.title}: ${c.title}`}>
              {reading.title}
            </a>
          </>
        )}
      </p>
      <HowTo plan={plan} title={c.title} />
      {local.length > 0 && <LocalEvidence metric={c.metric} sets={local} />}
    </li>
  );
});

function Caveats({ of: c }: { readonly of: Claim }): ReactNode {
  const [first, ...others] = caveats(c);
  if (first === undefined) return null;
  return (
    <p className="claim-caveat">
      {c.reason === null ? first : <strong>{first}</strong>} {others.join(' ')}
    </p>
  );
}

function HowTo({ plan, title }: { readonly plan: Reproduction; readonly title: string }): ReactNode {
  switch (plan.kind) {
    case 'here':
      return (
        <>
          <p className="claim-run">
            <a className="button" href={plan.href} aria-label={`Reproduce here: ${title}`}>
              Reproduce here
            </a>{' '}
            <span className="muted">
              <code>{plan.preset}</code>. {plan.how} {plan.command !== null && <code>{plan.command}</code>}
            </span>
          </p>
          {plan.arms.length > 1 && (
            <p className="claim-arms muted">
              Arms:{' '}
              {plan.arms.map(({ label, href }) => (
                <a key={label} href={href} aria-label={`${label}: ${title}`}>
                  {label}
                </a>
              ))}
            </p>
          )}
        </>
      );
    case 'decode':
      return (
        <p className="claim-run">
          <a className="button" href={plan.href} aria-label={`Measure here: ${title}`}>
            Measure here
          </a>{' '}
          <span className="muted">
            Decode page, {plan.card}; or <code>{plan.command}</code>
          </span>
        </p>
      );
    case 'command':
      return (
        <p className="claim-run muted">
          <code>{plan.command}</code>. {plan.note}
        </p>
      );
    case 'missing':
      return <p className="claim-run muted">{plan.why}</p>;
  }
}
