/** Files of a finished run, for the commands that look at its last checkpoint. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { STATE_FILE, type SavedState, decodeState } from '@/experiment/session/state-file';
import { UsageError } from './options';

/** Throws UsageError when it is missing. */
export function runFile(run: string, name: string): Buffer {
  const path = join(run, name);
  if (!existsSync(path)) throw new UsageError(`${run}: ${name} is missing`);
  return readFileSync(path);
}

/** The newest checkpoint: the one that the saved state belongs to. Throws UsageError when there is none. */
export function lastCheckpoint(run: string): string {
  const folder = join(run, 'checkpoints');
  const steps = existsSync(folder)
    ? readdirSync(folder).flatMap((name) => /^(\d+)\.safetensors$/.exec(name)?.slice(1, 2).map(Number) ?? [])
    : [];
  if (steps.length === 0) throw new UsageError(`${run} has no checkpoints`);
  return `checkpoints/${Math.max(...steps)}.safetensors`;
}

/** The state that was saved with the last checkpoint. Throws UsageError when it is missing or of another step. */
export function savedState(run: string): SavedState {
  const saved = decodeState(runFile(run, STATE_FILE));
  const checkpoint = lastCheckpoint(run);
  if (checkpoint !== `checkpoints/${saved.step}.safetensors`)
    throw new UsageError(`${run}: ${STATE_FILE} is of step ${saved.step}, the last checkpoint is ${checkpoint}`);
  return saved;
}
