/** One run: what it was, what it is made of, and what can be done with it. */
import { Suspense, lazy, useEffect, useState, type ReactNode } from 'react';
import type { RunDetail as Detail, RunEntry } from '@/worker/store-protocol';
import { useLibrary, useRun, useSetup, useWorkbench } from '../context';
import { bytes, count } from '../format';
import { download } from '../plot/export';
import { pack } from '../stores/menu/link';
import { isActive } from '../stores/run';
import { ConfirmButton } from './ConfirmButton';
import { SHARED_PREFIX, dateText, runLabel, statusWord } from './words';

export function RunDetail({ entry }: { readonly entry: RunEntry }): ReactNode {
  const { library } = useWorkbench();
  const [detail, setDetail] = useState<Detail | string | null>(null);
  useEffect(() => {
    let current = true;
    library.detail(entry.id).then(
      (found) => current && setDetail(found),
      (error: unknown) => current && setDetail((error as Error).message),
    );
    return () => {
      current = false;
    };
  }, [library, entry.id, entry.status, entry.bytes]); // not `entry`: every listing makes new ones, and reading hashes all weights
  const found = detail !== null && typeof detail !== 'string' ? detail : null;
  return (
    <section className="runs-detail" aria-label={`Run ${entry.id}`}>
      <div className="row runs-detail-head">
        <h3>{runLabel(entry)}</h3>
        <a href="#/runs" aria-label="Close the run">
          Close
        </a>
      </div>
      <Facts entry={entry} />
      <Actions entry={entry} configMin={found?.configMin ?? null} />
      <Verdict id={entry.id} />
      {typeof detail === 'string' && <p role="alert">{detail}</p>}
      <Machine entry={entry} />
      {found && <Contents detail={found} />}
    </section>
  );
}

function Facts({ entry }: { readonly entry: RunEntry }): ReactNode {
  const loss = (value: number | null): string => (value === null ? 'none' : `${value.toFixed(4)} nats per token`);
  const rows: readonly (readonly [string, ReactNode])[] = [
    ['Id', entry.id],
    ['Status', entry.shared ? `shared by link, ${entry.status}; no weights` : statusWord(entry)],
    ['Begun', dateText(entry.createdAt)],
    ['Ended', entry.endedAt === null ? 'no' : dateText(entry.endedAt)],
    ['Steps', `${count(entry.steps)}${entry.maxIters === null ? '' : ` of ${count(entry.maxIters)}`}`],
    ['Training loss', loss(entry.loss)],
    ['Validation loss', `${loss(entry.valLoss)}; best ${loss(entry.bestValLoss)}`],
    ['Parameters', entry.parameters === null ? 'unknown' : count(entry.parameters)],
    ['Data', entry.data],
    [
      'Adapter',
      <>
        {entry.adapter} {entry.software && <span className="badge warn">Software adapter</span>}
      </>,
    ],
    ['Size', bytes(entry.bytes)],
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

function Actions({ entry, configMin }: { readonly entry: RunEntry; readonly configMin: string | null }): ReactNode {
  const { library, session } = useWorkbench();
  const active = useRun((s) => isActive(s.state) || s.connection !== 'ready');
  const busy = useLibrary((s) => s.busy !== null);
  const presets = useSetup((s) => s.presets);
  const [copied, setCopied] = useState<string | null>(null);
  const { id, held } = entry;
  const save = async (withoutState: boolean): Promise<void> => {
    const zip = await library.exportRun(id, withoutState);
    if (zip) download(`${id}.zip`, new Blob([zip as Uint8Array<ArrayBuffer>], { type: 'application/zip' }));
  };
  const copy = async (hash: string, done: string): Promise<void> => {
    const link = `${location.origin}${location.pathname}${hash}`;
    try {
      await navigator.clipboard.writeText(link);
      setCopied(done);
    } catch {
      setCopied(link); // no clipboard without permission: the reader copies it
    }
  };
  const share = async (): Promise<void> => {
    const known = presets.some(({ name }) => name === entry.preset);
    const query = new URLSearchParams({ ...(known ? { defconfig: entry.preset } : {}), c: pack(configMin ?? '') });
    await copy(`#/lab?${query.toString()}`, 'Link copied: it opens the configuration, not the results.');
  };
  const shareRun = async (): Promise<void> => {
    try {
      const { text, withoutTimes } = await library.share(id);
      const left = withoutTimes ? ' Step times were left out to make it fit.' : '';
      await copy(
        `#/runs/${SHARED_PREFIX}${text}`,
        `Link copied: manifest and metrics, no weights; ${count(text.length)} characters.${left}`,
      );
    } catch (error) {
      setCopied(`No link: ${(error as Error).message}.`);
    }
  };
  return (
    <>
      <div className="row runs-actions">
        {entry.resumable && (
          <button
            type="button"
            className="primary"
            disabled={active || held}
            onClick={() => {
              void session.continueRun(id);
              location.hash = '#/lab';
            }}
          >
            Continue
          </button>
        )}
        {entry.status === 'ok' && (
          <button
            type="button"
            disabled={active || held}
            title="Runs it again and compares every line"
            onClick={() => void session.replay(id)}
          >
            Replay
          </button>
        )}
        <button type="button" disabled={busy} onClick={() => void save(false)}>
          Export
        </button>
        {entry.hasState && (
          <button
            type="button"
            disabled={busy}
            title="Leaves out what only continuing needs"
            onClick={() => void save(true)}
          >
            Export without state
          </button>
        )}
        <button type="button" disabled={configMin === null || configMin === ''} onClick={() => void share()}>
          Copy link to configuration
        </button>
        {entry.endedAt !== null && (
          <button type="button" title="Manifest and metrics in the address itself" onClick={() => void shareRun()}>
            Copy link to run
          </button>
        )}
        <ConfirmButton
          label="Delete"
          confirm="Delete this run"
          disabled={busy || held}
          onConfirm={() => void library.remove([id])}
        />
      </div>
      {copied !== null && (
        <p role="status" className="num runs-link">
          {copied}
        </p>
      )}
    </>
  );
}

function Verdict({ id }: { readonly id: string }): ReactNode {
  const verdict = useRun((s) => s.verdicts[id]);
  if (!verdict) return null;
  return (
    <p role="status" className={`runs-verdict ${verdict.result}`}>
      <strong>Replay: </strong>
      <span className="pre">{verdict.text}</span>
    </p>
  );
}

const TimelinePanel = lazy(async () => ({ default: (await import('./TimelinePanel')).TimelinePanel }));

function Machine({ entry }: { readonly entry: RunEntry }): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <details className="more" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Timeline: memory, step time, heap</summary>
      {open && (
        <Suspense fallback={<p role="status">Loading…</p>}>
          <TimelinePanel id={entry.id} version={`${entry.status} ${entry.bytes}`} />
        </Suspense>
      )}
    </details>
  );
}

function Contents({ detail }: { readonly detail: Detail }): ReactNode {
  return (
    <>
      {detail.findings.length > 0 && (
        <ul className="runs-notes" aria-label="Findings">
          {detail.findings.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      <details className="more">
        <summary>Configuration, what differs from the defaults</summary>
        <pre className="num" tabIndex={0}>
          {detail.configMin || '(none)'}
        </pre>
      </details>
      <details className="more">
        <summary>Files</summary>
        <table className="table">
          <tbody>
            {detail.files.map(({ path, bytes: size }) => (
              <tr key={path}>
                <th scope="row" className="num">
                  {path}
                </th>
                <td className="num right">{bytes(size)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
      {detail.log !== '' && (
        <details className="more">
          <summary>Log</summary>
          <pre className="num" tabIndex={0}>
            {detail.log}
          </pre>
        </details>
      )}
      <details className="more">
        <summary>Manifest</summary>
        <pre className="num" tabIndex={0}>
          {detail.manifest ?? '(missing)'}
        </pre>
      </details>
    </>
  );
}
