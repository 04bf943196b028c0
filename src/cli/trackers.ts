/** TRACKER= of a run as sinks. */
import type { RunIdentity } from '@/experiment/manifest/build';
import type { MetricSink } from '@/experiment/recorder';
import type { RunDirectory } from '@/experiment/run-directory';
import type { SavedState } from '@/experiment/session/state-file';

export function sinksFor(
  _identity: RunIdentity,
  _directory: RunDirectory,
  _saved: SavedState | null,
): Promise<readonly MetricSink[]> {
  return Promise.resolve([]);
}
