/** What the Lab asks of trained weights (one-shot pruning, Fisher beside Adam), and what comes back. Structured-clonable. */
import type { FisherAdamReport } from '@/experiment/fisher-adam';
import type { OneShotResult, OneShotScore } from '@/experiment/one-shot';

export { STATE_SCORES } from '@/experiment/one-shot';
export type { OneShotScore };

export interface Progress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

type OnProgress = (progress: Progress) => void;

/** The message of a request that a newer one, or a cancel, has ended. */
export const SUPERSEDED = 'superseded';

export interface OneShotRequest {
  /** A stored run by its directory; null: the Lab's last run, in training or ended. */
  readonly run: string | null;
  readonly score: OneShotScore;
  /** In [0, 1). */
  readonly sparsity: number;
  /** Of fisher and the state scores. */
  readonly eps: number;
  /** Take the weights of this moment, not those that the last call looked at. */
  readonly fresh: boolean;
}

export interface OneShotView extends OneShotResult {
  readonly request: OneShotRequest;
  /** Whose weights, in words. */
  readonly subject: string;
  /** Updates that the weights had seen. */
  readonly step: number;
  /** Scores that these weights and their saved state allow. */
  readonly scores: readonly OneShotScore[];
}

export interface FisherAdamRequest {
  /** A stored run by its directory; null: the Lab's last run, in training or ended. */
  readonly run: string | null;
  /** Training sequences that the run has not drawn, each a gradient of its own. */
  readonly sequences: number;
}

export interface FisherAdamView extends FisherAdamReport {
  /** Updates that the weights had seen. */
  readonly step: number;
  readonly beta2: number;
}

/** Requests reject with a readable message; with `superseded` once a newer one of their kind came, or their cancel. */
export interface AnalysisApi {
  oneShot(request: OneShotRequest, onProgress: OnProgress): Promise<OneShotView>;
  cancelOneShot(): Promise<void>;
  fisherAdam(request: FisherAdamRequest, onProgress: OnProgress): Promise<FisherAdamView>;
  cancelFisherAdam(): Promise<void>;
}
