/** The runs that this browser keeps: what the Runs page lists and does with them. Knows nothing of React. */
import { createStore, type StoreApi as ZustandStore } from 'zustand/vanilla';
import type {
  CleanStrength,
  ComparisonPlan,
  ConfigDifference,
  EvidenceSet,
  ReportAnswer,
  ReportRequest,
  RunCurves,
  RunDetail,
  RunEntry,
  RunTimeline,
  SharedLink,
  SharedRun,
  StorageUsage,
  StoreApi,
  StoreEvent,
} from '@/worker/store-protocol';

/** The store worker as the page sees it: every method answers later. */
export interface StoreConnection {
  readonly api: StoreApi;
  subscribe(listener: (event: StoreEvent) => void): Promise<void>;
}

export interface LibraryState {
  readonly status: 'loading' | 'ready' | 'failed';
  /** Why no runs can be kept here. */
  readonly problem: string | null;
  readonly entries: readonly RunEntry[];
  /** In the order in which they were chosen; it gives them their colours. */
  readonly selected: readonly string[];
  readonly usage: StorageUsage | null;
  /** What is being done now. */
  readonly busy: string | null;
  /** What came of the last action. */
  readonly note: { readonly kind: 'info' | 'error'; readonly text: string } | null;
}

export interface Library {
  readonly store: ZustandStore<LibraryState>;
  load(): Promise<void>;
  select(ids: readonly string[]): void;
  toggle(id: string): void;
  /** Points of a run, kept until the run changes. */
  curves(entry: RunEntry): Promise<RunCurves>;
  /** Points of a run as its files have them now. */
  recorded(id: string): Promise<RunCurves>;
  detail(id: string): Promise<RunDetail>;
  timeline(id: string): Promise<RunTimeline>;
  differences(ids: readonly string[]): Promise<readonly ConfigDifference[]>;
  report(request: ReportRequest): Promise<ReportAnswer>;
  figure(request: ReportRequest): Promise<string>;
  evidence(plans: readonly ComparisonPlan[]): Promise<Readonly<Record<string, readonly EvidenceSet[]>>>;
  share(id: string): Promise<SharedLink>;
  openShared(packed: string): Promise<SharedRun>;
  /** Null when it failed; the note says why. */
  keepShared(packed: string): Promise<string | null>;
  /** Null when it failed; the note says why. */
  exportRun(id: string, withoutState: boolean): Promise<Uint8Array | null>;
  importFiles(files: readonly File[]): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  clean(strength: CleanStrength): Promise<void>;
  /** Asks the browser not to evict the site's files by itself. */
  persist(): Promise<void>;
  dismissNote(): void;
}

/** Curves shown at once. */
export const MAX_SELECTED = 20;
const CURVES_KEPT = 2 * MAX_SELECTED;
/** Changes closer together than this are listed once. */
const RELOAD_MS = 250;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const plural = (n: number, word: string): string => `${n.toLocaleString('en-US')} ${word}${n === 1 ? '' : 's'}`;

export function createLibrary(connect: () => StoreConnection): Library {
  const store = createStore<LibraryState>(() => ({
    status: 'loading',
    problem: null,
    entries: [],
    selected: [],
    usage: null,
    busy: null,
    note: null,
  }));
  const cached = new Map<string, { readonly version: string; readonly curves: Promise<RunCurves> }>();
  let connection: StoreConnection | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const open = (): StoreApi => {
    if (connection === null) {
      connection = connect();
      const later = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => void load(), RELOAD_MS);
      };
      // Without a store there is nothing to hear of; `load` says why.
      connection.subscribe(later).catch(() => undefined);
    }
    return connection.api;
  };

  async function load(): Promise<void> {
    try {
      const api = open();
      const entries = await api.list();
      const known = new Set(entries.map(({ id }) => id));
      store.setState(({ selected }) => ({
        status: 'ready',
        problem: null,
        entries,
        selected: selected.filter((id) => known.has(id)),
      }));
      store.setState({ usage: await api.usage() });
    } catch (error) {
      store.setState({ status: 'failed', problem: messageOf(error) });
    }
  }

  /** Says what is going on, and what came of it once the list shows it. */
  async function act(busy: string, work: (api: StoreApi) => Promise<string | null>): Promise<void> {
    store.setState({ busy, note: null });
    let note: LibraryState['note'];
    try {
      const text = await work(open());
      note = text === null ? null : { kind: 'info', text };
    } catch (error) {
      note = { kind: 'error', text: messageOf(error) };
    }
    await load();
    store.setState({ busy: null, note });
  }

  return {
    store,
    load,
    select: (ids) => store.setState({ selected: ids.slice(0, MAX_SELECTED) }),
    toggle: (id) =>
      store.setState(({ selected }) => ({
        selected: selected.includes(id) ? selected.filter((x) => x !== id) : [...selected, id].slice(-MAX_SELECTED),
      })),
    curves({ id, steps, status, bytes }) {
      const version = `${status} ${steps} ${bytes}`;
      const known = cached.get(id);
      if (known?.version === version) return known.curves;
      const curves = open().curves(id);
      cached.delete(id);
      cached.set(id, { version, curves });
      for (const old of [...cached.keys()].slice(0, -CURVES_KEPT)) cached.delete(old);
      curves.catch(() => cached.delete(id));
      return curves;
    },
    recorded: (id) => open().curves(id),
    detail: (id) => open().detail(id),
    timeline: (id) => open().timeline(id),
    differences: (ids) => open().differences(ids),
    report: (request) => open().report(request),
    figure: (request) => open().figure(request),
    evidence: (plans) => open().evidence(plans),
    share: (id) => open().share(id),
    openShared: (packed) => open().openShared(packed),
    async keepShared(packed) {
      let id: string | null = null;
      await act('Keeping the shared run', async (api) => {
        const kept = (id = await api.keepShared(packed));
        store.setState(({ selected }) => ({ selected: [...selected, kept].slice(-MAX_SELECTED) }));
        return 'The shared run is kept in this browser. Its figures are those of whoever made it; Replay runs it here.';
      });
      return id;
    },
    async exportRun(id, withoutState) {
      let zip: Uint8Array | null = null;
      await act(`Packing ${id}`, async (api) => {
        zip = await api.export(id, { withoutState });
        return null;
      });
      return zip;
    },
    importFiles: (files) =>
      act(`Importing ${files.length === 1 ? files[0].name : plural(files.length, 'file')}`, async (api) => {
        const ids: string[] = [];
        for (const file of files) ids.push(...(await api.import(file.name, new Uint8Array(await file.arrayBuffer()))));
        store.setState(({ selected }) => ({ selected: [...selected, ...ids].slice(-MAX_SELECTED) }));
        return `${plural(ids.length, 'run')} imported; every checksum agrees.`;
      }),
    remove: (ids) =>
      act(`Deleting ${plural(ids.length, 'run')}`, async (api) => {
        await api.remove(ids);
        return `${plural(ids.length, 'run')} deleted.`;
      }),
    clean: (strength) =>
      act('Cleaning', async (api) => {
        const { runs, bytes, skipped } = await api.clean(strength);
        const left = skipped > 0 ? ` ${plural(skipped, 'run')} in use left alone.` : '';
        return `${(bytes / 2 ** 20).toFixed(1)} MiB freed in ${plural(runs, 'run')}.${left}`;
      }),
    persist: () =>
      act('Asking the browser', async () => {
        const granted = await navigator.storage.persist();
        return granted
          ? 'The browser keeps these runs until you delete them.'
          : 'The browser did not promise to keep these runs: it may delete them when the disk is nearly full. Export what matters.';
      }),
    dismissNote: () => store.setState({ note: null }),
  };
}
