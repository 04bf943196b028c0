/** Errors and warnings that stand on the page until dismissed: what, where, what to do. */
import type { WorkerEvent } from '@/worker/protocol';
import type { RunStore } from './run';

/** What a notice offers to do with one click. */
export type NoticeAction = 'reconnect' | 'download-best' | 'download-metrics' | 'continue-run' | 'open-runs';

export interface Notice {
  readonly id: string;
  readonly kind: 'error' | 'warning' | 'info';
  readonly title: string;
  readonly message: string;
  readonly detail?: string;
  /** The stored run that it is about. */
  readonly run?: string;
  readonly actions: readonly NoticeAction[];
}

const MAX_NOTICES = 4;

export function noticeOf(event: WorkerEvent, state: RunStore): Notice | null {
  switch (event.type) {
    case 'error':
      return {
        id: 'error',
        kind: 'error',
        title: titleOf(state),
        message: event.message,
        ...(event.detail ? { detail: event.detail } : {}),
        actions: state.checkpoint ? ['download-best', 'download-metrics'] : [],
      };
    case 'warning':
      return { id: `warning:${event.message}`, kind: 'warning', title: 'Warning', message: event.message, actions: [] };
    case 'device-lost':
      return {
        id: 'device-lost',
        kind: event.running ? 'warning' : 'error',
        title: 'The GPU device was lost',
        message: event.running
          ? `${sentence(event.message || event.reason)} A new one is being opened; the run goes on by itself from its last saved state.`
          : `${sentence(event.message || event.reason)} Everything that was saved is kept. Restart the worker to get a new device, then run again.`,
        actions: event.running ? [] : state.checkpoint ? ['reconnect', 'download-best'] : ['reconnect'],
      };
    case 'restored':
      return {
        id: 'device-lost',
        kind: 'warning',
        title: 'The GPU device was lost and replaced',
        message: `The run went on by itself from step ${event.step.toLocaleString('en-US')} on a new device. Its result is that of a run that lost nothing.`,
        actions: [],
      };
    case 'verdict': {
      const { result, text } = event.verdict;
      return {
        id: `verdict:${event.id}`,
        kind: result === 'differs' ? 'error' : 'info',
        title: `Replay of ${event.id}`,
        message: sentence(text),
        actions: [],
      };
    }
    case 'state':
      // Most failures come as `error` with more to say; this is for those that do not.
      if (event.state !== 'failed' || state.notices.some((n) => n.kind === 'error')) return null;
      return {
        id: 'error',
        kind: 'error',
        title: titleOf(state),
        message: event.reason ?? 'The engine gave no reason. The log in the machine panel has what came before.',
        actions: state.checkpoint ? ['download-best', 'download-metrics'] : [],
      };
    default:
      return null;
  }
}

function titleOf({ data, state, latest }: RunStore): string {
  if (data.nonFiniteStep !== null)
    return `Stopped at step ${data.nonFiniteStep.toLocaleString('en-US')}: loss is not finite`;
  if (latest && state !== 'idle') return `Stopped at step ${latest.step.toLocaleString('en-US')}`;
  return state === 'preparing' ? 'The run could not start' : 'Something went wrong';
}

export const crashNotice = (message: string): Notice => ({
  id: 'crash',
  kind: 'error',
  title: 'The engine worker stopped',
  message: `${sentence(message || 'The browser gave no reason')} All points so far are kept. Restart the worker, then run again.`,
  actions: ['reconnect'],
});

/** A run that a reload, a crash or a closed tab cut off. */
export const interruptedNotice = (id: string, steps: number, maxIters: number | null): Notice => ({
  id: `interrupted:${id}`,
  kind: 'info',
  run: id,
  title: 'A run was interrupted',
  message: `${id} stopped at step ${steps.toLocaleString('en-US')}${maxIters === null ? '' : ` of ${maxIters.toLocaleString('en-US')}`}. Continuing it gives the result that it would have had.`,
  actions: ['continue-run', 'open-runs'],
});

/** As a sentence: a capital in front, a full stop behind. */
export const sentence = (text: string): string => text[0].toUpperCase() + text.slice(1).replace(/\.?$/, '.');

/** A notice with the same id is replaced, not repeated. */
export function withNotice(notices: readonly Notice[], notice: Notice): readonly Notice[] {
  return [notice, ...notices.filter((n) => n.id !== notice.id)].slice(0, MAX_NOTICES);
}
