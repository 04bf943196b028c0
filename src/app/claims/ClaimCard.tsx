/** One claim: title, status, figure as printed, what limits it, source, and how to set it up here. */
import { memo, type ReactNode } from 'react';
import { caveats, figure, setupOf, type Claim } from './ledger';
import type { Reproduction } from './reproduce';

/** A figure under these is printed struck through; the reason stands below it. */
const STRUCK: ReadonlySet<Claim['status']> = new Set(['withdrawn', 'confounded']);

export const ClaimCard = memo(function ClaimCard(props: {
  readonly claim: Claim;
  readonly plan: Reproduction;
}): ReactNode {
  const { claim: c, plan } = props;
  const value = figure(c);
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
      </p>
      {plan.kind === 'here' ? (
        <p className="claim-run">
          <a className="button" href={plan.href} aria-label={`Reproduce here: ${c.title}`}>
            Reproduce here
          </a>{' '}
          <span className="muted">
            <code>{plan.preset}</code>. {plan.how}
          </span>
        </p>
      ) : (
        <p className="claim-run muted">{plan.why}</p>
      )}
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
