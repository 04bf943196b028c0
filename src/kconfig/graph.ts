/** Who depends on whom: for invalidation, for an evaluation order, and to refuse dependency loops. */
import type { Builder } from './builder';
import { itemName } from './builder';
import { KconfigError, locationText } from './errors';
import { visitItems } from './expr';
import type { Expr, Item } from './model';

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
  const rank = refuseLoops(builder, dependents);
  // Between a choice and its members values flow both ways, whatever the prompts say: mode and selection to the members, their
  // visibility (and that of a default from outside) to the selection. Invalidation can handle these cycles; the search for
  // loops has its own view of them.
  for (const choice of builder.choices) {
    const link = (from: Item, to: Item): void => {
      if (!dependents[from.id].includes(to)) dependents[from.id].push(to);
    };
    for (const sym of choice.members) {
      link(sym, choice);
      link(choice, sym);
    }
    for (const { value } of choice.defaults) if (value.kind === 'symbol' && !value.constant) link(value, choice);
  }
  return { dependents, rank };
}

/**
 * Refuses cycles and gives an order in which everything comes after what it depends on.
 *
 * A choice makes plain reachability too coarse: its members follow its mode, its selection follows the visibility of all
 * members, and the value of each member follows the selection. So a member has two vertices (visibility, value) and a choice
 * two (mode, selection); everything else has one.
 */
function refuseLoops(builder: Builder, dependents: readonly (readonly Item[])[]): Int32Array {
  const count = builder.items.length;
  const second = (item: Item): number => count + item.id;
  const follow = (vertex: number): readonly number[] => {
    const item = builder.items[vertex % count];
    const direct = (): number[] => dependents[item.id].map((target) => target.id);
    if (item.kind === 'choice') return vertex < count ? [...direct(), second(item)] : item.members.map(second);
    if (item.choice === null || vertex >= count) return direct();
    return [second(item), second(item.choice)];
  };
  const state = new Uint8Array(2 * count);
  const rank = new Int32Array(count);
  let finished = 0;
  const stack: Frame[] = [];
  const enter = (vertex: number): void => {
    if (state[vertex] === DONE) return;
    if (state[vertex] === ACTIVE) {
      const loop = stack.slice(stack.findIndex((frame) => frame.vertex === vertex));
      throw loopError(loop.map((frame) => builder.items[frame.vertex % count]));
    }
    state[vertex] = ACTIVE;
    stack.push({ vertex, next: follow(vertex), at: 0 });
  };
  for (const root of [...builder.defined, ...builder.choices]) {
    enter(root.id);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      if (frame.at < frame.next.length) {
        enter(frame.next[frame.at++]);
        continue;
      }
      state[frame.vertex] = DONE;
      if (frame.vertex < count) rank[frame.vertex] = -finished++;
      stack.pop();
    }
  }
  return rank;
}

interface Frame {
  readonly vertex: number;
  readonly next: readonly number[];
  at: number;
}

const ACTIVE = 1;
const DONE = 2;

/** @param loop each item leads to the next one, and the last to the first */
function loopError(loop: readonly Item[]): KconfigError {
  const names = loop.filter((item, i) => item !== loop[i - 1]).reverse();
  const start = names[names.length - 1];
  const shown = (item: Item): string => {
    const place = item.nodes.length > 0 ? ` (${locationText(item.nodes[0].location)})` : '';
    return `${itemName(item)}${place}`;
  };
  const path = [start, ...(names.length === 1 ? [start] : names)].map(shown).join(' depends on ');
  return new KconfigError(`dependency loop: ${path}`, start.nodes[0].location);
}
