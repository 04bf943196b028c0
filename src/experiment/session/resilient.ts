/**
 * A run that outlives its device. When the device is lost (a driver reset, a crashed GPU process, a pulled cable) a new one is
 * opened, the plan is built on it, the directory is taken back to its last saved state and training goes on. The result is that of
 * a run that lost nothing, because it is the same road that `wb continue` takes.
 */
import type { EngineDevice } from '@/engine/device';
import { DeviceError } from '@/engine/device';
import type { RunEvent } from '../events';
import type { OpenRun } from '../open-run';
import type { MetricSink, RunStatus } from '../recorder';
import type { RunDirectory } from '../run-directory';
import { type ExecuteOptions, executeRun } from './execute';
import { rewind } from './resume';
import type { SavedState } from './state-file';

export interface Opened {
  readonly open: OpenRun;
  /** null: the reference, which cannot be lost. */
  readonly engine: EngineDevice | null;
}

export interface ResilientOptions extends Omit<ExecuteOptions, 'adapter' | 'sinks' | 'recoverable'> {
  /** Opens the run once more, on a new device. */
  readonly reopen: () => Promise<Opened>;
  /** Trackers; called again after a loss, because they mirror the metrics that were cut. */
  readonly sinks?: (saved: SavedState | null) => Promise<readonly MetricSink[]>;
  /** Told of the backend that is in use from now on. */
  readonly onOpen?: (opened: Opened) => void;
}

/** Losses in a row that brought no new step: then something else is wrong. */
const MAX_IDLE_LOSSES = 5;
const REOPEN_TRIES = 6;
const REOPEN_WAIT_MS = 250;
/** A pending map is rejected a moment before `device.lost` resolves. */
const LOST_WAIT_MS = 2000;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The reason when the device is lost, null when it is well. */
async function lossOf(engine: EngineDevice | null): Promise<string | null> {
  if (!engine) return null;
  const lost = engine.device.lost.then(({ reason, message }) => message || reason || 'no reason given');
  return Promise.race([lost, wait(LOST_WAIT_MS).then(() => null)]);
}

/** A GPU process that has just died may offer no adapter for a moment, or a device that is lost at once: any error may be an echo. */
async function reopenPatiently(reopen: () => Promise<Opened>): Promise<Opened> {
  for (let tries = 1; ; tries++) {
    try {
      return await reopen();
    } catch (error) {
      if (tries === REOPEN_TRIES) throw error;
      await wait(REOPEN_WAIT_MS * 2 ** (tries - 1));
    }
  }
}

/** As `executeRun`, and besides yields `device-lost` and `restored`. Destroys the backends that were lost, not the last one. */
export async function* executeResilient(
  first: Opened,
  directory: RunDirectory,
  { reopen, sinks, onOpen, ...options }: ResilientOptions,
): AsyncGenerator<RunEvent, RunStatus> {
  let opened = first;
  let saved = options.saved ?? null;
  let resumedAt = options.resumedAt ?? [];
  let furthest = -1;
  let idle = 0;
  for (;;) {
    let loss: string | null = null;
    let advanced = false;
    const recoverable = async (): Promise<boolean> => (loss = await lossOf(opened.engine)) !== null;
    try {
      onOpen?.(opened);
      const events = executeRun(opened.open, directory, {
        ...options,
        adapter: opened.engine?.adapter ?? null,
        saved,
        resumedAt,
        sinks: (await sinks?.(saved)) ?? [],
        recoverable,
      });
      for (;;) {
        const { value, done } = await events.next();
        if (done) return value;
        if (value.type === 'metric' && value.metric.event === 'step' && value.metric.step > furthest) {
          furthest = value.metric.step;
          advanced = true;
        }
        yield value;
      }
    } catch (error) {
      if (loss === null && !(await recoverable())) throw error;
    }
    idle = advanced ? 0 : idle + 1;
    await directory.append('log.txt', `device lost after step ${furthest}: ${loss}\n`);
    if (idle >= MAX_IDLE_LOSSES)
      throw new DeviceError(
        'lost',
        `the device was lost ${idle} times without a new step (last: ${loss}); the run is kept up to its last checkpoint: update the driver or choose a smaller configuration, then continue it`,
      );
    yield { type: 'device-lost', step: furthest + 1, message: String(loss) };
    opened.open.backend.destroy();
    if (saved) resumedAt = [...resumedAt, saved.step];
    opened = await reopenPatiently(reopen);
    saved = await rewind(directory, opened.open.config.training.checkpointInterval);
    yield { type: 'restored', step: saved?.step ?? 0 };
  }
}
