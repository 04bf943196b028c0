/** Where a value comes from: the user, a default, a select, an imply, a choice, a clamp. */
import type { Config } from './config';
import { locationText } from './errors';
import { splitExpr } from './expr';
import { isLogical, TRI_TEXT } from './model';
import type { Expr, Sym, Tri } from './model';
import type { Location } from './errors';
import { hexText } from './text';

/** Why a symbol has the value that it has. */
export type Origin =
  | { readonly kind: 'user' }
  | { readonly kind: 'selected'; readonly by: readonly Sym[] }
  | { readonly kind: 'implied'; readonly by: readonly Sym[] }
  | { readonly kind: 'choice'; readonly pickedByUser: boolean }
  | { readonly kind: 'default'; readonly location: Location }
  | { readonly kind: 'clamped'; readonly range: string; readonly location: Location | null }
  | { readonly kind: 'none' };

/** The symbols whose select (or imply) is in force at `strength` or above. */
export function activeSources(config: Config, reverse: Expr, strength: Tri): Sym[] {
  const out: Sym[] = [];
  for (const term of splitExpr(reverse, 'or')) {
    if (config.evaluate(term) < strength) continue;
    const source = splitExpr(term, 'and')[0];
    if (source.kind === 'symbol' && !out.includes(source)) out.push(source);
  }
  return out;
}

/** `[low, high]` of the range in force, in the notation of the type. */
export function rangeText(config: Config, sym: Sym): string | null {
  const range = config.activeRange(sym);
  if (range === null) return null;
  const shown = sym.type === 'hex' ? hexText : String;
  return `[${shown(range.low)}, ${shown(range.high)}]`;
}

/** Where the current value of a symbol comes from. */
export function originOf(config: Config, sym: Sym): Origin {
  const value = config.value(sym);
  const visible = config.visibility(sym) > 0;
  const user = visible ? config.userValue(sym) : null;
  if (sym.choice !== null && config.tri(sym.choice) === 2) {
    return { kind: 'choice', pickedByUser: config.selection(sym.choice) === config.userSelection(sym.choice) };
  }
  if (isLogical(sym.type)) return logicalOrigin(config, sym, user);
  if (user !== null && user === value) return { kind: 'user' };
  for (const { value: text, cond, location } of sym.defaults) {
    if (config.evaluate(cond) === 0) continue;
    if (text.kind === 'symbol' && config.value(text) === value) return { kind: 'default', location };
    return { kind: 'clamped', range: rangeText(config, sym) ?? '', location };
  }
  return value === '' ? { kind: 'none' } : { kind: 'clamped', range: rangeText(config, sym) ?? '', location: null };
}

function logicalOrigin(config: Config, sym: Sym, user: string | null): Origin {
  const strength = config.evaluate(sym.revDep);
  const tri = config.tri(sym);
  const limited = user === null ? -1 : Math.min(TRI_TEXT.indexOf(user as 'n'), config.visibility(sym));
  if (strength > 0 && strength >= limited) {
    return { kind: 'selected', by: activeSources(config, sym.revDep, strength) };
  }
  if (user !== null) return { kind: 'user' };
  const implied = config.evaluate(sym.directDep) > 0 ? config.evaluate(sym.weakRevDep) : 0;
  for (const prop of sym.defaults) {
    const cond = config.evaluate(prop.cond);
    if (cond === 0) continue;
    if (implied > Math.min(config.evaluate(prop.value), cond)) break;
    return { kind: 'default', location: prop.location };
  }
  if (implied > 0 && tri > 0) return { kind: 'implied', by: activeSources(config, sym.weakRevDep, 1) };
  return { kind: 'none' };
}

/** An origin in a few words. */
export function originText(origin: Origin): string {
  switch (origin.kind) {
    case 'user':
      return 'set by the user';
    case 'selected':
      return `selected by ${origin.by.map((sym) => sym.name).join(', ')}`;
    case 'implied':
      return `implied by ${origin.by.map((sym) => sym.name).join(', ')}`;
    case 'choice':
      return origin.pickedByUser ? 'choice picked by the user' : 'default of its choice';
    case 'default':
      return `default at ${locationText(origin.location)}`;
    case 'clamped':
      return `clamped to the range ${origin.range}`;
    case 'none':
      return 'no default';
  }
}
