/** Compares random cases with kconfiglib. `scripts/kconfig/differential.mjs` runs it for thousands of seeds. */
import { createHash } from 'node:crypto';
import { runCase } from './cases';
import type { Case, Outcome } from './cases';
import { oracleOutcomes } from './oracle';
import { randomCase } from './random';

/** Where two outcomes part, or null. A crash of the oracle says nothing. */
export function difference(ours: Outcome, theirs: Outcome): string | null {
  if ('crash' in theirs || 'crash' in ours) return null;
  if ('error' in theirs) return 'error' in ours ? null : `accepted, but the oracle says: ${theirs.error}`;
  if ('error' in ours) return `refused, but the oracle accepts: ${ours.error}`;
  for (let i = 0; i < theirs.states.length; i++) {
    for (const key of ['dump', 'choices', 'config', 'min', 'new'] as const) {
      const a = JSON.stringify(ours.states[i]?.[key]);
      const b = JSON.stringify(theirs.states[i][key]);
      if (a !== b) return `state ${i}, ${key}:\n ours   ${a}\n oracle ${b}`;
    }
  }
  return null;
}

/** What a run over seeds found. */
export interface DifferentialReport {
  cases: number;
  states: number;
  errors: number;
  crashes: number;
  /**
   * Trees with a loop through a choice that the oracle refuses in one run and accepts in another: its search follows the order
   * of a set of objects. Ours refuses them always.
   */
  unstable: number;
  differences: { seed: number; text: string; test: Case }[];
}

/** Runs seeds through both implementations. */
export async function differential(from: number, count: number): Promise<DifferentialReport> {
  const report: DifferentialReport = { cases: 0, states: 0, errors: 0, crashes: 0, unstable: 0, differences: [] };
  const cases = Array.from({ length: count }, (_, i) => randomCase(from + i));
  let at = 0;
  for await (const theirs of oracleOutcomes(cases)) {
    const test = cases[at];
    const ours = runCase(test);
    report.cases++;
    if ('states' in theirs) report.states += theirs.states.length;
    else if ('error' in theirs) report.errors++;
    else report.crashes++;
    const text = difference(ours, theirs);
    if (text !== null) {
      if ('error' in ours && ours.error.includes('dependency loop') && (await refusedOnce(test))) report.unstable++;
      else report.differences.push({ seed: from + at, text, test });
    }
    at++;
  }
  return report;
}

/** Digests of the oracle's outcomes for seeds: the compact fixture of the test suite. `-` where the oracle crashed or wavers. */
export async function recordHashes(first: number, count: number): Promise<{ first: number; hashes: string[] }> {
  const cases = Array.from({ length: count }, (_, i) => randomCase(first + i));
  const hashes: string[] = [];
  for await (const outcome of oracleOutcomes(cases)) {
    const ours = runCase(cases[hashes.length]);
    const wavers = 'error' in ours && !('error' in outcome);
    hashes.push('crash' in outcome || wavers ? '-' : outcomeHash(outcome));
  }
  return { first, hashes };
}

/** The first 12 hex digits of a digest of an outcome; errors count as equal whatever their text. */
export function outcomeHash(outcome: Outcome): string {
  if (!('states' in outcome)) return createHash('sha256').update('error').digest('hex').slice(0, 12);
  const rows = outcome.states.map(({ dump, choices, config, min, new: fresh }) => [dump, choices, config, min, fresh]);
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 12);
}

/** Asks fresh oracles about a case until one refuses it. */
async function refusedOnce(test: Case): Promise<boolean> {
  for (let i = 0; i < 8; i++) {
    const before = Array.from({ length: i }, (_, n) => randomCase(n));
    for await (const outcome of oracleOutcomes([...before, ...Array<Case>(6).fill(test)])) {
      if ('error' in outcome && outcome.error.includes('Dependency loop')) return true;
    }
  }
  return false;
}
