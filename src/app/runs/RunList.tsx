/** All runs of this browser, a page of fifty at a time: a thousand rows at once would take the browser a second to lay out. */
import { useMemo, useState, type ReactNode } from 'react';
import type { RunEntry } from '@/worker/store-protocol';
import { useLibrary, useWorkbench } from '../context';
import { bytes, count } from '../format';
import { MAX_SELECTED } from '../stores/library';
import { dateText, matchesWords, runLabel, statusWord } from './words';

const PAGE = 50;

export function RunList({ open }: { readonly open: string | null }): ReactNode {
  const entries = useLibrary((s) => s.entries);
  const [words, setWords] = useState('');
  const [status, setStatus] = useState('all');
  const [page, setPage] = useState(0);
  const statuses = useMemo(() => [...new Set(entries.map(statusWord))].sort(), [entries]);
  const shown = useMemo(
    () => entries.filter((e) => (status === 'all' || statusWord(e) === status) && matchesWords(e, words.trim())),
    [entries, words, status],
  );
  const pages = Math.max(1, Math.ceil(shown.length / PAGE));
  const at = Math.min(page, pages - 1);
  return (
    <section className="runs-list" aria-label="Runs">
      <div className="runs-filter">
        <label className="field grow">
          <span>Search</span>
          <input
            type="search"
            data-page-search
            value={words}
            onChange={(e) => (setWords(e.target.value), setPage(0))}
          />
        </label>
        <label className="field">
          <span>Status</span>
          <select value={status} onChange={(e) => (setStatus(e.target.value), setPage(0))}>
            {['all', ...statuses].map((word) => (
              <option key={word}>{word}</option>
            ))}
          </select>
        </label>
      </div>
      <Rows entries={shown.slice(at * PAGE, (at + 1) * PAGE)} open={open} />
      {shown.length === 0 && <p role="status">No run matches. Clear the search or choose another status.</p>}
      {pages > 1 && (
        <nav className="row runs-pages" aria-label="Pages of the list">
          <button type="button" disabled={at === 0} onClick={() => setPage(at - 1)}>
            Newer
          </button>
          <span className="num">
            {count(at * PAGE + 1)} to {count(Math.min(shown.length, (at + 1) * PAGE))} of {count(shown.length)}
          </span>
          <button type="button" disabled={at === pages - 1} onClick={() => setPage(at + 1)}>
            Older
          </button>
        </nav>
      )}
    </section>
  );
}

function Rows({ entries, open }: { readonly entries: readonly RunEntry[]; readonly open: string | null }): ReactNode {
  return (
    <table className="table runs-table">
      <caption className="visually-hidden">Runs, newest first; up to {MAX_SELECTED} can be chosen</caption>
      <thead>
        <tr>
          <th scope="col">
            <span className="visually-hidden">Plot</span>
          </th>
          <th scope="col">Run</th>
          <th scope="col">Status</th>
          <th scope="col" className="right" title="Validation loss, nats per token">
            Val loss
          </th>
          <th scope="col" className="right">
            Steps
          </th>
          <th scope="col" className="right narrow-off">
            Size
          </th>
          <th scope="col" className="right narrow-off">
            Date
          </th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <Row key={entry.id} entry={entry} current={entry.id === open} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ entry, current }: { readonly entry: RunEntry; readonly current: boolean }): ReactNode {
  const { library } = useWorkbench();
  const place = useLibrary((s) => s.selected.indexOf(entry.id));
  const word = statusWord(entry);
  return (
    <tr className={current ? 'current' : undefined}>
      <td>
        <input
          type="checkbox"
          checked={place >= 0}
          data-series={place >= 0 ? (place % 7) + 1 : undefined}
          aria-label={`Plot ${runLabel(entry)}, ${entry.id}`}
          onChange={() => library.toggle(entry.id)}
        />
      </td>
      <th scope="row">
        <a href={`#/runs/${encodeURIComponent(entry.id)}`} title={entry.id} aria-current={current || undefined}>
          {runLabel(entry)}
        </a>
      </th>
      <td>
        <span className={`run-word run-${word.replace(' ', '-')}`}>{word}</span>
      </td>
      <td className="num right">{entry.valLoss === null ? '' : entry.valLoss.toFixed(4)}</td>
      <td className="num right">
        {count(entry.steps)}
        {entry.maxIters !== null && entry.status !== 'ok' && <span className="muted">/{count(entry.maxIters)}</span>}
      </td>
      <td className="num right narrow-off">{bytes(entry.bytes)}</td>
      <td className="num right narrow-off">{dateText(entry.createdAt)}</td>
    </tr>
  );
}
