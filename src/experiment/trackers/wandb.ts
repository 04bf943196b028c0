/** The files of an offline Weights & Biases run by content: history lines, summary, config, metadata. Nothing is ever sent. */
import { stableJson } from '../manifest/serialize';
import type { Scalars } from './scalars';

/** One line of wandb-history.jsonl: `_step`, `_runtime` (s), `_timestamp` (UNIX s) and the metrics. */
export const historyLine = ({ step, elapsedMs, values }: Scalars, beganMs: number): string =>
  `${JSON.stringify({ _step: step, _runtime: elapsedMs / 1000, _timestamp: (beganMs + elapsedMs) / 1000, ...values })}\n`;

/** The last value of every metric. */
export function summaryJson(rows: readonly Scalars[]): string {
  const last = rows.at(-1);
  const values: Record<string, number> = {};
  for (const row of rows) Object.assign(values, row.values);
  return stableJson({ ...values, _step: last?.step ?? 0, _runtime: (last?.elapsedMs ?? 0) / 1000 });
}

/** Each symbol as W&B's config holds it: {"value": ...}. */
export const configJson = (symbols: Readonly<Record<string, string>>): string =>
  stableJson(Object.fromEntries(Object.entries(symbols).map(([name, value]) => [name, { value }])));
