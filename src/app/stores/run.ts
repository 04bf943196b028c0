/** The run store: worker events reduced to what the page shows. Knows nothing of React or of the worker itself. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { AdapterInfo, AdapterRoof, DecodeFacts, RunState, Verdict, WorkerEvent } from '@/worker/protocol';
import { RunData } from './data';
import { noticeOf, withNotice, type Notice } from './notices';

type EventOf<T extends WorkerEvent['type']> = Extract<WorkerEvent, { type: T }>;

export interface LogEntry {
  readonly key: number;
  readonly at: number;
  readonly kind: 'info' | 'warning' | 'error';
  readonly text: string;
}

export interface SampleText {
  readonly requestId: number;
  readonly prompt?: string;
  readonly text: string;
  readonly others?: readonly string[];
  readonly done: boolean;
  readonly cut?: string;
  readonly decode?: DecodeFacts;
}

export interface RunStore {
  readonly connection: 'connecting' | 'ready' | 'crashed';
  readonly adapter: AdapterInfo | null;
  readonly roof: AdapterRoof | null;
  readonly state: RunState;
  readonly reason: string | null;
  readonly progress: EventOf<'progress'> | null;
  /** A measurement of the Decode page goes on: nothing can run meanwhile. */
  readonly measuring: boolean;
  readonly started: EventOf<'started'> | null;
  readonly latest: EventOf<'step'> | null;
  readonly latestVal: EventOf<'eval'> | null;
  readonly bestVal: EventOf<'eval'> | null;
  /** Smoothed step time for the ETA. */
  readonly stepMs: number | null;
  /** Series of this run; the same object is appended to, and `dataVersion` tells when. */
  readonly data: RunData;
  readonly dataVersion: number;
  readonly profile: EventOf<'profile'> | null;
  readonly memory: EventOf<'memory'> | null;
  readonly checkpoint: EventOf<'checkpoint'> | null;
  readonly sample: SampleText | null;
  /** Of replays, by the id of the run that was run again. */
  readonly verdicts: Readonly<Record<string, Verdict>>;
  readonly log: readonly LogEntry[];
  readonly notices: readonly Notice[];
}

export type RunStoreApi = StoreApi<RunStore>;

const LOG_LENGTH = 100;
const STEP_TIME_WEIGHT = 0.1;

export const initialRun = (): RunStore => ({
  connection: 'connecting',
  adapter: null,
  roof: null,
  state: 'idle',
  reason: null,
  progress: null,
  measuring: false,
  started: null,
  latest: null,
  latestVal: null,
  bestVal: null,
  stepMs: null,
  data: new RunData(),
  dataVersion: 0,
  profile: null,
  memory: null,
  checkpoint: null,
  sample: null,
  verdicts: {},
  log: [],
  notices: [],
});

export const createRunStore = (): RunStoreApi => createStore<RunStore>(initialRun);

/** One store update for a batch of events, however many arrived since the last. */
export function applyEvents(store: RunStoreApi, events: readonly WorkerEvent[], at = Date.now()): void {
  if (events.length > 0) store.setState(events.reduce((state, event) => reduce(state, event, at), store.getState()));
}

export function reduce(state: RunStore, event: WorkerEvent, at: number): RunStore {
  const notice = noticeOf(event, state);
  const log = logOf(event);
  const next = reduceFields(state, event);
  return {
    ...next,
    ...(notice ? { notices: withNotice(next.notices, notice) } : {}),
    ...(log ? { log: withLog(next.log, { ...log, at }) } : {}),
  };
}

function reduceFields(state: RunStore, event: WorkerEvent): RunStore {
  switch (event.type) {
    case 'adapter':
      return { ...state, adapter: event.adapter };
    case 'roof':
      return { ...state, roof: event.roof };
    case 'state':
      return { ...state, state: event.state, reason: event.reason ?? null, progress: null };
    case 'progress':
      return { ...state, progress: event };
    case 'started':
      return { ...state, ...freshRun(state), started: event, progress: null };
    case 'step': {
      state.data.step(event);
      const { stepMs } = event.time;
      const smoothed = state.stepMs === null ? stepMs : state.stepMs + STEP_TIME_WEIGHT * (stepMs - state.stepMs);
      return { ...state, latest: event, stepMs: smoothed, dataVersion: state.dataVersion + 1 };
    }
    case 'eval': {
      state.data.eval(event);
      const dataVersion = state.dataVersion + 1;
      if (event.split !== 'val') return { ...state, dataVersion };
      const better = Number.isFinite(event.loss) && (state.bestVal === null || event.loss < state.bestVal.loss);
      return { ...state, latestVal: event, bestVal: better ? event : state.bestVal, dataVersion };
    }
    case 'metric':
      state.data.method(event.metric);
      return { ...state, dataVersion: state.dataVersion + 1 };
    case 'verdict':
      return { ...state, verdicts: { ...state.verdicts, [event.id]: event.verdict } };
    case 'sample':
      if (state.sample && event.requestId < state.sample.requestId) return state;
      return { ...state, sample: event };
    case 'checkpoint':
      return { ...state, checkpoint: event };
    case 'profile':
      return { ...state, profile: event };
    case 'memory':
      return { ...state, memory: event };
    case 'timeline':
      state.data.machine(event.sample);
      return { ...state, dataVersion: state.dataVersion + 1 };
    case 'device-lost':
    case 'restored':
    case 'warning':
    case 'error':
      return state;
    default:
      return event satisfies never;
  }
}

/** What a new run starts without. */
function freshRun(state: RunStore): Partial<RunStore> {
  const { latest, latestVal, bestVal, stepMs, profile, memory, checkpoint, sample } = initialRun();
  const data = new RunData();
  return {
    latest,
    latestVal,
    bestVal,
    stepMs,
    profile,
    memory,
    checkpoint,
    sample,
    data,
    dataVersion: state.dataVersion + 1,
    notices: [],
  };
}

function logOf(event: WorkerEvent): Pick<LogEntry, 'kind' | 'text'> | null {
  switch (event.type) {
    case 'adapter':
      return {
        kind: 'info',
        text: `adapter ${event.adapter.description || event.adapter.device || event.adapter.vendor}`,
      };
    case 'roof':
      return { kind: 'info', text: 'roof measured' };
    case 'state':
      return {
        kind: event.state === 'failed' ? 'error' : 'info',
        text: [event.state, event.reason].filter(Boolean).join(': '),
      };
    case 'checkpoint':
      return { kind: 'info', text: `${event.best ? 'best' : 'periodic'} checkpoint at step ${event.step}` };
    case 'device-lost':
      return { kind: 'error', text: `device lost (${event.reason}): ${event.message}` };
    case 'restored':
      return { kind: 'warning', text: `a new device goes on from step ${event.step}` };
    case 'verdict':
      return {
        kind: event.verdict.result === 'differs' ? 'error' : 'info',
        text: `replay of ${event.id}: ${event.verdict.text}`,
      };
    case 'warning':
      return { kind: 'warning', text: event.message };
    case 'error':
      return { kind: 'error', text: event.message };
    default:
      return null;
  }
}

let logKey = 0;

export const withLog = (log: readonly LogEntry[], entry: Omit<LogEntry, 'key'>): readonly LogEntry[] =>
  [{ ...entry, key: logKey++ }, ...log].slice(0, LOG_LENGTH);

/** Milliseconds until the run ends at its present pace; null while there is no pace. */
export function eta({ started, latest, stepMs }: RunStore): number | null {
  if (!started || !latest || stepMs === null) return null;
  return Math.max(0, started.maxIters - 1 - latest.step) * stepMs;
}

export const isActive = (state: RunState): boolean =>
  state === 'preparing' || state === 'running' || state === 'paused';
