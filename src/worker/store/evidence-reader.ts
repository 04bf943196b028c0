/** Reads what `evidence.ts` needs from the store: configurations of all finished runs, manifests of those that belong somewhere. */
import { manifestOf } from '@/experiment/manifest/read';
import { readText } from '@/experiment/run-directory';
import type { ComparisonPlan, EvidenceSet, RunEntry } from '../store-protocol';
import { type Arm, armSymbols, armsOf } from './arms';
import { assignments } from '@/experiment/assignments';
import { type FinishedRun, evidenceOf, placeRun } from './evidence';
import { inTurns } from './in-turns';
import type { RunStore } from './run-store';

/** Of metrics.jsonl: holds its last steps. */
const TAIL_BYTES = 4096;

export class EvidenceReader {
  readonly #arms = new Map<string, readonly Arm[]>();
  /** A finished run does not change. */
  readonly #configs = new Map<string, ReadonlyMap<string, string>>();
  readonly #runs = new Map<string, FinishedRun | null>();

  constructor(private readonly store: RunStore) {}

  async read(plans: readonly ComparisonPlan[]): Promise<Record<string, readonly EvidenceSet[]>> {
    const entries = (await this.store.list()).filter(({ status }) => status === 'ok');
    if (entries.length < 2) return {};
    const found: Record<string, readonly EvidenceSet[]> = {};
    for (const plan of plans) {
      const arms = this.#armsOf(plan);
      const symbols = armSymbols(arms);
      const own = await inTurns(entries, async (entry) =>
        placeRun(await this.#config(entry), arms, symbols) ? this.#run(entry) : null,
      );
      const sets = evidenceOf(
        own.filter((run) => run !== null),
        arms,
      );
      if (sets.length > 0) found[plan.id] = sets;
    }
    return found;
  }

  #armsOf(plan: ComparisonPlan): readonly Arm[] {
    const key = JSON.stringify([plan.preset, plan.set, plan.against]);
    const known = this.#arms.get(key) ?? armsOf(plan);
    this.#arms.set(key, known);
    return known;
  }

  async #config({ id, endedAt }: RunEntry): Promise<ReadonlyMap<string, string>> {
    const key = `${id} ${endedAt}`;
    const known = this.#configs.get(key);
    if (known) return known;
    const config = assignments((await readText(await this.store.existing(id), 'config.min')) ?? '');
    this.#configs.set(key, config);
    return config;
  }

  async #run(entry: RunEntry): Promise<FinishedRun | null> {
    const key = `${entry.id} ${entry.endedAt}`;
    const known = this.#runs.get(key);
    if (known !== undefined) return known;
    const directory = await this.store.existing(entry.id);
    const text = await readText(directory, 'manifest.json');
    const manifest = text === null ? null : manifestOf(text);
    const log = await directory.file('metrics.jsonl');
    const tail = (await log?.slice(Math.max(0, log.size - TAIL_BYTES)).text()) ?? '';
    const run = manifest && {
      id: entry.id,
      values: await this.#config(entry),
      manifest,
      msPerStep: msPerStep(tail),
    };
    this.#runs.set(key, run);
    return run;
  }
}

/** From the last step line: training time up to its end over the steps so far. */
export function msPerStep(tail: string): number | null {
  const line = tail.split('\n').findLast((l) => l.startsWith('{"event":"step"') && l.endsWith('}'));
  const elapsed = Number(/"elapsed_ms":([\d.e+-]+)/.exec(line ?? '')?.[1] ?? NaN);
  const step = Number(/"step":(\d+)/.exec(line ?? '')?.[1] ?? NaN);
  return Number.isFinite(elapsed / (step + 1)) && elapsed > 0 ? elapsed / (step + 1) : null;
}
