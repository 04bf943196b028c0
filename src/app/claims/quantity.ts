/** Which local quantity stands beside a reported metric. Where none is the same kind, the local one is named for what it is. */
import type { Quantity } from '@/worker/store-protocol';

const BY_METRIC: Readonly<Record<string, Quantity>> = {
  val_perplexity: 'perplexity',
  perplexity: 'perplexity',
  val_perplexity_change: 'perplexity',
  val_loss: 'loss',
  val_loss_change: 'loss',
  paired_win_over_baseline: 'loss',
  time_per_iteration: 'step-time',
  time_per_iteration_overhead: 'step-time',
  parameters: 'parameters',
};

/** Null: the runs do not measure what the claim is about. */
export const quantityOf = (metric: string): Quantity | null => BY_METRIC[metric] ?? null;

export const QUANTITY_NAMES: Readonly<Record<Quantity, string>> = {
  perplexity: 'validation perplexity',
  loss: 'validation loss',
  'step-time': 'time a step',
  parameters: 'parameters',
};
