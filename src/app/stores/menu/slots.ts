/** Named configurations kept in this browser. */

export interface Slot {
  readonly name: string;
  readonly preset: string;
  /** Minimal configuration. */
  readonly text: string;
  /** ISO 8601. */
  readonly savedAt: string;
}

/** Where slots are kept: `localStorage`, or a map in tests. */
export type SlotStorage = Pick<Storage, 'getItem' | 'setItem'>;

const KEY = 'knlp.configs.1';

const isSlot = (value: unknown): value is Slot =>
  typeof value === 'object' &&
  value !== null &&
  (['name', 'preset', 'text', 'savedAt'] as const).every((key) => typeof (value as Slot)[key] === 'string');

/** The saved configurations, newest first. What cannot be read counts as never saved. */
export function readSlots(storage: SlotStorage | null): readonly Slot[] {
  let saved: unknown;
  try {
    saved = JSON.parse(storage?.getItem(KEY) ?? '[]');
  } catch {
    saved = [];
  }
  return Array.isArray(saved) ? saved.filter(isSlot) : [];
}

/** Keeps the list; why it could not, or null. */
export function writeSlots(storage: SlotStorage | null, slots: readonly Slot[]): string | null {
  if (storage === null) return 'This browser keeps nothing for this page: download the file instead.';
  try {
    storage.setItem(KEY, JSON.stringify(slots));
    return null;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `The browser did not keep it (${why}): delete a slot, or download the file instead.`;
  }
}
