/** What will be run next: preset, overrides, the reader's own text, and what that will cost. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { PlanSummary, RunRequest, SymbolOverrides } from '@/worker/protocol';

export interface Preset {
  readonly name: string;
  readonly title: string;
}

export type PlanStatus =
  | { readonly status: 'none' }
  | { readonly status: 'planning' }
  | { readonly status: 'ready'; readonly summary: PlanSummary }
  /** The reason names the largest tensors and the options that would shrink them. */
  | { readonly status: 'refused'; readonly reason: string };

export interface SetupStore {
  readonly presets: readonly Preset[];
  readonly preset: string | null;
  readonly overrides: SymbolOverrides;
  readonly customText: { readonly name: string; readonly text: string } | null;
  /** Why the last text given was not taken. */
  readonly textError: string | null;
  readonly plan: PlanStatus;
}

export type SetupStoreApi = StoreApi<SetupStore>;

export const createSetupStore = (): SetupStoreApi =>
  createStore<SetupStore>(() => ({
    presets: [],
    preset: null,
    overrides: {},
    customText: null,
    textError: null,
    plan: { status: 'none' },
  }));

export function requestOf({ preset, overrides, customText }: SetupStore): RunRequest | null {
  if (preset === null) return null;
  return { preset, overrides, ...(customText ? { customText } : {}) };
}

/** The longest text taken; beyond it tokenising in memory is no longer reasonable in a page. */
export const MAX_TEXT_BYTES = 256 * 2 ** 20;

/** Null when the bytes are usable text; otherwise what is wrong and what to do. */
export function textProblem(name: string, bytes: Uint8Array): string | null {
  if (bytes.length === 0) return `${name} is empty. Choose a file with text in it.`;
  if (bytes.length > MAX_TEXT_BYTES) return `${name} is larger than 256 MiB. Cut it, or use the terminal: bin/wb run.`;
  if (bytes.subarray(0, 4096).includes(0)) return `${name} is not text (it has zero bytes). Choose a plain text file.`;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, Math.min(bytes.length, 65536)), {
      stream: true,
    });
  } catch {
    return `${name} is not UTF-8 text. Save it as UTF-8 and choose it again.`;
  }
  return null;
}
