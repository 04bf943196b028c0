/** The state of the menu: what is in it, how it starts, and the small steps that keys are made of. */
import { diffConfigs, menuRows, SearchIndex, writeConfig } from '@/kconfig';
import type { Config, MenuNode, MenuRow, SearchHit, Sym } from '@/kconfig';
import type { Field } from './field';

/** One opened menu: its node, the chosen row, and the first row on the screen. */
export interface Frame {
  readonly node: MenuNode;
  readonly cursor: number;
  readonly top: number;
}

/** What the keys go to. */
export type Mode =
  | { readonly kind: 'menu' }
  | { readonly kind: 'edit'; readonly symbol: Sym; readonly field: Field; readonly problem: string | null }
  | {
      readonly kind: 'search';
      readonly field: Field;
      readonly hits: readonly SearchHit[];
      readonly total: number;
      readonly problem: string | null;
      readonly cursor: number;
    }
  | { readonly kind: 'page'; readonly title: string; readonly lines: readonly string[]; readonly top: number }
  | { readonly kind: 'quit' };

/** What the caller is to do after a step. */
export type Request = 'none' | 'save' | 'save-and-quit' | 'quit' | 'interrupt';

export interface State {
  readonly config: Config;
  readonly index: SearchIndex;
  /** Opened menus, the root first. */
  readonly frames: readonly Frame[];
  readonly mode: Mode;
  readonly undo: readonly Config[];
  readonly redo: readonly Config[];
  readonly showAll: boolean;
  /** The file as it stands on disk; null when there is none. */
  readonly saved: string | null;
  readonly dirty: boolean;
  readonly file: string;
  /** Rows that a list has room for. */
  readonly height: number;
  readonly width: number;
  readonly message: string;
  /** What is wrong with the configuration as a whole, beyond what the tree can say. */
  readonly problem: string | null;
  readonly check: (config: Config) => string | null;
  readonly request: Request;
}

export interface StartOptions {
  readonly file: string;
  readonly saved: string | null;
  readonly height?: number;
  readonly message?: string;
  readonly check?: (config: Config) => string | null;
}

export const MENU: Mode = { kind: 'menu' };

/** The state at the start: the root menu. */
export function start(
  config: Config,
  { file, saved, height = 16, message = '', check = () => null }: StartOptions,
): State {
  return {
    config,
    index: new SearchIndex(config.tree),
    frames: [{ node: config.tree.root, cursor: 0, top: 0 }],
    mode: MENU,
    undo: [],
    redo: [],
    showAll: false,
    saved,
    dirty: writeConfig(config) !== saved,
    file,
    height,
    width: 80,
    message,
    problem: check(config),
    check,
    request: 'none',
  };
}

/** The opened menu. */
export function frameOf({ frames }: State): Frame {
  return frames[frames.length - 1];
}

/** The rows of the opened menu. */
export function rowsOf(state: State): MenuRow[] {
  return menuRows(state.config, frameOf(state).node, state.showAll);
}

/** The chosen row, or null in an empty menu. */
export function chosenNode(state: State): MenuNode | null {
  return rowsOf(state)[frameOf(state).cursor]?.node ?? null;
}

/** The state for another height of the list and width of the screen. */
export function resize(state: State, height: number, width = state.width): State {
  return moveTo({ ...state, height: Math.max(1, height), width }, frameOf(state).cursor);
}

/** The state after the caller wrote the file. */
export function wasSaved(state: State, text: string): State {
  return { ...state, saved: text, dirty: writeConfig(state.config) !== text, message: `saved to ${state.file}` };
}

/** The state with a message and nothing requested. */
export function say(state: State, message: string): State {
  return { ...state, message, request: 'none' };
}

/** A page of text over the menu. */
export function showPage(state: State, title: string, lines: readonly string[]): State {
  return { ...state, mode: { kind: 'page', title, lines, top: 0 } };
}

/** The state with another row chosen, scrolled so that it shows. */
export function moveTo(state: State, wanted: number): State {
  const count = rowsOf(state).length;
  const frame = frameOf(state);
  const cursor = Math.max(0, Math.min(wanted, count - 1));
  const low = Math.max(frame.top, cursor - state.height + 1);
  const top = Math.max(0, Math.min(low, cursor, Math.max(0, count - state.height)));
  return { ...state, frames: [...state.frames.slice(0, -1), { ...frame, cursor, top }] };
}

/** Another configuration, the cursor on the same row if that is still there. */
export function withConfig(state: State, config: Config, undo: readonly Config[], redo: readonly Config[]): State {
  const node = chosenNode(state);
  const next: State = {
    ...state,
    config,
    undo,
    redo,
    dirty: writeConfig(config) !== state.saved,
    problem: state.check(config),
  };
  const at = rowsOf(next).findIndex((row) => row.node === node);
  return moveTo(next, at < 0 ? frameOf(next).cursor : at);
}

/** Applies a change to a copy; the result is null when it did not take. */
export function change(state: State, apply: (config: Config) => boolean): State | null {
  const config = state.config.clone();
  if (!apply(config)) return null;
  const next = withConfig(state, config, [...state.undo, state.config], []);
  return { ...next, message: consequences(state.config, config) };
}

/** What else a change did, in a few words; empty when nothing else changed. */
function consequences(before: Config, after: Config): string {
  const changes = diffConfigs(before, after);
  if (changes.length < 2) return '';
  const shown = changes.slice(0, 3).map((entry) => `${entry.name}=${entry.after.value}`);
  return `changed: ${shown.join(', ')}${changes.length > 3 ? ` and ${changes.length - 3} more` : ''}`;
}
