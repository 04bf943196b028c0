/** After every evaluation: histograms of weights, gradient, optimizer state and steps (optimizer-event.ts). */
import type { ObserverFactory } from './index';

/** Elements of each quantity that are read back; smaller models are seen whole. */
export const SAMPLE_LIMIT = 2 ** 17;

export const optimizerObserver: ObserverFactory = ({ config, backend }) =>
  config.optimizerHistograms === true
    ? async (step) => {
        const { optimizerEvent } = await import('../optimizer-event'); // on demand: the page's first load has a budget
        const sample = await backend.sampleState(step, SAMPLE_LIMIT);
        return [optimizerEvent(sample, config, step, backend.summary.parameters)];
      }
    : null;
