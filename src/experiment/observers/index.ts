/**
 * What a run looks at after every evaluation, besides the held-out loss. An observer reads weights, state and held-out text; it
 * changes none of them and draws from no random stream of the run, so a run with observers takes the steps of one without.
 */
import type { MetricEvent } from '../events';
import type { OpenRun } from '../open-run';
import { attentionObserver } from './attention';
import { optimizerObserver } from './optimizer';

/** Called with no step in flight, after the held-out loss at `step` was measured. Clock readings belong inside `time`. */
export type Observer = (step: number) => Promise<readonly MetricEvent[]>;

/** Null where the configuration has nothing for it to see. */
export type ObserverFactory = (open: OpenRun) => Observer | null;

const FACTORIES: readonly ObserverFactory[] = [attentionObserver, optimizerObserver];

export function observersOf(open: OpenRun): readonly Observer[] {
  return FACTORIES.map((factory) => factory(open)).filter((observer) => observer !== null);
}
