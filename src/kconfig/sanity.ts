/** Checks of a finished tree that only warn, plus the few defaults that cannot be evaluated at all. */
import type { Builder } from './builder';
import { itemName } from './builder';
import { KconfigError } from './errors';
import type { Location } from './errors';
import { exprText } from './expr';
import { isLogical } from './model';
import type { Choice, Sym } from './model';
import { parseRealTag, realProblem } from './real';
import { parseInteger } from './text';

/** Checks every symbol and choice; throws a KconfigError for malformed defaults. */
export function checkSanity(builder: Builder): void {
  for (const sym of builder.defined) {
    annotateReal(builder, sym);
    checkSymbol(builder, sym);
  }
  for (const choice of builder.choices) checkChoice(builder, choice);
}

function place(item: Sym | Choice): Location {
  return item.nodes[0].location;
}

function checkSymbol(builder: Builder, sym: Sym): void {
  const at = place(sym);
  if (sym.type === 'unknown') builder.warn('type', `${sym.name} defined without a type`, at);
  else if (isLogical(sym.type)) {
    for (const [verb, props] of [['selects', sym.selects] as const, ['implies', sym.implies] as const]) {
      for (const { target } of props) {
        if (isLogical(target.type) || target.type === 'unknown') continue;
        const what = `the ${target.type} symbol ${target.name}, which is not bool or tristate`;
        builder.warn('select', `${sym.name} ${verb} ${what}`, at);
      }
    }
  } else {
    for (const { value, location } of sym.defaults) {
      if (value.kind !== 'symbol') {
        const what = `the ${sym.type} symbol ${sym.name} has a malformed default ${exprText(value)}`;
        throw new KconfigError(`${what}: a single symbol or value expected`, location);
      }
      if (sym.type === 'string') {
        const bare = !value.constant && value.nodes.length === 0 && value.name !== value.name.toUpperCase();
        if (bare) builder.warn('style', `quotes recommended around default value for string symbol ${sym.name}`, at);
      } else if (!fits(value, sym.type)) {
        builder.warn('default', `the ${sym.type} symbol ${sym.name} has a non-${sym.type} default ${value.name}`, at);
      }
    }
    if (sym.selects.length + sym.implies.length > 0) {
      builder.warn('select', `the ${sym.type} symbol ${sym.name} has selects or implies`, at);
    }
  }
  if (sym.ranges.length === 0) return;
  if (sym.type !== 'int' && sym.type !== 'hex') {
    builder.warn('range', `the ${sym.type} symbol ${sym.name} has ranges, but is not int or hex`, at);
    return;
  }
  for (const { low, high } of sym.ranges) {
    if (fits(low, sym.type) && fits(high, sym.type)) continue;
    const range = `[${low.name}, ${high.name}]`;
    builder.warn('range', `the ${sym.type} symbol ${sym.name} has a non-${sym.type} range ${range}`, at);
  }
}

function fits(sym: Sym, type: 'int' | 'hex'): boolean {
  if (sym.nodes.length === 0) return parseInteger(sym.name, type === 'int' ? 10 : 16) !== null;
  return sym.type === type;
}

function checkChoice(builder: Builder, choice: Choice): void {
  const at = place(choice);
  const name = itemName(choice);
  if (!isLogical(choice.type)) builder.warn('choice', `${name} defined with type ${choice.type}`, at);
  if (choice.nodes.every((node) => node.prompt === null))
    builder.warn('choice', `${name} defined without a prompt`, at);
  for (const { value, location } of choice.defaults) {
    if (value.kind !== 'symbol') throw new KconfigError(`${name} has a malformed default ${exprText(value)}`, location);
    if (value.choice !== choice) {
      builder.warn('choice', `the default selection ${value.name} of ${name} is not contained in it`, location);
    }
  }
  for (const sym of choice.members) {
    if (sym.defaults.length > 0) {
      builder.warn('choice', `default on the choice symbol ${sym.name} will have no effect`, place(sym));
    }
    if (sym.revDep !== builder.no || sym.weakRevDep !== builder.no) {
      builder.warn('choice', `select and imply have no effect on the choice symbol ${sym.name}`, place(sym));
    }
    for (const node of sym.nodes) {
      const inside = node.parent?.kind === 'choice' && node.parent.item === choice;
      if (inside && node.prompt === null) {
        builder.warn('choice', `the choice symbol ${sym.name} has no prompt`, node.location);
      } else if (!inside && node.prompt !== null) {
        builder.warn('choice', `the choice symbol ${sym.name} has a prompt outside the choice`, node.location);
      }
    }
  }
}

/** Reads the `@real` line of a symbol and checks its constant defaults against it. */
function annotateReal(builder: Builder, sym: Sym): void {
  for (const node of sym.nodes) {
    const tag = node.help === null ? null : parseRealTag(node.help);
    if (tag === null) continue;
    if ('bad' in tag) {
      builder.warn('real', `${sym.name}: cannot read '@real ${tag.bad}'`, node.location);
    } else if (sym.type !== 'string') {
      builder.warn('real', `${sym.name}: @real is for string symbols, this is ${sym.type}`, node.location);
    } else sym.real = tag;
  }
  if (sym.real === null) return;
  for (const { value, location } of sym.defaults) {
    if (value.kind !== 'symbol' || value.nodes.length > 0) continue;
    const problem = realProblem(sym.real, value.name);
    if (problem !== null) builder.warn('real', `default of ${sym.name}: ${problem}`, location);
  }
}
