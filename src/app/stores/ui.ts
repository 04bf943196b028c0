/** What the reader has arranged: panels, plots, sampling. Remembered in this browser. */
import { createStore, type StoreApi } from 'zustand/vanilla';

export type Tab = 'menu' | 'plots' | 'machine';
export type Side = 'left' | 'right';

export interface UiStore {
  readonly widths: Readonly<Record<Side, number>>;
  readonly collapsed: Readonly<Record<Side, boolean>>;
  /** The panel in view where there is room for one only. */
  readonly tab: Tab;
  /** About how many steps the smoothed lines average. */
  readonly emaWindow: number;
  /** Plots whose log toggle differs from their default, by id. */
  readonly log: Readonly<Record<string, boolean>>;
  readonly singleKeys: boolean;
  readonly sample: {
    readonly prompt: string;
    readonly tokens: number;
    /** Drawn together, with draws of their own. */
    readonly texts: number;
    readonly temperature: number;
    readonly topK: number;
    readonly topP: number;
    readonly minP: number;
    /** 0: another one for every sample. */
    readonly seed: number;
  };
  readonly dismissed: readonly string[];
  readonly helpOpen: boolean;
}

export type UiStoreApi = StoreApi<UiStore>;

export const WIDTHS: Readonly<Record<Side, { min: number; max: number; initial: number }>> = {
  left: { min: 240, max: 560, initial: 340 },
  right: { min: 240, max: 480, initial: 300 },
};

const KEY = 'knlp.ui.1';

const initial: UiStore = {
  widths: { left: WIDTHS.left.initial, right: WIDTHS.right.initial },
  collapsed: { left: false, right: false },
  tab: 'plots',
  emaWindow: 20,
  log: {},
  singleKeys: true,
  sample: { prompt: 'The ', tokens: 200, texts: 1, temperature: 0.8, topK: 40, topP: 1, minP: 0, seed: 0 },
  dismissed: [],
  helpOpen: false,
};

/** Not remembered: they belong to this visit. */
const VOLATILE: readonly (keyof UiStore)[] = ['tab', 'dismissed', 'helpOpen'];

export function createUiStore(storage: Storage | null): UiStoreApi {
  const store = createStore<UiStore>(() => ({ ...initial, ...load(storage) }));
  let timer: ReturnType<typeof setTimeout> | undefined;
  store.subscribe((state) => {
    clearTimeout(timer);
    timer = setTimeout(() => save(storage, state), 250);
  });
  return store;
}

/** Anything unreadable or of an older shape counts as never saved. */
function load(storage: Storage | null): Partial<UiStore> {
  try {
    const saved: unknown = JSON.parse(storage?.getItem(KEY) ?? '{}');
    if (typeof saved !== 'object' || saved === null) return {};
    const known = Object.entries(saved).filter(
      ([key, value]) => key in initial && typeof value === typeof initial[key as keyof UiStore],
    );
    const ui = Object.fromEntries(known) as Partial<UiStore>;
    return ui.sample ? { ...ui, sample: { ...initial.sample, ...ui.sample } } : ui;
  } catch {
    return {};
  }
}

function save(storage: Storage | null, state: UiStore): void {
  const kept = Object.fromEntries(Object.entries(state).filter(([key]) => !VOLATILE.includes(key as keyof UiStore)));
  try {
    storage?.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Storage is full or forbidden: the page works the same, it forgets.
    storage = null;
  }
}

export const clampWidth = (side: Side, width: number): number =>
  Math.round(Math.min(WIDTHS[side].max, Math.max(WIDTHS[side].min, width)) / 4) * 4;
