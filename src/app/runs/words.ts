/** How the list names things. */
import type { RunEntry } from '@/worker/store-protocol';
import { isInterrupted } from '../stores/interrupted';

export function statusWord(entry: RunEntry): string {
  if (entry.shared) return 'shared';
  if (isInterrupted(entry)) return 'interrupted';
  if (entry.status === 'running') return entry.held ? 'running' : 'cut off';
  return { pending: 'pending', ok: 'finished', failed: 'failed', invalid: 'unreadable', skipped: 'skipped', stopped: 'stopped' }[entry.status]; // prettier-ignore
}

/** `#/runs/shared:<text>`: no run can be called that. */
export const SHARED_PREFIX = 'shared:';

/** Choice members and long lists say little: the first few changes name a run. */
const NAMED = 5;

const tokensOf = ({ preset, changes, seed, id }: RunEntry): string[] => {
  const named = Object.entries(changes).filter(([name]) => name !== 'SEED').map(([name, value]) => `${name}=${value}`); // prettier-ignore
  return [preset || id, ...named.slice(0, NAMED), ...(seed === null ? [] : [`seed ${seed}`])];
};

/** Preset, what was changed on top of it, seed. */
export const runLabel = (entry: RunEntry): string => tokensOf(entry).join(' ');

/** Short labels for a plot: what all of them share is left out; runs of one name are told apart by when they were made. */
export function labelsOf(entries: readonly RunEntry[]): Map<string, string> {
  const tokens = entries.map(tokensOf);
  const shared = new Set(
    tokens[0]?.filter((token) => entries.length > 1 && tokens.every((own) => own.includes(token))),
  );
  const labels = tokens.map((own) => own.filter((token) => !shared.has(token)).join(' ') || own[0]);
  return new Map(
    entries.map((entry, i) => {
      const repeated = labels.filter((label) => label === labels[i]).length > 1;
      return [entry.id, repeated ? `${labels[i]} ${entry.createdAt.slice(11, 19)}` : labels[i]];
    }),
  );
}

/** `2026-11-21 10:05` in the reader's time zone. */
export function dateText(utc: string): string {
  if (utc === '') return 'unknown';
  const date = new Date(utc);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

export const matchesWords = (entry: RunEntry, words: string): boolean => {
  const text = `${entry.id} ${runLabel(entry)} ${entry.data} ${entry.adapter} ${statusWord(entry)}`.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word)); // prettier-ignore
};
