/**
 * Mirrors of a run in other programs' formats, under `trackers/` in its directory. metrics.jsonl is the truth: a run that goes
 * on after a kill writes its mirrors anew from it. Nothing is sent anywhere.
 */
import type { MetricEvent } from '../events';
import { stableJson } from '../manifest/serialize';
import type { MetricSink } from '../recorder';
import type { RunDirectory } from '../run-directory';
import type { MetricLine } from '../session/metrics-log';
import { type Scalars, scalarsOf } from './scalars';
import { scalarRecord, versionRecord } from './tensorboard';
import { trackioCsv } from './trackio';
import { configJson, historyLine, summaryJson } from './wandb';

export const TRACKERS = ['trackio', 'wandb', 'tensorboard'] as const;
export type TrackerName = (typeof TRACKERS)[number];

export class TrackerError extends Error {
  override name = 'TrackerError';
}

/** `TRACKER=` as names: "both" are the source project's two, "none" or "" none, else a comma list in any case. */
export function parseTrackers(text: string): readonly TrackerName[] {
  const value = text.trim().toLowerCase();
  if (value === '' || value === 'none') return [];
  if (value === 'both') return ['trackio', 'wandb'];
  return [...new Set(value.split(','))].map((item) => {
    const found = TRACKERS.find((name) => name === item.trim());
    if (!found) throw new TrackerError(`TRACKER=${text}: "${item}" is none of ${TRACKERS.join(', ')}, both, none`);
    return found;
  });
}

export interface TrackerContext {
  readonly runId: string;
  readonly project: string;
  /** Milliseconds since 1970 at which the run began. */
  readonly beganMs: number;
  /** Symbol -> value. */
  readonly symbols: Readonly<Record<string, string>>;
}

const FOLDER = 'trackers';

/** What a tracker writes: while the run goes on, and at its end. */
interface Mirror {
  readonly path: string;
  head(): Uint8Array | string;
  row(row: Scalars): Uint8Array | string;
  /** Whole files from all rows, at the end. */
  end(rows: readonly Scalars[]): Readonly<Record<string, string>>;
}

function mirrorOf(name: TrackerName, { runId, project, beganMs, symbols }: TrackerContext): Mirror {
  const seconds = Math.floor(beganMs / 1000);
  switch (name) {
    case 'tensorboard':
      return {
        path: `${FOLDER}/tensorboard/events.out.tfevents.${seconds}.wb`,
        head: () => versionRecord(seconds),
        row: (row) => scalarRecord(row, (beganMs + row.elapsedMs) / 1000),
        end: () => ({}),
      };
    case 'wandb':
      return {
        path: `${FOLDER}/wandb/wandb-history.jsonl`,
        head: () => '',
        row: (row) => historyLine(row, beganMs),
        end: (rows) => ({
          [`${FOLDER}/wandb/wandb-summary.json`]: summaryJson(rows),
          [`${FOLDER}/wandb/config.json`]: configJson(symbols),
          [`${FOLDER}/wandb/wandb-metadata.json`]: stableJson({
            id: runId,
            project,
            startedAt: new Date(beganMs).toISOString(),
          }),
        }),
      };
    case 'trackio':
      return {
        path: `${FOLDER}/trackio/rows.jsonl`,
        head: () => '',
        row: ({ step, elapsedMs, values }) => `${JSON.stringify({ step, elapsedMs, ...values })}\n`,
        end: (rows) => ({ [`${FOLDER}/trackio/${runId}.csv`]: trackioCsv(rows, beganMs) }),
      };
  }
}

const bytesOf = (data: Uint8Array | string): Uint8Array =>
  typeof data === 'string' ? new TextEncoder().encode(data) : data;

function joined(parts: readonly (Uint8Array | string)[]): Uint8Array {
  const all = parts.map(bytesOf);
  const out = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of all) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Opens the mirrors; `before`: what metrics.jsonl already holds. */
export async function openSinks(
  names: readonly TrackerName[],
  directory: RunDirectory,
  context: TrackerContext,
  before: readonly MetricLine[],
): Promise<readonly MetricSink[]> {
  const sinks: MetricSink[] = [];
  for (const name of names) {
    const mirror = mirrorOf(name, context);
    const rows = before.map(scalarsOf);
    await directory.write(mirror.path, joined([mirror.head(), ...rows.map((row) => mirror.row(row))]));
    let written = rows.length;
    sinks.push({
      record: (metric: MetricEvent) => void rows.push(scalarsOf(metric as unknown as MetricLine)),
      async flush() {
        const fresh = rows.slice(written);
        written = rows.length;
        if (fresh.length > 0) await directory.append(mirror.path, joined(fresh.map((row) => mirror.row(row))));
      },
      async close() {
        for (const [path, text] of Object.entries(mirror.end(rows))) await directory.write(path, text);
      },
    });
  }
  return sinks;
}
