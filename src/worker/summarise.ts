/** What a planned run costs, for the page. */
import type { ExperimentConfig } from '@/experiment/config';
import type { TrainingPlan } from '@/experiment/training-plan';
import { cacheBytesPerToken, layerCaches, undecodable } from '@/models/attention/cache';
import { resolveAttention } from '@/models/attention/config';
import type { PlanSummary } from './protocol';

export function summarise(config: ExperimentConfig, plan: TrainingPlan): PlanSummary {
  const { batchSize, gradientAccumulation } = config.training;
  const { nEmbd } = config.model;
  const layers = resolveAttention(config.model.attention, config.model);
  const reason = undecodable(layers);
  return {
    parameters: plan.model.graph.parameterCount,
    flopsPerToken: plan.flopsPerToken,
    tokensPerStep: batchSize * gradientAccumulation * config.model.blockSize,
    dispatchesPerStep: plan.dispatchesPerStep,
    memory: plan.memory,
    cacheBytesPerToken: reason === null ? cacheBytesPerToken(layers, nEmbd) : null,
    cache:
      reason === null ? { layers: layerCaches(layers, nEmbd), nEmbd, blockSize: config.model.blockSize } : { reason },
  };
}
