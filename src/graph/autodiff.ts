/** Reverse-mode differentiation: walks the nodes backwards and appends the gradient's nodes to the same graph. */
import type { Graph } from './graph';
import { add } from './ops/elementwise';
import { concatLast, sliceLast } from './ops/views';
import { type Tensor, GradientError, colsOf, isOp, sameShape, sizeOf } from './types';

type Contribution =
  | { readonly kind: 'whole'; readonly tensor: Tensor }
  | { readonly kind: 'columns'; readonly start: number; readonly size: number; readonly tensor: Tensor };

/** Only tensors on a path from a parameter to the loss get gradients. */
function tensorsNeedingGradient(graph: Graph): Set<number> {
  const needed = new Set(graph.parameters.map((p) => p.id));
  for (const node of graph.nodes)
    if (node.inputs.some((t) => needed.has(t.id))) for (const out of node.outputs) needed.add(out.id);
  return needed;
}

/**
 * Adds the backward graph of the scalar `loss` and returns the gradient of every parameter, in the parameters' order.
 * Throws GradientError where a parameter does not reach the loss (it would silently never train).
 */
export function gradients(graph: Graph, loss: Tensor): Map<Tensor, Tensor> {
  if (sizeOf(loss.shape) !== 1) throw new GradientError(`the loss must be a scalar, not [${loss.shape.join(', ')}]`);
  const needed = tensorsNeedingGradient(graph);
  const contributions = new Map<number, Contribution[]>();
  const contribute = (target: Tensor, item: Contribution): void => {
    const list = contributions.get(target.id);
    if (list) list.push(item);
    else contributions.set(target.id, [item]);
  };
  contribute(loss, { kind: 'whole', tensor: graph.constant(1) });

  const forward = [...graph.nodes].reverse();
  for (const node of forward) {
    if (!node.outputs.some((t) => contributions.has(t.id))) continue;
    if (!node.inputs.some((t) => needed.has(t.id))) continue;
    graph.scope(node.scope === '' ? 'backward' : `${node.scope}.backward`, () => {
      const dOutputs = node.outputs.map((t) => collect(graph, t, contributions));
      if (isOp(node, sliceLast)) {
        contribute(node.inputs[0]!, { kind: 'columns', ...node.attrs, tensor: dOutputs[0]! });
        return;
      }
      const dInputs = node.op.gradient(graph, node, dOutputs);
      node.inputs.forEach((input, i) => {
        const tensor = dInputs[i];
        if (tensor && needed.has(input.id)) contribute(input, { kind: 'whole', tensor });
      });
    });
  }
  const result = new Map<Tensor, Tensor>();
  graph.scope('backward', () => {
    for (const parameter of graph.parameters) {
      const gradient = collect(graph, parameter, contributions);
      if (!gradient) throw new GradientError(`parameter ${parameter.name} does not influence the loss`);
      result.set(parameter, gradient);
    }
  });
  return result;
}

/** Sums the contributions to one tensor; column slices are joined into one concat first. */
function collect(graph: Graph, target: Tensor, contributions: Map<number, Contribution[]>): Tensor | null {
  const list = contributions.get(target.id);
  if (!list) return null;
  const whole = list.flatMap((c) => (c.kind === 'whole' ? [c.tensor] : []));
  const columns = list.flatMap((c) => (c.kind === 'columns' ? [c] : []));
  if (columns.length > 0) whole.push(joinColumns(graph, target, columns));
  const sum = whole.reduce((a, b) => graph.apply1(add, [a, b], {}));
  if (!sameShape(sum.shape, target.shape) && sizeOf(sum.shape) !== sizeOf(target.shape))
    throw new GradientError(`gradient of ${target.name} has shape [${sum.shape.join(', ')}]`);
  contributions.set(target.id, [{ kind: 'whole', tensor: sum }]);
  return sum;
}

/** Sorts column gradients into disjoint runs, adds equal ranges, fills gaps with zeros. */
function joinColumns(
  graph: Graph,
  target: Tensor,
  parts: readonly Extract<Contribution, { kind: 'columns' }>[],
): Tensor {
  const cuts = [...new Set([0, colsOf(target.shape), ...parts.flatMap((p) => [p.start, p.start + p.size])])];
  cuts.sort((a, b) => a - b);
  const pieces: Tensor[] = [];
  for (let i = 0; i + 1 < cuts.length; i++) {
    const from = cuts[i]!;
    const size = cuts[i + 1]! - from;
    const covering = parts.filter((p) => p.start <= from && from + size <= p.start + p.size);
    const columns = covering.map((p) =>
      p.start === from && p.size === size
        ? p.tensor
        : graph.apply1(sliceLast, [p.tensor], { start: from - p.start, size }),
    );
    const shape = [...target.shape.slice(0, -1), size];
    pieces.push(
      columns.length === 0 ? graph.constant(0, shape) : columns.reduce((a, b) => graph.apply1(add, [a, b], {})),
    );
  }
  return pieces.length === 1 ? pieces[0]! : graph.apply1(concatLast, pieces, {});
}
