/** Who depends on whom: for invalidation, for an evaluation order, and to refuse dependency loops. */
import type { Builder } from './builder';
import { itemName } from './builder';
import { KconfigError, locationText } from './errors';
import { visitItems } from './expr';
import type { Expr, Item, Sym } from './model';

/** Edges from each item to those that may change with it, and an order for evaluation. */
export interface DependencyGraph {
  readonly dependents: Item[][];
  readonly rank: Int32Array;
}

/** Builds the graph; throws a KconfigError that names the cycle if symbols depend on themselves. */
export function buildGraph(builder: Builder): DependencyGraph {
  const dependents: Item[][] = builder.items.map(() => []);
  const seen = new Int32Array(builder.items.length).fill(-1);
  const dependOn = (item: Item, expr: Expr): void => {
    visitItems(expr, (operand) => {
      if ((operand.kind === 'symbol' && operand.constant) || seen[operand.id] === item.id) return;
      seen[operand.id] = item.id;
      dependents[operand.id].push(item);
    });
  };
  for (const sym of builder.defined) {
    for (const node of sym.nodes) if (node.prompt !== null) dependOn(sym, node.prompt.cond);
    for (const { value, cond } of sym.defaults) {
      dependOn(sym, value);
      dependOn(sym, cond);
    }
    dependOn(sym, sym.revDep);
    dependOn(sym, sym.weakRevDep);
    for (const { low, high, cond } of sym.ranges) {
      dependOn(sym, low);
      dependOn(sym, high);
      dependOn(sym, cond);
    }
    dependOn(sym, sym.directDep);
  }
  for (const choice of builder.choices) {
    for (const node of choice.nodes) if (node.prompt !== null) dependOn(choice, node.prompt.cond);
    for (const { cond } of choice.defaults) dependOn(choice, cond);
  }
  refuseLoops(builder, dependents, true);
  const rank = refuseLoops(builder, dependents, false);
  // The selection of a choice follows the visibility of its members. This edge closes a cycle with the one from the choice
  // to its members, which invalidation can handle but the loop check must not see.
  for (const choice of builder.choices) {
    for (const sym of choice.members) if (!dependents[sym.id].includes(choice)) dependents[sym.id].push(choice);
  }
  return { dependents, rank };
}

interface Frame {
  readonly item: Item;
  readonly next: readonly Item[];
  at: number;
  /** For a choice: the member through which it was reached. */
  readonly skip: Sym | null;
  /** For a member: it was reached from its choice, which is not entered again. */
  readonly fromChoice: boolean;
}

const ACTIVE = 1;
const DONE = 2;

/**
 * Depth-first search over dependents, which throws for a cycle and gives an order with everything after what it depends on.
 * @param throughChoices a member also leads to the other members of its choice, as picking it changes them, but not through
 *   other dependents of the choice, which follow its mode alone; those are searched without this flag
 */
function refuseLoops(builder: Builder, dependents: readonly (readonly Item[])[], throughChoices: boolean): Int32Array {
  const count = builder.items.length;
  const state = new Uint8Array(count);
  const rank = new Int32Array(count);
  let finished = 0;
  const stack: Frame[] = [];
  const enter = (item: Item, skip: Sym | null, fromChoice: boolean): void => {
    if (state[item.id] === DONE) return;
    if (state[item.id] === ACTIVE) throw loopError(stack, item);
    state[item.id] = ACTIVE;
    const next = throughChoices && item.kind === 'choice' ? item.members : dependents[item.id];
    stack.push({ item, next, at: 0, skip, fromChoice });
  };
  const search = (root: Item): void => {
    enter(root, null, false);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const { item, next } = frame;
      if (frame.at < next.length) {
        const target = next[frame.at++];
        if (target !== frame.skip) enter(target, null, throughChoices && item.kind === 'choice');
      } else if (throughChoices && frame.at === next.length && item.kind === 'symbol' && item.choice && !frame.fromChoice) {
        frame.at++;
        enter(item.choice, item, false);
      } else {
        state[item.id] = DONE;
        rank[item.id] = count - finished++;
        stack.pop();
      }
    }
  };
  for (const sym of builder.defined) search(sym);
  if (!throughChoices) for (const choice of builder.choices) search(choice);
  return rank;
}

function loopError(stack: readonly Frame[], start: Item): KconfigError {
  const from = stack.findIndex((frame) => frame.item === start);
  const loop = stack
    .slice(from)
    .map((frame) => frame.item)
    .reverse();
  const shown = (item: Item): string => {
    const place = item.nodes.length > 0 ? ` (${locationText(item.nodes[0].location)})` : '';
    return `${itemName(item)}${place}`;
  };
  const path = [start, ...loop].map(shown).join(' depends on ');
  return new KconfigError(`dependency loop: ${path}`, start.nodes[0].location);
}
