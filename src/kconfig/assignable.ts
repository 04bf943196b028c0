/** Which values can be given to a symbol: ever (its type), and now (its visibility and what selects it). */
import type { Config } from './config';
import { isLogical, triOf } from './model';
import type { Choice, Item, Sym, Tri } from './model';
import { parseInteger } from './text';

/** Did an assignment take? If not, why. */
export type SetResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** The bounds in force for an int or hex symbol. */
export interface ActiveRange {
  readonly low: bigint;
  readonly high: bigint;
}

/** The values that a user can give now, in order; see `Config.assignable`. */
export function assignableValues(config: Config, item: Item): readonly Tri[] {
  const visibility = config.visibility(item);
  if (visibility === 0) return [];
  if (item.kind === 'choice') return assignableModes(config, item, visibility);
  if (!isLogical(item.type)) return [];
  const selected = config.evaluate(item.revDep);
  if (visibility === 2) {
    if (item.choice !== null || selected === 2) return [2];
    const noModule = config.type(item) === 'bool' || config.evaluate(item.weakRevDep) === 2;
    if (selected === 1) return noModule ? [2] : [1, 2];
    return noModule ? [0, 2] : [0, 1, 2];
  }
  if (selected === 2) return [2];
  if (selected === 1) return [1];
  return config.evaluate(item.weakRevDep) === 2 ? [0, 2] : [0, 1];
}

function assignableModes(config: Config, choice: Choice, visibility: Tri): readonly Tri[] {
  if (visibility === 1) return choice.optional ? [0, 1] : [1];
  const bool = config.type(choice) === 'bool';
  if (choice.optional) return bool ? [0, 2] : [0, 1, 2];
  return bool ? [2] : [1, 2];
}

/** Why a text can never be a value of a symbol of this type, or null. */
export function typeProblem(sym: Sym, value: string): string | null {
  switch (sym.type) {
    case 'bool':
      return value === 'y' || value === 'n' ? null : `'${value}' is not a value for a bool (n or y)`;
    case 'tristate':
      return triOf(value) !== null ? null : `'${value}' is not a value for a tristate (n, m or y)`;
    case 'string':
      return null;
    case 'int':
      return parseInteger(value, 10) !== null ? null : `'${value}' is not an integer`;
    case 'hex': {
      const number = parseInteger(value, 16);
      return number !== null && number >= 0n ? null : `'${value}' is not a hexadecimal number`;
    }
    case 'unknown':
      return `${sym.name} has no type`;
  }
}
