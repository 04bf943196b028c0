/** The manifest of an evaluation: the run's facts with one figure and the weights that it is of. */
import type { AdapterDescription } from '@/engine/device';
import type { EvalResult } from '../backend';
import type { OpenRun } from '../open-run';
import { type RunIdentity, clockQuantumNs, trainManifest } from './build';
import type { Manifest } from './schema';

export interface EvalFacts {
  readonly identity: RunIdentity;
  readonly open: OpenRun;
  readonly adapter: AdapterDescription | null;
  readonly result: EvalResult;
  readonly weights: { readonly file: string; readonly sha256: string };
  /** Of the weights; NaN where their file does not say. */
  readonly step: number;
}

export function evalManifest({ identity, open, adapter, result, weights, step }: EvalFacts): Manifest {
  const { loss, metric } = result;
  const results = {
    status: 'ok' as const,
    endedAt: identity.createdAt,
    steps: Number.isNaN(step) ? 0 : step,
    final: { val_loss: loss, perplexity: Math.exp(loss), ...(metric ? { [metric.name]: metric.value } : {}) },
    best: null,
    weights: [weights],
    metricsSha256: null,
  };
  const facts = { identity, open, adapter, quantumNs: clockQuantumNs(), results, resumedAt: [] };
  return { ...trainManifest(facts), kind: 'eval' };
}
