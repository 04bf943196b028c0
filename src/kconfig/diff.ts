/** Differences between configurations with reasons, and "what would change if I flip it?". */
import type { SetResult } from './assignable';
import type { Config } from './config';
import { isLogical } from './model';
import type { Sym } from './model';
import { overrideReason } from './load';
import { originOf } from './origin';
import type { Origin } from './origin';

/** One side of a difference. */
export interface DiffSide {
  readonly value: string;
  readonly visible: boolean;
  readonly written: boolean;
  readonly origin: Origin;
}

/** A symbol that differs. */
export interface DiffEntry {
  readonly name: string;
  readonly symbol: Sym;
  readonly before: DiffSide;
  readonly after: DiffSide;
}

function side(config: Config, sym: Sym): DiffSide {
  return {
    value: config.value(sym),
    visible: config.visibility(sym) > 0,
    written: config.isWritten(sym),
    origin: originOf(config, sym),
  };
}

/** The symbols whose value, or appearance in a written file, differs between two configurations of one tree. */
export function diffConfigs(before: Config, after: Config): DiffEntry[] {
  const out: DiffEntry[] = [];
  for (const symbol of before.tree.defined) {
    if (before.value(symbol) === after.value(symbol) && before.isWritten(symbol) === after.isWritten(symbol)) continue;
    out.push({ name: symbol.name, symbol, before: side(before, symbol), after: side(after, symbol) });
  }
  return out;
}

/** A trial assignment: did it take, what would change, what would appear or vanish from the menu. */
export interface WhatIf {
  readonly result: SetResult;
  readonly changes: readonly DiffEntry[];
  readonly shown: readonly Sym[];
  readonly hidden: readonly Sym[];
  /** Why the symbol itself would not have the wanted value, or null. */
  readonly overridden: string | null;
}

/** Sets a value as a menu would: a member of a tristate choice also sets the mode of the choice. */
export function assign(config: Config, sym: Sym, value: string): SetResult {
  const result = config.set(sym, value);
  if (!result.ok || sym.choice === null || !isLogical(sym.type) || value === 'n') return result;
  return config.setMode(sym.choice, value === 'm' ? 1 : 2).ok ? result : { ok: true };
}

/** Evaluates an assignment on a copy. */
export function whatIf(config: Config, symbol: Sym, value: string): WhatIf {
  const trial = config.clone();
  const result = assign(trial, symbol, value);
  if (!result.ok) return { result, changes: [], shown: [], hidden: [], overridden: null };
  const shown: Sym[] = [];
  const hidden: Sym[] = [];
  for (const sym of config.tree.defined) {
    const was = config.visibility(sym) > 0;
    const is = trial.visibility(sym) > 0;
    if (is !== was) (is ? shown : hidden).push(sym);
  }
  const overridden = trial.value(symbol) === value ? null : overrideReason(trial, symbol, value);
  return { result, changes: diffConfigs(config, trial), shown, hidden, overridden };
}

/** A difference between two `.config` texts alone, without a tree: name, old and new value; null where absent. */
export interface TextDiff {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Compares two `.config` texts line by line; for files whose tree is gone. */
export function diffTexts(before: string, after: string, prefix = 'CONFIG_'): TextDiff[] {
  const a = assignments(before, prefix);
  const b = assignments(after, prefix);
  const names = [...new Set([...a.keys(), ...b.keys()])];
  return names
    .map((name) => ({ name, before: a.get(name) ?? null, after: b.get(name) ?? null }))
    .filter((entry) => entry.before !== entry.after);
}

function assignments(text: string, prefix: string): Map<string, string> {
  const out = new Map<string, string>();
  for (const line of text.split(/\r\n|\r|\n/)) {
    const equals = line.indexOf('=');
    if (line.startsWith(prefix) && equals > prefix.length) {
      out.set(line.slice(prefix.length, equals), line.slice(equals + 1).trimEnd());
    } else if (line.startsWith(`# ${prefix}`) && line.trimEnd().endsWith(' is not set')) {
      out.set(line.slice(2 + prefix.length).split(' ')[0], 'n');
    }
  }
  return out;
}
