/** Takes a run directory back to its last checkpoint, so that what follows is what would have followed. */
import { type RunDirectory, readText } from '../run-directory';
import { SafetensorsError } from '../safetensors';
import { rewindTimeline } from './timeline';
import { STATE_FILE, type SavedState, decodeState } from './state-file';

export class ResumeError extends Error {
  override name = 'ResumeError';
}

const METRICS = 'metrics.jsonl';

async function savedState(directory: RunDirectory): Promise<SavedState | null> {
  const bytes = await directory.read(STATE_FILE);
  if (bytes === null) return null;
  try {
    return decodeState(bytes);
  } catch (error) {
    if (error instanceof SafetensorsError) throw new ResumeError(`${STATE_FILE}: ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * Cuts metrics.jsonl to the length it had at the checkpoint and drops weights of later steps, or of steps at which only an
 * interrupted run saves (`interval`: CHECKPOINT_INTERVAL). Without a checkpoint the run starts anew. Null: start at step 0.
 */
export async function rewind(directory: RunDirectory, interval: number): Promise<SavedState | null> {
  const saved = await savedState(directory);
  const keep = saved?.metricsBytes ?? 0;
  const metrics = await directory.read(METRICS);
  if ((metrics?.length ?? 0) < keep)
    throw new ResumeError(`${METRICS} is shorter than at the checkpoint (${metrics?.length ?? 0} of ${keep} bytes)`);
  if (metrics && metrics.length > keep) await directory.write(METRICS, metrics.slice(0, keep));
  await rewindTimeline(directory, saved?.step ?? 0);
  for (const path of await directory.list()) {
    const match = /^checkpoints\/(\d+)\.safetensors$/.exec(path);
    if (!match) continue;
    const step = Number(match[1]);
    if (step > (saved?.step ?? 0) || interval === 0 || step % interval !== 0 || saved === null)
      await directory.remove(path);
  }
  if ((saved?.progress.best ?? null) === null) await directory.remove('best.safetensors');
  return saved;
}

/** The text of STATUS without its newline; null when there is no run here. */
export async function readStatus(directory: RunDirectory): Promise<string | null> {
  return (await readText(directory, 'STATUS'))?.trim() ?? null;
}
