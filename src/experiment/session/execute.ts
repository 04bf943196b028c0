/**
 * One training run in one directory, from its first file to its last: the page and the terminal, a single run and a cell of a
 * matrix all come through here. Whatever kills it, `rewind` and a second call finish it with the same result.
 */
import { sha256Bytes, sha256Text } from '@/data/hash';
import type { AdapterDescription } from '@/engine/device';
import { earlyStopText } from '../early-stop';
import type { EarlyStopEvent, RunEvent } from '../events';
import { type RunIdentity, NOT_ENDED, clockQuantumNs, trainManifest, utc } from '../manifest/build';
import type { ManifestResults } from '../manifest/schema';
import { serializeManifest } from '../manifest/serialize';
import { observersOf } from '../observers';
import type { OpenRun } from '../open-run';
import { type MetricSink, RunRecorder, type RunStatus, huggingFaceConfig } from '../recorder';
import { PhaseClock } from '../phases';
import { type RunDirectory, readText } from '../run-directory';
import type { RunControl } from '../run-control';
import { train } from '../train';
import { type MetricLine, parseMetrics, timeless } from './metrics-log';
import type { SavedState } from './state-file';
import { timeLimitText } from './time-limit';
import { Timeline } from './timeline';

export interface ExecuteOptions {
  readonly control: RunControl;
  readonly identity: RunIdentity;
  readonly adapter: AdapterDescription | null;
  /** From `rewind`, in a run that is taken up again. */
  readonly saved?: SavedState | null;
  readonly resumedAt?: readonly number[];
  /** The run ends, complete, after so many milliseconds of training (`TIME=`). */
  readonly maxMs?: number;
  readonly sinks?: readonly MetricSink[];
  /** Files to write before the first step besides those that every run has. */
  readonly files?: Readonly<Record<string, string>>;
  readonly now?: () => Date;
  /** Save the state at least this often (ms), so that little is lost; 0: only at checkpoints. */
  readonly autosaveMs?: number;
  /** True for an error that the caller repairs (a lost device): the run is then left open, not marked as failed. */
  readonly recoverable?: (error: unknown) => Promise<boolean>;
  /** JavaScript heap for the timeline, where this thread cannot read it. */
  readonly heap?: () => number | null;
}

const AUTOSAVE_MS = 30_000;
/** Saving may take at most one part in so many of the time. */
const AUTOSAVE_SHARE = 50;

/** When the state is due: every `interval`, less often where saving is slow, and at once when it was asked for. */
class Autosave {
  #due: number;
  constructor(
    readonly control: RunControl,
    readonly interval: number,
  ) {
    this.#due = performance.now() + interval;
  }

  readonly due = (): boolean => this.control.takeSaveRequest() || (this.interval > 0 && performance.now() >= this.#due);

  saved(startedAt: number): void {
    const now = performance.now();
    this.#due = now + Math.max(this.interval, AUTOSAVE_SHARE * (now - startedAt));
  }
}

/** What came out, for the manifest: last losses, best evaluation, checksums. */
async function resultsOf(
  directory: RunDirectory,
  status: RunStatus,
  endedAt: string,
  reason: string | null,
  planned: number,
): Promise<ManifestResults> {
  const lines = parseMetrics((await readText(directory, 'metrics.jsonl')) ?? '');
  const last = (event: string): MetricLine | undefined => lines.findLast((line) => line.event === event);
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  const evals = lines.filter((line) => line.event === 'eval' && typeof line['loss'] === 'number');
  const best = evals.reduce<MetricLine | null>(
    (a, b) => (a === null || (b['loss'] as number) < (a['loss'] as number) ? b : a),
    null,
  );
  const metric = last('eval')?.['metric'] as { readonly name: string; readonly value: number } | undefined;
  const steps = lines.filter((line) => line.event === 'step').length;
  const early = last('early_stop') as EarlyStopEvent | undefined;
  const short = early ? earlyStopText(early) : steps < planned ? timeLimitText(steps, planned) : null;
  const why = reason ?? (status === 'ok' ? short : null);
  const weights = [];
  for (const file of await directory.list())
    if (file === 'best.safetensors' || /^checkpoints\/\d+\.safetensors$/.test(file))
      weights.push({ file, sha256: await sha256Bytes((await directory.read(file))!) });
  return {
    status,
    endedAt,
    steps,
    final: {
      loss: number(last('step')?.['loss']),
      val_loss: number(last('eval')?.['loss']),
      perplexity: number(last('eval')?.['perplexity']),
      ...(metric ? { [metric.name]: metric.value } : {}),
    },
    best: best === null ? null : { step: best.step, loss: best['loss'] as number },
    weights,
    metricsSha256: sha256Text(lines.map((line) => `${timeless(line)}\n`).join('')),
    ...(why === null ? {} : { reason: why }),
  };
}

/** The part of a failure's text that may stand in a manifest: no paths, no addresses. */
const publicReason = (message: string): string => message.replace(/\S*[/\\@]\S*/g, '[...]').slice(0, 400);

/**
 * Trains and yields every event after it was recorded. Ends with STATUS ok, stopped or failed; an error of the backend or of the
 * directory is recorded and thrown on.
 */
export async function* executeRun(
  open: OpenRun,
  directory: RunDirectory,
  options: ExecuteOptions,
): AsyncGenerator<RunEvent, RunStatus> {
  const { control, identity, adapter, saved = null, maxMs = Infinity, sinks = [], now = () => new Date() } = options;
  const autosave = new Autosave(control, options.autosaveMs ?? AUTOSAVE_MS);
  const recorder = new RunRecorder(directory, open.config, open.backend, sinks);
  const quantumNs = clockQuantumNs();
  const resumedAt = saved ? [...(options.resumedAt ?? []), saved.step] : (options.resumedAt ?? []);
  const manifest = (results: ManifestResults): string =>
    serializeManifest(trainManifest({ identity, open, adapter, quantumNs, results, resumedAt }));
  if (saved) {
    await open.backend.loadState(saved.state);
    await recorder.resume(saved);
    await directory.write('manifest.json', manifest(NOT_ENDED));
  } else
    await recorder.begin({
      'config.min': identity.minimal,
      'config.full': identity.full,
      'config.json': huggingFaceConfig(open.model),
      'tokenizer.json': `${JSON.stringify(open.corpus.tokenizer.toJSON())}\n`,
      ...options.files,
      'manifest.json': manifest(NOT_ENDED),
    });
  const clock = new PhaseClock();
  const { heap } = options;
  const timeline = new Timeline(directory, open.backend, { clock, resumed: saved !== null, ...(heap ? { heap } : {}) });
  const planned = Math.min(identity.stopAt ?? Infinity, open.config.training.maxIters);
  let failed: string | null = null;
  let stopped = false;
  const end = async (status: RunStatus): Promise<RunStatus> => {
    await recorder.flush();
    await timeline.flush();
    const results = await resultsOf(
      directory,
      status,
      utc(now()),
      failed === null ? null : publicReason(failed),
      planned,
    );
    await directory.write('manifest.json', manifest(results));
    await recorder.end(status);
    return status;
  };
  try {
    for await (const event of train(open.config, open.backend, {
      control,
      ...(saved ? { fromStep: saved.step, progress: saved.progress, elapsedMs: saved.elapsedMs } : {}),
      ...(identity.stopAt === null ? {} : { stopAt: identity.stopAt }),
      maxMs,
      onCheckpoint: async (step, kind, progress) => {
        const startedAt = performance.now();
        const events = await recorder.checkpoint(step, kind, progress);
        if (kind !== 'best') autosave.saved(startedAt);
        await timeline.flush();
        return events;
      },
      autosave: autosave.due,
      clock,
      observers: observersOf(open),
    })) {
      await recorder.record(event);
      if (event.type === 'failed') failed = event.message;
      if (event.type === 'finished') stopped = event.stopped;
      yield event;
      if (event.type === 'metric' && event.metric.event === 'step') {
        const sample = await timeline.step(event.metric.step, event.metric.time.elapsed_ms);
        if (sample) yield { type: 'timeline', step: sample.step, sample };
      }
    }
    const sample = await timeline.last();
    if (sample) yield { type: 'timeline', step: sample.step, sample };
  } catch (error) {
    if (await options.recoverable?.(error)) throw error;
    failed = error instanceof Error ? error.message : String(error);
    try {
      await directory.append('log.txt', `failed: ${failed}\n`);
      await end('failed');
    } catch {
      // A full disk takes no verdict either. STATUS stays `running`, which "continue" takes up; the first error is the one to show.
    }
    throw error;
  }
  return end(failed !== null ? 'failed' : stopped ? 'stopped' : 'ok');
}
