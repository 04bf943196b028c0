/** What will be run next: preset, overrides, the reader's own text, and what that will cost. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { PlanSummary, PresetInfo, RunRequest, SymbolOverrides } from '@/worker/protocol';

export type PlanStatus =
  | { readonly status: 'none' }
  /** `previous` stays in sight until the new figures are there. */
  | { readonly status: 'planning'; readonly previous: PlanSummary | null }
  | { readonly status: 'ready'; readonly summary: PlanSummary }
  /** The reason names the largest tensors and the options that would shrink them. */
  | { readonly status: 'refused'; readonly reason: string };

export interface SetupStore {
  readonly presets: readonly PresetInfo[];
  /** Kconfig sources by path; null until the worker has given them. */
  readonly sources: Readonly<Record<string, string>> | null;
  readonly preset: string | null;
  /** The menu's configuration in minimal form. Null while it is the preset with the overrides, as given. */
  readonly config: string | null;
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
    sources: null,
    preset: null,
    config: null,
    overrides: {},
    customText: null,
    textError: null,
    plan: { status: 'none' },
  }));

/** The symbol that trains on the reader's own text. */
export const CUSTOM_TEXT_SYMBOL = 'DATASET_CUSTOM';

/** True when the next run trains on the reader's text: it is there, and the menu has not chosen another dataset. */
export const usesCustomText = ({ config, customText }: Pick<SetupStore, 'config' | 'customText'>): boolean =>
  customText !== null && (config === null || config.split('\n').includes(`CONFIG_${CUSTOM_TEXT_SYMBOL}=y`));

export function requestOf(setup: SetupStore): RunRequest | null {
  const { preset, config, overrides, customText } = setup;
  if (preset === null) return null;
  return {
    preset,
    overrides,
    ...(config === null ? {} : { config }),
    ...(customText && usesCustomText(setup) ? { customText } : {}),
  };
}

/** The figures to show: those of the plan, or the last ones while it is being made again. */
export const summaryOf = (plan: PlanStatus): PlanSummary | null =>
  plan.status === 'ready' ? plan.summary : plan.status === 'planning' ? plan.previous : null;

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
