/** The typed door between the page and the store worker: runs that are kept in this browser. */
import type { Report } from '@/experiment/report/report';
import type { TimelineSample, TimelineSummary } from '@/experiment/session/timeline';

export type { TimelineSample, TimelineSummary };

export type StoredStatus = 'pending' | 'running' | 'ok' | 'failed' | 'invalid' | 'skipped' | 'stopped';

/** One run in the list. */
export interface RunEntry {
  /** Its directory; unique in this browser. */
  readonly id: string;
  readonly runId: string;
  readonly preset: string;
  /** What its configuration changed on top of the preset, and run variables. */
  readonly changes: Readonly<Record<string, string>>;
  readonly status: StoredStatus;
  /** A tab is writing it now. `running` without it: interrupted. */
  readonly held: boolean;
  /** UTC; empty when the manifest is unreadable. */
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly seed: number | null;
  readonly steps: number;
  readonly maxIters: number | null;
  /** Nats per token. */
  readonly loss: number | null;
  readonly valLoss: number | null;
  readonly bestValLoss: number | null;
  readonly parameters: number | null;
  readonly data: string;
  readonly adapter: string;
  readonly software: boolean;
  readonly bytes: number;
  /** Not finished, and all is there that it takes to go on. */
  readonly resumable: boolean;
  readonly hasState: boolean;
  /** Came in a link: manifest and metrics, no weights. Absent in entries of older indexes. */
  readonly shared?: boolean;
  readonly parents: readonly string[];
}

/** A run's numbers by column; `steps` and `evals` have lengths of their own. */
export interface RunCurves {
  readonly id: string;
  readonly step: CurveColumns;
  readonly evals: CurveColumns;
  readonly parameters: number | null;
}

export interface CurveColumns {
  readonly step: Float64Array;
  /** Tokens seen; for evaluations those before the step. */
  readonly tokens: Float64Array;
  readonly elapsedMs: Float64Array;
  /** `loss`, `lr`, `grad_norm`, `tokens_per_second`, `perplexity`, and what else the lines hold. */
  readonly values: Readonly<Record<string, Float64Array>>;
}

export interface RunDetail {
  readonly id: string;
  readonly manifest: string | null;
  /** What is wrong with the manifest or with files that it lists. */
  readonly findings: readonly string[];
  readonly configMin: string;
  readonly log: string;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** What the machine did while a run went on (docs/runs.md). */
export interface RunTimeline {
  readonly samples: readonly TimelineSample[];
  /** Null for a run without samples: one of an earlier version. */
  readonly summary: TimelineSummary | null;
}

/** One symbol that is not the same in all of the runs asked about; null: the run's configuration does not have it. */
export interface ConfigDifference {
  readonly symbol: string;
  readonly values: readonly (string | null)[];
}

export type ReportMetric = 'val_loss' | 'best_val_loss' | 'loss';

export interface ReportRequest {
  readonly ids: readonly string[];
  readonly metric: ReportMetric;
  /** Group by this symbol; null: by every symbol that differs, but the seed. */
  readonly symbol: string | null;
  readonly baseline: string | null;
}

export interface ReportAnswer {
  readonly report: Report;
  readonly text: string;
  readonly csv: string;
  readonly json: string;
  /** Symbols to group by: those that differ. */
  readonly symbols: readonly string[];
}

/** A comparison that local runs can be evidence for. */
export interface ComparisonPlan {
  readonly id: string;
  /** Without `against`: its header declares the arms, and the first is the baseline. */
  readonly preset: string;
  readonly set?: Readonly<Record<string, string>>;
  /** The preset of the baseline. */
  readonly against?: string;
}

/** What is compared: perplexity is exp of the validation loss at the end of a run; step time is its mean. */
export type Quantity = 'perplexity' | 'loss' | 'step-time' | 'parameters';

/** One arm against its baseline over the seeds that both have. */
export interface EvidenceRow {
  readonly arm: string;
  readonly baseline: string;
  /** Pairs. */
  readonly n: number;
  /** Mean of (value - baseline) / baseline. */
  readonly relative: number;
  /** Standard deviation of the relative differences (n - 1); null for one pair. */
  readonly spread: number | null;
  /** 95 % bootstrap; null below three pairs. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Two-sided sign-flip permutation test. */
  readonly p: number;
}

/** Runs that differ in arm and seed alone, on one adapter. */
export interface EvidenceSet {
  /** SYMBOL=value that all of them changed on top of the presets. */
  readonly otherwise: readonly string[];
  readonly adapter: string;
  readonly software: boolean;
  readonly steps: number;
  readonly ids: readonly string[];
  readonly rows: Readonly<Record<Quantity, readonly EvidenceRow[]>>;
}

/** A run as the fragment of a link. */
export interface SharedLink {
  readonly text: string;
  /** What a clock measured was left out to make it fit. */
  readonly withoutTimes: boolean;
}

/** What a link says of its run, before it is kept. All of it is text of a stranger. */
export interface SharedRun {
  readonly runId: string;
  readonly preset: string;
  readonly overrides: Readonly<Record<string, string>>;
  readonly seed: number | null;
  readonly createdAt: string;
  readonly adapter: string;
  readonly software: boolean;
  readonly data: string;
  readonly parameters: number | null;
  readonly status: StoredStatus;
  readonly steps: number;
  readonly valLoss: number | null;
  readonly withoutTimes: boolean;
}

/** Three strengths, as `make clean`, `mrproper` and `distclean`. */
export type CleanStrength = 'state' | 'weights' | 'all';

export interface CleanResult {
  readonly runs: number;
  readonly bytes: number;
  /** Runs that were left alone because a tab is writing them. */
  readonly skipped: number;
}

export interface StorageUsage {
  /** Of the whole site, as the browser states it. */
  readonly usageBytes: number;
  readonly quotaBytes: number;
  /** The browser may not evict it by itself. */
  readonly persisted: boolean;
}

export type StoreEvent =
  /** A run came, changed or went, in any tab. */
  { readonly type: 'changed'; readonly id: string };

/** The store worker's side of Comlink. Every method rejects with a readable message. */
export interface StoreApi {
  subscribe(listener: (event: StoreEvent) => void): Promise<void>;
  /** Newest first. */
  list(): Promise<readonly RunEntry[]>;
  curves(id: string): Promise<RunCurves>;
  detail(id: string): Promise<RunDetail>;
  timeline(id: string): Promise<RunTimeline>;
  differences(ids: readonly string[]): Promise<readonly ConfigDifference[]>;
  report(request: ReportRequest): Promise<ReportAnswer>;
  /** The report's figure as `wb report --format svg` draws it: SVG text. */
  figure(request: ReportRequest): Promise<string>;
  /** By plan: the finished runs here that belong to it, where at least one pair is among them. */
  evidence(plans: readonly ComparisonPlan[]): Promise<Readonly<Record<string, readonly EvidenceSet[]>>>;
  export(id: string, options: { readonly withoutState: boolean }): Promise<Uint8Array>;
  /** A zip of `export` or of `wb export`; a matrix comes in as its cells. Returns the new ids. */
  import(name: string, zip: Uint8Array): Promise<readonly string[]>;
  /** Rejects where the run has not ended or is too long for a link. */
  share(id: string): Promise<SharedLink>;
  /** Checks what a link holds, and writes nothing. Rejects with what is wrong with it. */
  openShared(packed: string): Promise<SharedRun>;
  /** Writes it as a run; returns its id. Nothing is trained. */
  keepShared(packed: string): Promise<string>;
  remove(ids: readonly string[]): Promise<void>;
  clean(strength: CleanStrength): Promise<CleanResult>;
  usage(): Promise<StorageUsage>;
}
