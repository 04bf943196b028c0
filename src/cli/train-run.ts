/** Opens a configuration on an adapter and trains it into a directory: what `wb run`, `continue`, `replay` and `matrix` share. */
import { SingleBar } from 'cli-progress';
import { type EngineDevice, openDevice } from '@/engine/device';
import type { ExperimentConfig } from '@/experiment/config';
import { earlyStopText } from '@/experiment/early-stop';
import type { RunIdentity } from '@/experiment/manifest/build';
import { type OpenRun, openRun } from '@/experiment/open-run';
import type { RunStatus } from '@/experiment/recorder';
import { type Opened, executeResilient } from '@/experiment/session/resilient';
import type { SavedState } from '@/experiment/session/state-file';
import { RunControl } from '@/experiment/run-control';
import { dawn } from './dawn';
import type { DiskDirectory } from './disk-directory';
import { UsageError, loaders } from './options';
import { lockDirectory } from './process-lock';
import { sinksFor } from './trackers';
import { diskTuneCache } from './tune-cache';

export interface AdapterOptions {
  readonly backend: string;
  readonly software?: boolean;
  readonly autotune?: boolean;
}

/** A device for `--backend webgpu`, null for the reference. Throws UsageError for another name. */
export async function openEngine({ backend, software }: AdapterOptions): Promise<EngineDevice | null> {
  if (backend !== 'webgpu' && backend !== 'reference')
    throw new UsageError(`--backend ${backend}: use webgpu or reference`);
  return backend === 'webgpu' ? openDevice(await dawn(software)) : null;
}

export const adapterText = (engine: EngineDevice | null): string =>
  engine
    ? `adapter: ${engine.adapter.description || engine.adapter.architecture}${engine.adapter.software ? ' (software adapter)' : ''}`
    : 'CPU reference, f64: for tiny models';

export interface Runnable {
  readonly experiment: ExperimentConfig;
  readonly customText?: { readonly name: string; readonly text: string };
}

export function openRunnable(
  { experiment, customText }: Runnable,
  engine: EngineDevice | null,
  options: AdapterOptions,
): Promise<OpenRun> {
  const measure = engine !== null && (options.autotune ?? !engine.adapter.software);
  return openRun({
    config: experiment,
    engine,
    loaders: loaders(),
    ...(engine ? { tune: { cache: diskTuneCache(), measure } } : {}),
    ...(customText ? { customText } : {}),
  });
}

/** The device that the cells of a matrix share; another one after a loss. */
export interface EngineSlot {
  current: EngineDevice | null;
}

/** Opens a configuration on a device; a second call is for a new device, after a loss of the first. */
export async function openOn(runnable: Runnable, options: AdapterOptions, slot?: EngineSlot): Promise<Opened> {
  const engine = await openEngine(options);
  if (slot) slot.current = engine;
  return { engine, open: await openRunnable(runnable, engine, options) };
}

export interface TrainInto {
  readonly open: OpenRun;
  readonly directory: DiskDirectory;
  readonly identity: RunIdentity;
  readonly engine: EngineDevice | null;
  /** After a loss of the device. */
  readonly reopen: () => Promise<Opened>;
  readonly saved?: SavedState | null;
  readonly resumedAt?: readonly number[];
  readonly control?: RunControl;
  /** No limit in seconds: a replay. */
  readonly untimed?: boolean;
  /** Nothing on stderr, no bar. */
  readonly quiet: boolean;
  /** For a line of its own after each step (a matrix's ETA). */
  readonly onStep?: (step: number) => void;
}

export interface Outcome {
  readonly status: RunStatus;
  readonly steps: number;
  readonly loss: number;
  readonly val: number | null;
  readonly failed: string | null;
}

function progressBar(total: number, from: number, quiet: boolean): SingleBar | null {
  if (quiet || !process.stderr.isTTY) return null;
  const bar = new SingleBar({
    format: '{bar} {value}/{total} steps  loss {loss}  val {val}  {speed} tok/s  ETA {eta_formatted}',
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(total, from, { loss: '-', val: '-', speed: '-' });
  return bar;
}

/** Run variables: they steer a run, are recorded with the overrides, and are no symbols (workflow-and-explainers 3.1). */
export const RUN_VARIABLES = ['TRACKER', 'TIME', 'BASELINE'] as const;

const maxMs = ({ TIME: seconds }: Readonly<Record<string, string>>): number =>
  seconds === undefined ? Infinity : 1000 * Number(seconds);

/** Trains to the end, to `--steps`, or until SIGINT; what was done until then stays resumable. */
export async function trainInto(request: TrainInto): Promise<Outcome> {
  const { open, directory, identity, engine, quiet, onStep, control = new RunControl() } = request;
  const total = Math.min(identity.stopAt ?? Infinity, open.config.training.maxIters);
  const say = (line: string): void => void (quiet || process.stderr.write(`${line}\n`));
  const stop = (): void => control.stop();
  const limit = request.untimed ? Infinity : maxMs(identity.overrides);
  const unlock = lockDirectory(directory.root);
  process.once('SIGINT', stop);
  const bar = progressBar(total, request.saved?.step ?? 0, quiet);
  let [steps, loss, val, failed] = [request.saved?.step ?? 0, NaN, null as number | null, null as string | null];
  let last = open;
  const first = { open, engine };
  const events = executeResilient(first, directory, {
    control,
    identity,
    saved: request.saved ?? null,
    resumedAt: request.resumedAt ?? [],
    maxMs: limit,
    sinks: (saved) => sinksFor(identity, directory, saved),
    reopen: request.reopen,
    onOpen: (opened) => (last = opened.open),
  });
  try {
    for (;;) {
      const { value: event, done } = await events.next();
      if (done) return { status: event, steps, loss, val, failed };
      if (event.type === 'failed') failed = event.message;
      if (event.type === 'device-lost')
        process.stderr.write(`wb: the device was lost (${event.message}); opening another\n`);
      if (event.type === 'restored') process.stderr.write(`wb: a new device goes on from step ${event.step}\n`);
      if (event.type !== 'metric') continue;
      const { metric } = event;
      if (metric.event === 'early_stop') say(earlyStopText(metric));
      if (metric.event === 'prune' && !bar) say(`step ${metric.step}  pruned ${(100 * metric.actual).toFixed(2)} %`);
      if (metric.event !== 'eval' && metric.event !== 'step') continue;
      if (metric.event === 'eval') val = metric.loss;
      else {
        [loss, steps] = [metric.loss, metric.step + 1];
        onStep?.(steps);
        const speed = metric.time.tokens_per_second.toFixed(0);
        bar?.update(steps, { loss: loss.toFixed(4), val: val?.toFixed(4) ?? '-', speed });
      }
      if (!bar && (metric.event === 'eval' || metric.step % 50 === 0))
        say(`step ${metric.step}  ${metric.event === 'eval' ? 'val ' : ''}loss ${metric.loss.toFixed(4)}`);
    }
  } finally {
    if (last !== open) last.backend.destroy(); // `open` is the caller's
    bar?.stop();
    process.off('SIGINT', stop);
    unlock();
  }
}
