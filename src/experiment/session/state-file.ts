/**
 * optimizer.safetensors: the full training state and where it belongs, in one file (names: training-state.ts). The weights are in it
 * too: a kill between two files would leave weights and moments of different steps. Writing it is what commits a checkpoint.
 */
import type { TrainingState } from '../training-state';
import { SafetensorsError, type SafeTensor, readSafetensors, writeSafetensors } from '../safetensors';
import type { TrainProgress } from '../train';

export const STATE_FILE = 'optimizer.safetensors';
const FORMAT = 'wb-state/1';

export interface SavedState {
  /** The next step to run. */
  readonly step: number;
  readonly progress: TrainProgress;
  /** Length of metrics.jsonl when the state was taken: what lies beyond is run again. */
  readonly metricsBytes: number;
  readonly elapsedMs: number;
  readonly state: TrainingState;
}

export function encodeState({ step, progress, metricsBytes, elapsedMs, state }: SavedState): Uint8Array {
  const tensors = [...state].map(([name, tensor]): SafeTensor => ({ name, ...tensor }));
  const { best, evaluated } = progress;
  return writeSafetensors(tensors, {
    format: FORMAT,
    step: String(step),
    metrics_bytes: String(metricsBytes),
    elapsed_ms: String(elapsedMs),
    ...(best ? { best_step: String(best.step), best_loss: String(best.loss) } : {}),
    ...(evaluated === null ? {} : { evaluated: String(evaluated) }),
  });
}

/** Throws SafetensorsError when the file is no state. */
export function decodeState(file: Uint8Array): SavedState {
  const { tensors, metadata } = readSafetensors(file);
  const text = (key: string): string | null => (Object.hasOwn(metadata, key) ? metadata[key]! : null);
  if (text('format') !== FORMAT) throw new SafetensorsError(`is no training state: its format is not ${FORMAT}`);
  const whole = (key: string): number => {
    const value = Number(text(key) ?? NaN);
    if (!Number.isSafeInteger(value) || value < 0)
      throw new SafetensorsError(`the state's ${key} is ${JSON.stringify(text(key))}, not a whole number`);
    return value;
  };
  const state: [string, SafeTensor][] = [];
  for (const [name, tensor] of tensors) {
    if (tensor.dtype === 'F16' || tensor.dtype === 'I64')
      throw new SafetensorsError(`state tensor ${name} is ${tensor.dtype}: no backend saves that`);
    state.push([name, { name, ...tensor }]);
  }
  const elapsed = Number(text('elapsed_ms') ?? 0);
  return {
    step: whole('step'),
    metricsBytes: whole('metrics_bytes'),
    elapsedMs: Number.isFinite(elapsed) ? elapsed : 0,
    progress: {
      best: text('best_step') === null ? null : { step: whole('best_step'), loss: Number(text('best_loss')) },
      evaluated: text('evaluated') === null ? null : whole('evaluated'),
    },
    state: new Map(state.map(([name, { name: _, ...tensor }]) => [name, tensor])),
  };
}
