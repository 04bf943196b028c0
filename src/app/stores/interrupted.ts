import type { RunEntry } from '@/worker/store-protocol';

/** True for a run that a crash, a reload or a closed tab cut off. */
export const isInterrupted = ({ status, held, resumable }: RunEntry): boolean =>
  status === 'running' && !held && resumable;
