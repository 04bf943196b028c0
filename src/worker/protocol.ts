/**
 * The typed protocol between the page and the engine worker. Everything that crosses is structured-clonable.
 * Commands go through Comlink (`WorkerApi`); everything that happens during a run comes back as a `WorkerEvent`.
 */

import type { AnalysisApi } from './analysis-protocol';
import type { MeasureApi } from './decode-protocol';
import type { HeadMap } from '@/experiment/attention-maps';
import type { MetricEvent } from '@/experiment/events';
import type { CachePart, LayerCache } from '@/models/attention/cache';
import type { Verdict } from '@/experiment/session/compare-runs';
import type { TimelineSample } from '@/experiment/session/timeline';

export type { HeadMap, TimelineSample, Verdict };

/** Who does the arithmetic. `software` is shown as an amber badge everywhere. */
export interface AdapterInfo {
  readonly kind: 'webgpu' | 'reference';
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly software: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** Measured roof of the adapter: see engine/probe.ts. */
export interface AdapterRoof {
  readonly fmaGflops: number;
  readonly bandwidthGBs: number;
}

/** Planned bytes by category; `planned` sums to `allocated` once the run has started. */
export interface MemoryPlan {
  readonly categories: readonly { readonly name: string; readonly bytes: number }[];
  readonly totalBytes: number;
  readonly largest: readonly { readonly name: string; readonly bytes: number }[];
}

export type { CachePart };

export type CacheSummary =
  | { readonly layers: readonly LayerCache[]; readonly nEmbd: number; readonly blockSize: number }
  | { readonly reason: string };

/** What a configuration will cost, known before anything runs. */
export interface PlanSummary {
  readonly parameters: number;
  readonly flopsPerToken: number;
  readonly tokensPerStep: number;
  readonly dispatchesPerStep: number;
  readonly memory: MemoryPlan;
  /** f32; null where the model cannot decode. */
  readonly cacheBytesPerToken: number | null;
  /** What a decoder keeps, layer by layer, or why there is no decoder. */
  readonly cache: CacheSummary;
}

export type RunState = 'idle' | 'preparing' | 'running' | 'paused' | 'finished' | 'failed' | 'stopped';

/** Reference lines the plots draw and label in place. */
export interface ReferenceLine {
  readonly id: string;
  readonly label: string;
  readonly value: number;
}

/** Metrics that only some methods have (mask updates, moment resets, ...), as their lines in metrics.jsonl. */
export type MethodMetric = Exclude<MetricEvent, { event: 'step' | 'eval' }>;

/** How a sample was decoded. */
export interface DecodeFacts {
  /** Of the drawn tokens, the prompt's time included. */
  readonly tokensPerSecond: number;
  /** Of the cache buffers as allocated; null where every token forwards the whole window. */
  readonly cacheBytes: number | null;
  /** Why the model cannot decode with a cache. */
  readonly fallback: string | null;
}

export type WorkerEvent =
  | { readonly type: 'adapter'; readonly adapter: AdapterInfo }
  | { readonly type: 'roof'; readonly roof: AdapterRoof }
  | { readonly type: 'state'; readonly state: RunState; readonly reason?: string }
  /** Long work before the first step: tokenising, compiling pipelines, autotuning. */
  | { readonly type: 'progress'; readonly stage: string; readonly done: number; readonly total: number }
  | {
      readonly type: 'started';
      readonly runId: string;
      /** Its directory in the store; null where the browser keeps no files. */
      readonly id: string | null;
      /** The step that it goes on from; 0 for a new run. */
      readonly fromStep: number;
      readonly preset: string;
      readonly maxIters: number;
      readonly plan: PlanSummary;
      readonly allocatedBytes: number;
      readonly references: readonly ReferenceLine[];
      readonly datasetName: string;
      readonly trainTokens: number;
      readonly valTokens: number;
      /** Three plain sentences: what is trained, on what, what to look at. */
      readonly description: string;
    }
  | {
      readonly type: 'step';
      readonly step: number;
      readonly loss: number;
      readonly lr: number;
      readonly gradNorm: number;
      readonly tokens: number;
      readonly time: { readonly elapsedMs: number; readonly stepMs: number; readonly tokensPerSecond: number };
    }
  | {
      readonly type: 'eval';
      readonly step: number;
      readonly split: 'train' | 'val';
      readonly loss: number;
      readonly perplexity: number;
      readonly metric?: { readonly name: string; readonly value: number };
    }
  | { readonly type: 'metric'; readonly metric: MethodMetric }
  | {
      readonly type: 'sample';
      readonly requestId: number;
      readonly prompt?: string;
      /** Behind the prompt. */
      readonly text: string;
      /** Of the batch's other sequences, which share the prompt. */
      readonly others?: readonly string[];
      readonly done: boolean;
      /** Why it ended before its last token. */
      readonly cut?: string;
      readonly decode?: DecodeFacts;
    }
  | {
      readonly type: 'checkpoint';
      readonly step: number;
      readonly path: string;
      readonly best: boolean;
      readonly bytes: number;
    }
  /** What the machine did since the last one: a line of timeline.jsonl (docs/runs.md). */
  | { readonly type: 'timeline'; readonly step: number; readonly sample: TimelineSample }
  | {
      readonly type: 'profile';
      readonly ops: readonly { readonly name: string; readonly dispatches: number; readonly ms: number }[];
    }
  /** `running`: a new device is being opened and the run goes on by itself; `restored` follows. */
  | { readonly type: 'device-lost'; readonly reason: string; readonly message: string; readonly running?: boolean }
  | { readonly type: 'restored'; readonly step: number }
  /** A replay has ended: `identical`, or the first difference in words. */
  | { readonly type: 'verdict'; readonly id: string; readonly verdict: Verdict }
  | { readonly type: 'memory'; readonly gpuBytes: number; readonly jsHeapBytes: number | null }
  | { readonly type: 'warning'; readonly message: string }
  /** What is wrong, where, and what to do. */
  | { readonly type: 'error'; readonly message: string; readonly detail?: string };

/** Config symbols without the CONFIG_ prefix; values as Kconfig prints them ("y", "128", "3e-4"). */
export type SymbolOverrides = Readonly<Record<string, string>>;

/** A defconfig that ships with the site. */
export interface PresetInfo {
  readonly name: string;
  readonly title: string;
  /** The defconfig itself. */
  readonly text: string;
}

export interface RunRequest {
  readonly preset: string;
  readonly overrides: SymbolOverrides;
  /** The configuration as edited, as `.config` text; it stands in place of the preset's text. Overrides come on top. */
  readonly config?: string;
  /** Text dropped or pasted by the user; without `config` it also switches the dataset to DATASET_CUSTOM. */
  readonly customText?: { readonly name: string; readonly text: string };
  /** Of which matrix it is a cell: the run is called `<matrix>-<id>` and names the matrix as its parent. */
  readonly cell?: { readonly matrix: string; readonly id: string };
}

/** A preset's arms, axes and seeds over one configuration. */
export interface PageMatrix {
  readonly id: string;
  readonly preset: string;
  readonly cells: readonly {
    readonly id: string;
    readonly label: string;
    readonly seed: number;
    /** `.config` text. */
    readonly config: string;
    readonly maxIters: number;
  }[];
  /** Combinations that cannot be, with the reason. */
  readonly excluded: readonly string[];
}

export interface SampleRequest {
  readonly requestId: number;
  readonly prompt: string;
  readonly tokens: number;
  /** Sequences drawn together; absent: 1. */
  readonly texts?: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly seed: number;
}

export interface AttentionView {
  /** The text of each token. */
  readonly tokens: readonly string[];
  /** Tokens of the prompt beyond those shown. */
  readonly cut: number;
  readonly maps: readonly HeadMap[];
}

/** The worker's side of Comlink. */
export interface WorkerApi extends MeasureApi, AnalysisApi {
  /** Registers the one listener for events (a Comlink proxy). */
  subscribe(listener: (event: WorkerEvent) => void): Promise<void>;
  /** Finds the adapter and emits `adapter`; without WebGPU the labelled CPU reference. */
  init(): Promise<AdapterInfo>;
  presets(): Promise<readonly PresetInfo[]>;
  /** Kconfig sources by path, for the page's menu. */
  kconfig(): Promise<Readonly<Record<string, string>>>;
  /** Cost of a configuration without running it. Rejects with a readable message. */
  plan(request: RunRequest): Promise<PlanSummary>;
  start(request: RunRequest): Promise<void>;
  /** The cells that the preset's header declares over this configuration. Rejects with a readable message. */
  matrix(request: RunRequest): Promise<PageMatrix>;
  /** Goes on with an interrupted or stopped run of the store, to the result that it would have had. */
  continueRun(id: string): Promise<void>;
  /** Runs a stored run again and reports a `verdict`; an identical copy is deleted. */
  replay(id: string): Promise<void>;
  /** The page's JavaScript heap in bytes, for the timeline: no browser tells a worker. */
  pageHeap(bytes: number): Promise<void>;
  /** The page may be closed soon: save the state at the next step. */
  saveSoon(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
  /** Text streams back as `sample` events; works while training. */
  sample(request: SampleRequest): Promise<void>;
  /** Ends the text that streams now; what is drawn stays. */
  cancelSample(): Promise<void>;
  /** What the heads attend to on `prompt` at the current weights; works while training. Rejects with a readable message. */
  attention(prompt: string): Promise<AttentionView>;
  /** Files of the current run (metrics.jsonl, best.safetensors, ...), for download. */
  file(name: string): Promise<Uint8Array | null>;
}
