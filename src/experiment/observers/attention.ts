/** After every evaluation: Fisher trace of the layers, gates and reciprocal branches (attention-signals.ts). */
import { WebGpuBackend } from '../backend-webgpu';
import type { ObserverFactory } from './index';

export const attentionObserver: ObserverFactory = ({ config, model, corpus, backend }) => {
  const { fisherSequences, branches } = config.attentionWatch ?? { fisherSequences: 0, branches: false };
  const { gate, ra } = model.attention;
  const mixing = branches && (gate || ra !== null);
  const fisher = fisherSequences > 0;
  if (!fisher && !mixing) return null;
  return async (step) => {
    const { attentionSignals } = await import('../attention-signals'); // on demand: the page's first load has a budget
    const signals = await attentionSignals({
      engine: backend instanceof WebGpuBackend ? backend.engine : null,
      model,
      corpus,
      weights: await backend.parameters(),
      seed: config.training.seed,
      step,
      sequences: fisherSequences,
      rows: config.training.batchSize,
      fisher,
      mixing,
    });
    return [signals.fisher, signals.attention].filter((event) => event !== null);
  };
};
