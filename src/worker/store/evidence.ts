/**
 * Which runs of this browser belong to a comparison, and what they say. A run belongs to the arm with which it agrees in every
 * symbol that the arms differ in. Two runs are a pair when seed, data, adapter, length and all other symbols are equal.
 */
import { comparePaired } from '@/experiment/stats/paired';
import type { Manifest } from '@/experiment/manifest/schema';
import type { EvidenceRow, EvidenceSet, Quantity } from '../store-protocol';
import type { Arm } from './arms';
import { armSymbols } from './arms';
import { adapterOf } from './entry';

export interface FinishedRun {
  readonly id: string;
  /** Minimal configuration. */
  readonly values: ReadonlyMap<string, string>;
  readonly manifest: Manifest;
  /** Mean over the run; null where the log has no times. */
  readonly msPerStep: number | null;
}

function valueOf({ manifest, msPerStep }: FinishedRun, quantity: Quantity): number | null {
  const loss = manifest.results?.final['val_loss'] ?? null;
  switch (quantity) {
    case 'loss':
      return loss;
    case 'perplexity':
      return loss === null ? null : Math.exp(loss);
    case 'step-time':
      return msPerStep;
    case 'parameters':
      return manifest.model?.params ?? null;
  }
}

/** The arm of a run, and what else its configuration changed; null: of none. */
export function placeRun(
  values: ReadonlyMap<string, string>,
  arms: readonly Arm[],
  symbols = armSymbols(arms),
): { readonly arm: Arm; readonly otherwise: readonly string[] } | null {
  const arm = arms.find((a) => [...symbols].every((name) => a.values.get(name) === values.get(name)));
  if (!arm) return null;
  const names = [...new Set([...values.keys(), ...arm.values.keys()])].filter((name) => name !== 'SEED').sort();
  const otherwise = names
    .filter((name) => values.get(name) !== arm.values.get(name))
    .map((name) => `${name}=${values.get(name) ?? 'default'}`);
  return { arm, otherwise };
}

interface Group {
  readonly otherwise: readonly string[];
  readonly adapter: string;
  readonly software: boolean;
  /** Arm -> seed -> run. Of two runs of one arm and seed the older one counts: a replay adds nothing. */
  readonly arms: Map<string, Map<number, FinishedRun>>;
}

function groupsOf(runs: readonly FinishedRun[], arms: readonly Arm[]): Group[] {
  const symbols = armSymbols(arms);
  const groups = new Map<string, Group>();
  const older = [...runs].sort((a, b) => (a.manifest.createdAt < b.manifest.createdAt ? -1 : 1));
  for (const run of older) {
    const place = placeRun(run.values, arms, symbols);
    if (!place) continue;
    const { manifest } = run;
    const adapter = adapterOf(manifest.device);
    const key = JSON.stringify([place.otherwise, adapter, manifest.data?.sha256, manifest.results?.steps]);
    const group = groups.get(key) ?? {
      otherwise: place.otherwise,
      adapter,
      software: manifest.device?.software ?? false,
      arms: new Map(),
    };
    groups.set(key, group);
    const seeds = group.arms.get(place.arm.label) ?? new Map<number, FinishedRun>();
    group.arms.set(place.arm.label, seeds);
    const seed = manifest.seed ?? 0;
    if (!seeds.has(seed)) seeds.set(seed, run);
  }
  return [...groups.values()];
}

function rowsOf(group: Group, arms: readonly Arm[], quantity: Quantity): EvidenceRow[] {
  return arms.flatMap(({ label, baseline }): EvidenceRow[] => {
    const [own, base] = [group.arms.get(label), group.arms.get(baseline)];
    if (label === baseline || !own || !base) return [];
    const pairs = [...own].flatMap(([seed, run]): (readonly [number, number])[] => {
      const other = base.get(seed);
      const [a, b] = [valueOf(run, quantity), other ? valueOf(other, quantity) : null];
      return a === null || b === null ? [] : [[a, b]];
    });
    if (pairs.length === 0) return [];
    const { n, relative, spread, interval, test } = comparePaired(
      pairs.map(([a]) => a),
      pairs.map(([, b]) => b),
    );
    return [{ arm: label, baseline, n, relative, spread: n > 1 ? spread : null, interval, p: test.p }];
  });
}

/** Sets of runs with at least one pair; most pairs first, then those nearest to the presets. */
export function evidenceOf(runs: readonly FinishedRun[], arms: readonly Arm[]): EvidenceSet[] {
  const sets = groupsOf(runs, arms).flatMap((group): EvidenceSet[] => {
    const rows: EvidenceSet['rows'] = {
      perplexity: rowsOf(group, arms, 'perplexity'),
      loss: rowsOf(group, arms, 'loss'),
      'step-time': rowsOf(group, arms, 'step-time'),
      parameters: rowsOf(group, arms, 'parameters'),
    };
    if (Object.values(rows).every((list) => list.length === 0)) return [];
    const { otherwise, adapter, software } = group;
    const members = [...group.arms.values()].flatMap((seeds) => [...seeds.values()]);
    const steps = members[0]!.manifest.results?.steps ?? 0;
    return [{ otherwise, adapter, software, steps, ids: members.map(({ id }) => id), rows }];
  });
  const pairs = (set: EvidenceSet): number => set.rows.loss.reduce((sum, { n }) => sum + n, 0);
  return sets.sort((a, b) => pairs(b) - pairs(a) || a.otherwise.length - b.otherwise.length);
}
