/** What a planned run costs, for the page. */
import type { ExperimentConfig } from '@/experiment/config';
import type { TrainingPlan } from '@/experiment/training-plan';
import { cacheBytesPerToken } from '@/models/attention/cache';
import { resolveAttention } from '@/models/attention/config';
import type { PlanSummary } from './protocol';

export function summarise(config: ExperimentConfig, plan: TrainingPlan): PlanSummary {
  const { batchSize, gradientAccumulation } = config.training;
  return {
    parameters: plan.model.graph.parameterCount,
    flopsPerToken: plan.flopsPerToken,
    tokensPerStep: batchSize * gradientAccumulation * config.model.blockSize,
    dispatchesPerStep: plan.dispatchesPerStep,
    memory: plan.memory,
    cacheBytesPerToken: cacheBytesPerToken(resolveAttention(config.model.attention, config.model), config.model.nEmbd),
  };
}
