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
  /** Preset that sets up the same comparison at small scale. */
  readonly preset: string | null;
}

export const claims = raw as readonly Claim[];

const MEANING: Readonly<Record<Status, string>> = {
  supported: 'holds in the setting it was measured in',
  limited: 'holds for a narrow setting',
  confounded: 'more than the named cause differs between the arms',
  inconsistent: 'sources disagree about this figure',
  contradicted: 'later evidence or the code speaks against it',
  projection: 'calculated or simulated, not measured',
  open: 'no usable comparison was published',
  withdrawn: 'taken back by its authors',
};

const WITHDRAWN: Readonly<Record<string, string>> = {
  'ra-page-82pct-val-ppl':
    'Removed on 2026-08-09: no artefact backs it, and a 5 % figure for the same idea stood beside it.',
  'ra-page-77pct-vs-gate': 'Went with the 82 % figure; with three paired seeds the gate beats the branch.',
  'ra-v16-val-loss':
    'Setup error: the gate stayed at zero, so the model was plain attention. The percentage is of nats.',
  'ra-v16-step-time':
    'Retracted on 2025-11-15: which code gave the timing is unknown, and the iteration count implies a slower step.',
  'gate-page-val-ppl': 'Belongs to the comparison removed on 2026-08-09 for want of an artefact.',
  'rmlp-v17-val-loss': 'The configuration turned the named attention off and pruned the cache, so the label is wrong.',
  'rmlp-v18-val-loss':
    'Retracted on 2025-11-15: cache pruning ran without a causal mask, so later tokens may have leaked.',
  'rmlp-v18-mean-weight': 'No attention signal reaches that path, so its weight says nothing about attention.',
};

/** What to keep in mind, from the recorded setup: status, seeds, budgets, missing facts. */
export function caveats(c: Claim): string[] {
  const out = [WITHDRAWN[c.id] ?? `${c.status}: ${MEANING[c.status]}.`];
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
  const text = [c.id, c.area, c.model, c.data, c.hardware, c.metric, c.status, c.preset, ...c.sources]
    .join(' ')
    .toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((w) => text.includes(w));
}
