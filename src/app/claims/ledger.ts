/** The ledger of reported claims: figures as their sources print them, with what limits each. Nothing here was measured by this project. */
import raw from './claims.json';

export const STATUSES = [
  'supported',
  'limited',
  'confounded',
  'inconsistent',
  'contradicted',
  'projection',
  'open',
  'withdrawn',
] as const;
export type Status = (typeof STATUSES)[number];

export interface Claim {
  readonly id: string;
  readonly area: string;
  /** What is claimed, in our words. */
  readonly title: string;
  /** What speaks against it: set for withdrawn, contradicted, confounded and inconsistent claims. */
  readonly reason: string | null;
  readonly model: string | null;
  readonly data: string | null;
  readonly hardware: string | null;
  /** One number for all arms, or [baseline, result]. */
  readonly iterations: number | readonly (number | null)[] | null;
  readonly seeds: number | null;
  readonly metric: string;
  readonly unit: string | null;
  readonly baseline: number | null;
  readonly result: number | null;
  readonly changePct: number | null;
  readonly higherIsBetter: boolean | null;
  readonly sources: readonly string[];
  readonly status: Status;
  /** The comparison behind it (`reproduce.ts` has its preset), or null and what stands in the way. */
  readonly experiment: string | null;
  readonly obstacle: string | null;
}

export const claims = raw as readonly Claim[];

export const MEANING: Readonly<Record<Status, string>> = {
  supported: 'holds in the setting it was measured in',
  limited: 'holds for a narrow setting',
  confounded: 'more than the named cause differs between the arms',
  inconsistent: 'sources disagree about this figure',
  contradicted: 'later evidence or the code speaks against it',
  projection: 'calculated or simulated, not measured',
  open: 'no usable comparison was published',
  withdrawn: 'taken back by its authors',
};

/** What to keep in mind: what speaks against the claim, then seeds, budgets and missing facts of the recorded setup. */
export function caveats(c: Claim): string[] {
  const out = c.reason === null ? [] : [c.reason];
  if (c.seeds === 1) out.push('One seed.');
  else if (c.seeds === null) out.push('Number of seeds not stated.');
  if (Array.isArray(c.iterations) && c.iterations[0] !== c.iterations[1]) {
    const [a, b] = c.iterations as readonly (number | null)[];
    out.push(`Unequal training: ${a ?? 'unknown'} iterations for the baseline, ${b ?? 'unknown'} for the result.`);
  }
  if (c.baseline === null && !c.metric.endsWith('_change')) out.push('No baseline printed.');
  if (c.hardware === null) out.push('Hardware not stated.');
  return out;
}

/** Every word must occur somewhere in the row. */
export function matches(c: Claim, words: string): boolean {
  const text = [
    c.id,
    c.title,
    c.area,
    c.model,
    c.data,
    c.hardware,
    c.metric,
    c.status,
    c.reason,
    c.experiment,
    ...c.sources,
  ]
    .join(' ')
    .toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((w) => text.includes(w));
}

/** `baseline → result unit (change)`, as printed. Null where the source prints no number. */
export function figure(c: Claim): string | null {
  if (c.result === null) return null;
  const unit = c.unit === null || c.unit === '1' ? '' : ` ${c.unit}`;
  const change = c.changePct === null ? '' : ` (${signed(c.changePct)} %)`;
  return `${c.baseline === null ? '' : `${digits(c.baseline)} → `}${digits(c.result)}${unit}${change}`;
}

const digits = (v: number): string => (Math.abs(v) >= 10_000 ? v.toLocaleString('en-US') : String(v)).replace('-', '−');
const signed = (v: number): string => `${v > 0 ? '+' : ''}${digits(v)}`;

/** The recorded setup, what is known of it. */
export function setupOf(c: Claim): string {
  const known = [c.model, c.data, c.hardware].filter((v) => v !== null);
  if (typeof c.iterations === 'number') known.push(`${c.iterations.toLocaleString('en-US')} iterations`);
  if (c.seeds !== null && c.seeds > 1) known.push(`${c.seeds} seeds`);
  return known.join(' · ') || 'Setup not stated';
}

/** How many of `of` each value of `key` has. */
export function countBy<K extends string>(of: readonly Claim[], key: (c: Claim) => K): ReadonlyMap<K, number> {
  const counts = new Map<K, number>();
  for (const c of of) counts.set(key(c), (counts.get(key(c)) ?? 0) + 1);
  return counts;
}
