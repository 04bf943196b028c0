/** A run that came in the address: shown as what it is, kept when asked to, never run by itself. */
import { useEffect, useState, type ReactNode } from 'react';
import type { SharedRun as Shared } from '@/worker/store-protocol';
import { useLibrary, useWorkbench } from '../context';
import { count } from '../format';
import { dateText } from './words';

const close = (): void => void (location.hash = '#/runs');

export function SharedRun({ packed }: { readonly packed: string }): ReactNode {
  const { library } = useWorkbench();
  const busy = useLibrary((s) => s.busy !== null);
  const [found, setFound] = useState<Shared | string | null>(null);
  useEffect(() => {
    let current = true;
    library.openShared(packed).then(
      (run) => current && setFound(run),
      (error: unknown) => current && setFound((error as Error).message),
    );
    return () => {
      current = false;
    };
  }, [library, packed]);
  const keep = async (): Promise<void> => {
    const id = await library.keepShared(packed);
    if (id !== null) location.hash = `#/runs/${encodeURIComponent(id)}`;
  };
  if (found === null) return <p role="status">Reading the run in the link…</p>;
  if (typeof found === 'string')
    return (
      <article className="notice danger" role="alert">
        <div className="notice-text">
          <p>The run in this link was refused: {found}.</p>
        </div>
        <button type="button" className="quiet" onClick={close}>
          Dismiss
        </button>
      </article>
    );
  return (
    <article className="notice info runs-shared" aria-label="Shared run">
      <div className="notice-text">
        <p>
          <strong>A run shared by link: </strong>
          {nameOf(found)}
        </p>
        <p className="num">{factsOf(found)}</p>
        <p>
          Checked: its manifest is valid and names these metrics. Who made it, and on what, is as it states.
          {found.withoutTimes && ' Step times were left out to make it fit.'}
        </p>
      </div>
      <div className="row">
        <button type="button" className="primary" disabled={busy} onClick={() => void keep()}>
          Keep in this browser
        </button>
        <button type="button" className="quiet" onClick={close}>
          Dismiss
        </button>
      </div>
    </article>
  );
}

const nameOf = ({ preset, runId, overrides, seed }: Shared): string =>
  [
    preset || runId,
    ...Object.entries(overrides)
      .filter(([name]) => name !== 'SEED')
      .map((pair) => pair.join('=')),
    ...(seed === null ? [] : [`seed ${seed}`]),
  ].join(' ');

const factsOf = (run: Shared): string =>
  [
    `${count(run.steps)} steps, ${run.status}`,
    ...(run.valLoss === null ? [] : [`validation loss ${run.valLoss.toFixed(4)} nats per token`]),
    ...(run.parameters === null ? [] : [`${count(run.parameters)} parameters`]),
    run.data,
    `${run.adapter}${run.software ? ' (software adapter)' : ''}`,
    dateText(run.createdAt),
  ].join(' · ');
