/** What a user set, as a value that can be kept and restored: the step of an undo stack. */
import type { Config } from './config';
import type { Choice, Sym, Tri } from './model';

/** User values of symbols, modes and picks of choices; `Config.restore` goes back to it. */
export interface Snapshot {
  readonly values: ReadonlyMap<Sym, string>;
  readonly choices: ReadonlyMap<Choice, { readonly mode: Tri | null; readonly selection: Sym | null }>;
}

/** Gathers what is set. */
export function takeSnapshot(config: Config): Snapshot {
  const values = new Map<Sym, string>();
  for (const sym of config.tree.defined) {
    const value = config.userValue(sym);
    if (value !== null) values.set(sym, value);
  }
  const choices = new Map<Choice, { mode: Tri | null; selection: Sym | null }>();
  for (const choice of config.tree.choices) {
    const mode = config.userMode(choice);
    const selection = config.userSelection(choice);
    if (mode !== null || selection !== null) choices.set(choice, { mode, selection });
  }
  return { values, choices };
}
