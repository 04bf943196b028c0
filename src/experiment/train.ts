/**
 * The training loop: one for the page and the terminal, one for both backends. Yields events in step order; several steps
 * may be in flight, and evaluation is queued behind the update it follows, so nothing waits that need not.
 */
import { stepPlan } from '@/optim/update';
import type { EvalResult, StepResult, TrainingBackend } from './backend';
import type { ExperimentConfig } from './config';
import { earlyStop } from './early-stop';
import type { EarlyStopEvent, MetricEvent, RunEvent } from './events';
import type { Observer } from './observers';
import { PhaseClock } from './phases';
import type { RunControl } from './run-control';
import { type Flying, StepTimes } from './step-times';

/** What a checkpoint must remember besides the tensors. */
export interface TrainProgress {
  readonly best: { readonly step: number; readonly loss: number } | null;
  /** The last step before which the held-out loss was measured: a resumed run does not measure it twice. */
  readonly evaluated: number | null;
}

/** `state`: what the run goes on from, without weights of its own. */
export type CheckpointKind = 'best' | 'periodic' | 'last' | 'state';

export interface TrainOptions {
  readonly control: RunControl;
  /** First step to run: 0, or the step after the checkpoint of a resumed run. */
  readonly fromStep?: number;
  /** Stop before this step; the schedule stays that of maxIters. */
  readonly stopAt?: number;
  /** The run ends, complete, after so many milliseconds, as with MAX_SECONDS. */
  readonly maxMs?: number;
  /** Of the checkpoint, in a resumed run. */
  readonly progress?: TrainProgress;
  /** Milliseconds that earlier parts of a resumed run took. */
  readonly elapsedMs?: number;
  /** Called at step boundaries with no step in flight (checkpoints, samples). */
  readonly onCheckpoint: (step: number, kind: CheckpointKind, progress: TrainProgress) => Promise<readonly RunEvent[]>;
  /** Asked between two steps: true saves the state, besides what CHECKPOINT_INTERVAL asks for. */
  readonly autosave?: () => boolean;
  /** Called in order after every evaluation, before the best weights are saved. */
  readonly observers?: readonly Observer[];
  readonly now?: () => number;
  /** Where the time goes; of the caller, who reads it. */
  readonly clock?: PhaseClock;
}

/** Math.exp and Math.cos differ in the last bit between JavaScript engines; twelve digits are the same in all of them. */
const portable = (value: number): number => Number(value.toPrecision(12));

interface Flight extends Flying {
  readonly step: number;
  readonly lr: number;
  readonly result: Promise<StepResult & { readonly at: number }>;
}

interface Landed {
  readonly metric: MetricEvent & { event: 'step' };
  readonly events: readonly MetricEvent[];
}

export async function* train(
  config: ExperimentConfig,
  backend: TrainingBackend,
  {
    control,
    fromStep = 0,
    stopAt,
    maxMs = Infinity,
    progress,
    elapsedMs = 0,
    onCheckpoint,
    autosave,
    observers = [],
    now = () => performance.now(),
    clock = new PhaseClock(now),
  }: TrainOptions,
): AsyncGenerator<RunEvent, void> {
  const { training, optimizer, model } = config;
  const end = Math.min(stopAt ?? Infinity, training.maxIters);
  const tokensPerStep = training.batchSize * training.gradientAccumulation * model.blockSize;
  const started = now() - elapsedMs;
  const times = new StepTimes(started + elapsedMs);
  let best = progress?.best ?? null;
  let evaluated = progress?.evaluated ?? null;
  const flights: Flight[] = [];
  const save: TrainOptions['onCheckpoint'] = (...given) => clock.measure('save', () => onCheckpoint(...given));

  const land = async (flight: Flight): Promise<Landed> => {
    // The clock is read when the result arrives: what reads the events may have been busy since.
    const { loss, gradNorm, events = [], at } = await clock.measure('wait', () => flight.result);
    const stepMs = times.take({ ...flight, arrived: at }, flights);
    clock.busy(flight.submitted, at);
    const metric: Landed['metric'] = {
      event: 'step',
      step: flight.step,
      loss,
      lr: flight.lr,
      grad_norm: gradNorm,
      tokens: (flight.step + 1) * tokensPerStep,
      time: { elapsed_ms: at - started, step_ms: stepMs, tokens_per_second: (1000 * tokensPerStep) / stepMs },
    };
    return { metric, events };
  };
  const finite = (m: MetricEvent & { event: 'step' }): boolean =>
    Number.isFinite(m.loss) && Number.isFinite(m.grad_norm);

  async function* drain(keep: number): AsyncGenerator<RunEvent, boolean> {
    while (flights.length > keep) {
      const { metric, events } = await land(flights.shift()!);
      yield { type: 'metric', metric };
      for (const event of events) yield { type: 'metric', metric: event };
      if (finite(metric)) continue;
      await Promise.allSettled(flights.map((f) => f.result));
      flights.length = 0;
      yield { type: 'failed', step: metric.step, message: await nonFiniteMessage(backend, metric) };
      return false;
    }
    return true;
  }

  async function* evaluate(step: number): AsyncGenerator<RunEvent, boolean> {
    if (!(yield* drain(0))) return false;
    if (evaluated === step) return true;
    const asked = now();
    const result: EvalResult = await clock.measure('eval', () => backend.evaluate());
    clock.busy(asked, now());
    const { loss, metric } = result;
    const time = { elapsed_ms: now() - started };
    yield {
      type: 'metric',
      metric: {
        event: 'eval',
        step,
        split: 'val',
        loss,
        perplexity: portable(Math.exp(loss)),
        ...(metric ? { metric } : {}),
        time,
      },
    };
    for (const observe of observers)
      for (const seen of await clock.measure('observe', () => observe(step))) yield { type: 'metric', metric: seen };
    evaluated = step;
    if (loss < (best?.loss ?? Infinity)) {
      best = { step, loss };
      yield* await save(step, 'best', { best, evaluated });
    }
    return true;
  }

  const limitMs = Math.min(maxMs, 1000 * (training.maxSeconds || Infinity));
  const outOfTime = (): boolean => now() - started >= limitMs;
  let step = fromStep;
  let early: EarlyStopEvent | null = null;
  for (; step < end && !control.stopped && !outOfTime(); step++) {
    if (control.paused) {
      if (!(yield* drain(0))) return;
      if (step > fromStep && autosave) yield* await save(step, 'state', { best, evaluated });
      yield { type: 'paused', step };
      await clock.measure('paused', () => control.whenRunning());
      if (control.stopped) break;
      yield { type: 'resumed', step };
    }
    if (training.evalInterval > 0 && step % training.evalInterval === 0) {
      const recorded = evaluated === step; // a run taken up again behind this evaluation does not say it twice
      if (!(yield* evaluate(step))) return;
      early = earlyStop(training, step, best);
      if (early && !recorded) yield { type: 'metric', metric: early };
      if (early) break;
    }
    if (training.checkpointInterval > 0 && step > fromStep && step % training.checkpointInterval === 0) {
      if (!(yield* drain(0))) return;
      yield* await save(step, 'periodic', { best, evaluated });
    } else if (step > fromStep && autosave?.()) {
      if (!(yield* drain(0))) return;
      yield* await save(step, 'state', { best, evaluated });
    }
    const submitted = now();
    const { result } = await clock.measure('submit', () => backend.step(step));
    const lr = portable(stepPlan(optimizer, training.maxIters, step).lr);
    const flight: Flight = {
      step,
      lr,
      submitted,
      result: result.then((data) => ({ ...data, at: (flight.arrived = now()) })),
    };
    // After a loss of the device the first flight's error ends the loop; those behind it must not go unhandled.
    flight.result.catch(() => undefined);
    flights.push(flight);
    if (!(yield* drain(backend.depth - 1))) return;
  }
  if (!(yield* drain(0))) return;
  // A stop from outside adds no evaluation: the run that is taken up again must have the lines of one that never stopped.
  const stopped = control.stopped && step < end && !early;
  if (!stopped && !(yield* evaluate(step))) return;
  yield* await save(step, 'last', { best, evaluated });
  yield { type: 'finished', step, stopped, bestLoss: best?.loss ?? Infinity };
}

async function nonFiniteMessage(backend: TrainingBackend, metric: MetricEvent & { event: 'step' }): Promise<string> {
  const what = Number.isFinite(metric.loss) ? `gradient norm ${metric.grad_norm}` : `loss ${metric.loss}`;
  const where = await backend.diagnose(metric.step);
  return (
    `step ${metric.step}: ${what}; the first operation with a non-finite value is ${where}. ` +
    'The update was skipped, so weights and moments are those of the last good step. ' +
    'Lower LEARNING_RATE, lengthen WARMUP_STEPS or turn on GRAD_CLIP, and start again from the last checkpoint.'
  );
}
