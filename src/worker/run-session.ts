/** One run of the page, from its directory to its end: the same road as `wb run`, with what only a page has (samples). */
import { DEFAULT_TRAITS } from '@/engine/device';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import { earlyStopText } from '@/experiment/early-stop';
import type { RunEvent } from '@/experiment/events';
import type { RunIdentity } from '@/experiment/manifest/build';
import type { OpenRun } from '@/experiment/open-run';
import type { RunStatus } from '@/experiment/recorder';
import { type RunDirectory, readText } from '@/experiment/run-directory';
import { parseMetrics } from '@/experiment/session/metrics-log';
import { type Opened, executeResilient } from '@/experiment/session/resilient';
import type { SavedState } from '@/experiment/session/state-file';
import type { RunControl } from '@/experiment/run-control';
import { planTraining } from '@/experiment/training-plan';
import type { Configured } from './configure';
import { CUSTOM_TEXT_FILE } from './custom-text';
import { describeRun, referenceLines } from './describe';
import { loggedEvent, pageEvent } from './forward';
import type { WorkerEvent } from './protocol';
import { summarise } from './summarise';

const MEMORY_EVERY = 20;
/** Steps between two looks at how far the run is, for the list of runs. */
const REFRESH_EVERY = 200;

export interface Job {
  readonly id: string | null;
  readonly identity: RunIdentity;
  readonly configured: Configured;
  readonly directory: RunDirectory;
  readonly saved: SavedState | null;
  readonly resumedAt: readonly number[];
}

export interface SessionHost {
  readonly emit: (event: WorkerEvent) => void;
  readonly open: (configured: Configured) => Promise<Opened>;
  /** The directory has changed. */
  readonly refresh: () => Promise<void>;
  /** JavaScript heap of the page in bytes, as it last said; null before that. */
  readonly heap: () => number | null;
}

export interface SessionResult {
  readonly status: RunStatus;
  readonly failed: string | null;
  /** Why it ended before its last step, where that is no failure. */
  readonly note?: string;
}

export class RunSession {
  /** In use now: another one after a loss of the device. */
  opened: Opened;
  /** Work that must happen between steps (samples, analyses), in order. */
  readonly #between: { readonly task: () => Promise<void>; readonly dropped: () => void }[] = [];
  #ended = false;

  constructor(
    readonly job: Job,
    readonly control: RunControl,
    readonly host: SessionHost,
    first: Opened,
  ) {
    this.opened = first;
  }

  get open(): OpenRun {
    return this.opened.open;
  }

  /** Runs `task` with no step in flight; `dropped`: the device was lost before. */
  between(task: () => Promise<void>, dropped: () => void = () => undefined): void {
    this.#between.push({ task, dropped });
    if (this.#ended) void this.#work();
  }

  /** What `look` finds with no step in flight. */
  read<T>(look: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) =>
      this.between(
        () => look().then(resolve, reject),
        () => reject(new Error('the graphics device was lost: try again when the run goes on')),
      ),
    );
  }

  /** Says what is run, and what a run that is taken up again had shown before. */
  async announce(): Promise<void> {
    const { job, host, open } = this;
    const { config, corpus, model, backend } = open;
    const shape = { trainTokens: corpus.train.length, valTokens: corpus.val.length, sampling: corpus.sampling };
    const plan =
      backend instanceof WebGpuBackend
        ? backend.training
        : planTraining(config, model, shape, { traits: DEFAULT_TRAITS });
    host.emit({
      type: 'started',
      runId: job.identity.runId,
      id: job.id,
      fromStep: job.saved?.step ?? 0,
      preset: job.identity.preset,
      maxIters: Math.min(config.training.maxIters, job.identity.stopAt ?? Infinity),
      plan: summarise(config, plan),
      allocatedBytes: backend.summary.allocatedBytes,
      references: referenceLines(open),
      datasetName: corpus.name,
      trainTokens: corpus.train.length,
      valTokens: corpus.val.length,
      description: describeRun(open),
    });
    if (!job.saved) return;
    for (const line of parseMetrics((await readText(job.directory, 'metrics.jsonl')) ?? ''))
      host.emit(loggedEvent(line));
  }

  /** Trains to the end. Throws what `executeResilient` throws. */
  async train(): Promise<SessionResult> {
    const { job, host, control } = this;
    const { customText } = job.configured;
    const events = executeResilient(this.opened, job.directory, {
      control,
      identity: job.identity,
      saved: job.saved,
      resumedAt: job.resumedAt,
      ...(customText ? { files: { [CUSTOM_TEXT_FILE]: customText.text } } : {}),
      reopen: () => host.open(job.configured),
      onOpen: (opened) => void (this.opened = opened),
      heap: host.heap,
    });
    host.emit({ type: 'state', state: 'running' });
    let failed: string | null = null;
    let note: string | undefined;
    try {
      for (;;) {
        const { value, done } = await events.next();
        if (done) return { status: value, failed, ...(note === undefined ? {} : { note }) };
        if (value.type === 'failed') failed = value.message;
        if (value.type === 'metric' && value.metric.event === 'early_stop') note = earlyStopText(value.metric);
        await this.#follow(value);
      }
    } finally {
      this.#ended = true; // whoever still waits for a moment between steps has it now
      await this.#work();
    }
  }

  async #follow(event: RunEvent): Promise<void> {
    const { host } = this;
    const told = pageEvent(event);
    if (told) host.emit(told);
    if (event.type === 'metric' && event.metric.event === 'step') {
      const { step } = event.metric;
      if (step % MEMORY_EVERY === 0) this.#reportMemory();
      if (step % REFRESH_EVERY === 0) await host.refresh();
    }
    if (event.type === 'timeline' && event.sample.ops) host.emit({ type: 'profile', ops: event.sample.ops });
    if (event.type === 'device-lost') for (const { dropped } of this.#between.splice(0)) dropped();
    else await this.#work();
    if (event.type === 'paused') void this.#workWhilePaused();
  }

  async #work(): Promise<void> {
    while (this.#between.length > 0) {
      const { task } = this.#between.shift()!;
      // The run does not depend on it: a loss of the device in here is met again, and repaired, by the next step.
      await task().catch((error: unknown) =>
        this.host.emit({
          type: 'warning',
          message: `between two steps: ${error instanceof Error ? error.message : String(error)}`,
        }),
      );
    }
  }

  async #workWhilePaused(): Promise<void> {
    while (this.control.paused) {
      await this.#work();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #reportMemory(): void {
    const { memory } = performance as { memory?: { usedJSHeapSize: number } };
    this.host.emit({
      type: 'memory',
      gpuBytes: this.open.backend.allocatedBytes,
      jsHeapBytes: memory?.usedJSHeapSize ?? null,
    });
  }
}
