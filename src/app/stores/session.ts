/** The page's side of the worker: one connection, commands, and events batched into the run store. */
import * as Comlink from 'comlink';
import type { AnalysisApi } from '@/worker/analysis-protocol';
import type { MeasureProgress, MeasureRequest, MeasureResult } from '@/worker/decode-protocol';
import type { AttentionView, PageMatrix, RunRequest, SymbolOverrides, WorkerApi, WorkerEvent } from '@/worker/protocol';
import { crashNotice, withNotice } from './notices';
import { applyEvents, isActive, withLog, type RunStoreApi } from './run';
import { requestOf, summaryOf, textProblem, type SetupStoreApi } from './setup';
import type { UiStoreApi } from './ui';

export interface Connection {
  readonly api: Comlink.Remote<WorkerApi>;
  terminate(): void;
}

/** Opens a worker; `onCrash` is called when it dies on its own. */
export type Connect = (onCrash: (message: string) => void) => Connection;

export interface Session {
  connect(preset?: string | null): Promise<void>;
  /** The next run: a preset as it ships, with overrides. */
  selectPreset(name: string, overrides?: SymbolOverrides): Promise<void>;
  /** Plans what the setup store holds, once the edits have paused for a moment. */
  replan(): void;
  useText(name: string, bytes: Uint8Array): Promise<void>;
  clearText(): Promise<void>;
  run(): Promise<void>;
  /** The cells of the preset's header. Rejects with a readable message. */
  matrix(request: RunRequest): Promise<PageMatrix>;
  /** One of them; it is refused while a run goes on. */
  runCell(request: RunRequest): Promise<void>;
  /** Goes on with a run of the store. */
  continueRun(id: string): Promise<void>;
  /** Runs a run of the store again; the verdict comes as an event. */
  replay(id: string): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
  sample(): Promise<void>;
  cancelSample(): Promise<void>;
  /** Measures on the worker. Rejects with a readable message. */
  measure(request: MeasureRequest, onProgress: (progress: MeasureProgress) => void): Promise<MeasureResult>;
  cancelMeasurement(): Promise<void>;
  /** Rejects with a readable message. */
  attention(prompt: string): Promise<AttentionView>;
  /** Analyses of trained weights. All reject with a readable message. */
  readonly analyses: AnalysisApi;
  /** A file of the current run; null when there is none yet. */
  file(name: string): Promise<Uint8Array | null>;
  dismiss(noticeId: string): void;
}

/** React hears of events at most this often. */
const FLUSH_MS = 100;
/** Edits closer together than this are planned once. */
const REPLAN_MS = 100;

export function createSession(connect: Connect, run: RunStoreApi, setup: SetupStoreApi, ui: UiStoreApi): Session {
  let connection: Connection | null = null;
  /** Questions that a dead worker will never answer. */
  const unanswered = new Set<(error: Error) => void>();
  let requestId = 0;
  let planning = 0;
  let replanTimer: ReturnType<typeof setTimeout> | undefined;
  const queue: WorkerEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const flush = (): void => {
    timer = undefined;
    applyEvents(run, queue.splice(0));
  };
  /** For the next sample of the timeline. */
  const tellHeap = (): void => {
    const { memory } = performance as { memory?: { usedJSHeapSize: number } };
    if (memory) connection?.api.pageHeap(memory.usedJSHeapSize).catch(() => undefined); // a worker that ended needs none
  };
  const receive = (event: WorkerEvent): void => {
    if (event.type === 'timeline') tellHeap();
    queue.push(event);
    timer ??= setTimeout(flush, FLUSH_MS);
  };
  const crashed = (reason: string): void => {
    const message = reason.replace(/^Uncaught (Error: )?/, '');
    flush();
    connection?.terminate();
    connection = null;
    for (const reject of unanswered) reject(new Error(`the engine worker stopped: ${message}`));
    const state = run.getState();
    run.setState({
      connection: 'crashed',
      state: isActive(state.state) ? 'failed' : state.state,
      progress: null,
      notices: withNotice(state.notices, crashNotice(message)),
      log: withLog(state.log, { at: Date.now(), kind: 'error', text: `worker stopped: ${message}` }),
    });
  };
  /** A command that fails says so on the page; it never goes unhandled. */
  const command = async (work: (api: Comlink.Remote<WorkerApi>) => Promise<void>): Promise<void> => {
    if (!connection) return;
    try {
      await work(connection.api);
    } catch (error) {
      receive({ type: 'error', message: messageOf(error) });
      flush();
    }
  };

  /** An answer, or a readable error: a worker that dies meanwhile would leave the question open for ever. */
  const ask = async <T>(question: (api: Comlink.Remote<WorkerApi>) => Promise<T>): Promise<T> => {
    const { api } = connection ?? {};
    if (!api) throw new Error('the engine worker is not running: restart it in the Lab');
    let died: (error: Error) => void = () => undefined;
    const death = new Promise<never>((_, reject) => unanswered.add((died = reject)));
    try {
      return await Promise.race([question(api), death]);
    } finally {
      unanswered.delete(died);
    }
  };

  const plan = (): Promise<void> =>
    command(async (api) => {
      const request = requestOf(setup.getState());
      if (!request) return;
      clearTimeout(replanTimer);
      const ticket = ++planning;
      setup.setState(({ plan: old }) => ({ plan: { status: 'planning', previous: summaryOf(old) } }));
      const result = await api.plan(request).then(
        (summary) => ({ status: 'ready', summary }) as const,
        (error: unknown) => ({ status: 'refused', reason: messageOf(error) }) as const,
      );
      if (ticket === planning) setup.setState({ plan: result });
    });

  /** One run at a time, whichever button began it. */
  const launch = (start: (api: Comlink.Remote<WorkerApi>) => Promise<void>): Promise<void> =>
    command(async (api) => {
      if (isActive(run.getState().state)) return;
      run.setState({ state: 'preparing', reason: null, notices: [] });
      try {
        await start(api);
      } catch (error) {
        run.setState({ state: 'failed' });
        throw error;
      }
    });

  // A page that is hidden may never come back: phones discard it, laptops are closed.
  if (typeof document !== 'undefined')
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden' && isActive(run.getState().state)) void connection?.api.saveSoon();
    });

  return {
    async connect(preset) {
      connection?.terminate();
      run.setState({ connection: 'connecting', notices: [] });
      connection = connect(crashed);
      await command(async (api) => {
        await api.subscribe(Comlink.proxy(receive));
        const [adapter, presets, sources] = await Promise.all([api.init(), api.presets(), api.kconfig()]);
        run.setState({ connection: 'ready', adapter, ...(isActive(run.getState().state) ? { state: 'failed' } : {}) });
        const wanted = preset ?? setup.getState().preset;
        const known = presets.find((p) => p.name === wanted) ?? presets[0];
        setup.setState({ presets, sources, preset: known?.name ?? null });
        if (preset && known?.name !== preset) {
          receive({ type: 'warning', message: `No preset is called ${preset}; ${known?.name ?? 'none'} is shown.` });
        }
        await plan();
      });
    },
    async selectPreset(name, overrides = {}) {
      setup.setState({ preset: name, overrides, config: null });
      await plan();
    },
    replan() {
      clearTimeout(replanTimer);
      planning++; // an answer to an older question is no longer wanted
      setup.setState(({ plan: old }) => ({ plan: { status: 'planning', previous: summaryOf(old) } }));
      replanTimer = setTimeout(() => void plan(), REPLAN_MS);
    },
    async useText(name, bytes) {
      const textError = textProblem(name, bytes);
      if (textError) return setup.setState({ textError });
      setup.setState({ customText: { name, text: new TextDecoder().decode(bytes) }, textError: null });
      await plan();
    },
    async clearText() {
      setup.setState({ customText: null, textError: null });
      await plan();
    },
    run: async () => {
      const request = requestOf(setup.getState());
      if (request && setup.getState().plan.status !== 'refused') await launch((api) => api.start(request));
    },
    matrix: (request) => ask((api) => api.matrix(request)),
    runCell: (request) => launch((api) => api.start(request)),
    continueRun: (id) => launch((api) => api.continueRun(id)),
    replay: (id) => launch((api) => api.replay(id)),
    pause: () => command((api) => api.pause()),
    resume: () => command((api) => api.resume()),
    stop: () => command((api) => api.stop()),
    sample: () =>
      command(async (api) => {
        if (!run.getState().latest) return;
        const { prompt, seed, ...rest } = ui.getState().sample;
        requestId++;
        run.setState({ sample: { requestId, text: '', done: false } });
        await api.sample({ ...rest, requestId, prompt, seed: seed === 0 ? requestId : seed });
      }),
    cancelSample: () => command((api) => api.cancelSample()),
    async measure(request, onProgress) {
      run.setState({ measuring: true });
      try {
        return await ask((api): Promise<MeasureResult> => api.measure(request, Comlink.proxy(onProgress)));
      } finally {
        run.setState({ measuring: false });
      }
    },
    cancelMeasurement: () => command((api) => api.cancelMeasurement()),
    attention: (prompt) => ask((api) => api.attention(prompt)),
    analyses: {
      oneShot: (request, onProgress) => ask((api) => api.oneShot(request, Comlink.proxy(onProgress))),
      cancelOneShot: () => command((api) => api.cancelOneShot()),
      fisherAdam: (request, onProgress) => ask((api) => api.fisherAdam(request, Comlink.proxy(onProgress))),
      cancelFisherAdam: () => command((api) => api.cancelFisherAdam()),
    },
    async file(name) {
      let content: Uint8Array | null = null;
      await command(async (api) => {
        content = await api.file(name);
      });
      return content;
    },
    dismiss: (id) => run.setState(({ notices }) => ({ notices: notices.filter((n) => n.id !== id) })),
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
