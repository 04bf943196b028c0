/**
 * The menu store: the Kconfig menu, saved configurations, and the wire to the run. Every change of the configuration goes
 * into the setup store as minimal text and is planned again. Knows nothing of React.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { KconfigError, writeConfig } from '@/kconfig';
import type { PlanSummary } from '@/worker/protocol';
import { revert, switchOn } from './menu/edit';
import { applyStart, linkQuery, type Start } from './menu/link';
import { assignmentText, loadPreset, loadText } from './menu/load';
import { minimalText, openMenu, say, type Menu } from './menu/model';
import { readSlots, writeSlots, type Slot, type SlotStorage } from './menu/slots';
import { CUSTOM_TEXT_SYMBOL, type SetupStore, type SetupStoreApi } from './setup';

export interface MenuStore {
  /** Null until the worker has given the Kconfig sources. */
  readonly menu: Menu | null;
  /** Why there is no menu. */
  readonly error: string | null;
  readonly slots: readonly Slot[];
  /** The cost of the preset without changes, once it was planned. */
  readonly baseCost: PlanSummary | null;
}

export interface MenuStoreApi extends StoreApi<MenuStore> {
  /** Takes a step; where it changed the configuration, the next run has it and its cost is planned. */
  act(step: (menu: Menu) => Menu): void;
  /** Loads a text and shows the report when a line had no effect or the file leaves symbols new. */
  load(text: string, title: string, merge: boolean): void;
  saveSlot(name: string): void;
  deleteSlot(name: string): void;
}

export interface MenuOptions {
  readonly setup: SetupStoreApi;
  /** Asks for a new plan; see Session.replan. */
  readonly replan: () => void;
  readonly storage: SlotStorage | null;
  /** What the address asks for. */
  readonly start: Start | null;
}

export function createMenuStore({ setup, replan, storage, start }: MenuOptions): MenuStoreApi {
  const store = createStore<MenuStore>(() => ({
    menu: null,
    error: null,
    slots: readSlots(storage),
    baseCost: null,
  }));
  const act: MenuStoreApi['act'] = (step) => {
    const { menu } = store.getState();
    if (menu === null) return;
    const next = step(menu);
    if (next === menu) return;
    const rebased = next.version.base !== menu.version.base;
    store.setState({ menu: next, ...(rebased ? { baseCost: null } : {}) });
    if (next.version.config === menu.version.config) return;
    publish(setup, next);
    replan();
  };
  setup.subscribe((now, before) => {
    if (store.getState().menu !== null) follow(store, act, now, before);
    else if (now.sources !== null && now.preset !== null) openFrom(store, setup, start);
  });
  return {
    ...store,
    act,
    load: (text, title, merge) => act((menu) => withReport(menu, text, title, merge)),
    saveSlot: (name) => saveSlot(store, storage, name),
    deleteSlot: (name) => deleteSlot(store, storage, name),
  };
}

/** The menu from what the setup store has, with what the address asks for. */
function openFrom(store: StoreApi<MenuStore>, setup: SetupStoreApi, start: Start | null): void {
  const { sources, presets, preset, overrides } = setup.getState();
  try {
    const opened = openMenu(sources ?? {}, presets, preset ?? '');
    const started = withOverrides(start === null ? opened : applyStart(opened, start), overrides);
    const menu: Menu = { ...started, undo: [] };
    store.setState({ menu, error: null });
    publish(setup, menu);
  } catch (error) {
    if (!(error instanceof KconfigError)) throw error;
    store.setState({ error: error.message });
  }
}

/** Follows the setup store: a preset chosen elsewhere is loaded, the reader's text switches the dataset. */
function follow(store: StoreApi<MenuStore>, act: MenuStoreApi['act'], now: SetupStore, before: SetupStore): void {
  const { preset, overrides, config, customText, plan } = now;
  if (config === null && preset !== null) act((menu) => withOverrides(loadPreset(menu, preset), overrides));
  if (customText !== null && before.customText === null) act((menu) => switchOn(menu, CUSTOM_TEXT_SYMBOL));
  if (customText === null && before.customText !== null) act(restoreDataset);
  const unchanged = store.getState().menu?.changes.count === 0;
  if (plan !== before.plan && plan.status === 'ready' && unchanged) store.setState({ baseCost: plan.summary });
}

function withReport(menu: Menu, text: string, title: string, merge: boolean): Menu {
  const loaded = loadText(menu, text, { title, merge });
  const { report } = loaded;
  const quiet = report.lines.length === 0 && report.added.length === 0;
  return { ...loaded.menu, pane: quiet ? { kind: 'none' } : { kind: 'report', report } };
}

function saveSlot(store: StoreApi<MenuStore>, storage: SlotStorage | null, name: string): void {
  const { menu } = store.getState();
  if (menu === null) return;
  const { config, preset } = menu.version;
  const slot: Slot = { name, preset, text: minimalText(config), savedAt: new Date().toISOString() };
  keepSlots(store, storage, name, [slot], `Saved as ${name} in this browser.`);
}

function deleteSlot(store: StoreApi<MenuStore>, storage: SlotStorage | null, name: string): void {
  keepSlots(store, storage, name, [], `Deleted ${name}.`);
}

/** Puts slots in the place of the one with a name. What other tabs saved meanwhile is read again. */
function keepSlots(
  store: StoreApi<MenuStore>,
  storage: SlotStorage | null,
  name: string,
  replacement: readonly Slot[],
  done: string,
): void {
  const slots = [...replacement, ...readSlots(storage).filter((other) => other.name !== name)];
  const problem = writeSlots(storage, slots);
  store.setState(({ menu }) => ({
    ...(problem === null ? { slots } : {}),
    menu: menu === null ? null : say(menu, problem ?? done),
  }));
}

function publish(setup: SetupStoreApi, { version }: Menu): void {
  setup.setState({ preset: version.preset, config: minimalText(version.config), overrides: {} });
}

function withOverrides(menu: Menu, overrides: SetupStore['overrides']): Menu {
  const text = assignmentText(menu.tree, Object.entries(overrides));
  if (text === '') return menu;
  const { menu: next, report } = loadText(menu, text, { title: 'Overrides', merge: true });
  return report.lines.some((line) => line.ignored) ? { ...next, pane: { kind: 'report', report } } : next;
}

/** Without the reader's text, the dataset is the preset's again. */
function restoreDataset(menu: Menu): Menu {
  const sym = menu.version.config.find(CUSTOM_TEXT_SYMBOL);
  return sym === null || menu.version.config.tri(sym) === 0 ? menu : revert(menu, sym);
}

/** The full `.config`, as `make` would write it. */
export const fullText = ({ version }: Menu): string => writeConfig(version.config);

/** The preset form, with where it came from. */
export const defconfigText = ({ version }: Menu): string =>
  `# Changed from ${version.preset}\n${minimalText(version.config)}`;

export const queryOf = (menu: Menu): URLSearchParams => linkQuery(menu, menu.version);
