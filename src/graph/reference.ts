/**
 * The f64 reference executor: runs a graph node by node with each op's `reference`. The oracle of every kernel test, and
 * the labelled fallback for tiny models on machines without WebGPU.
 */
import type { Graph } from './graph';
import { type Node, type RefArray, type RefContext, type Tensor, sizeOf } from './types';

export type RefValues = Map<number, RefArray>;

const allocate = (tensor: Tensor): RefArray => {
  const n = sizeOf(tensor.shape);
  switch (tensor.dtype) {
    case 'f32':
      return new Float64Array(n);
    case 'u32':
      return new Uint32Array(n);
    case 'i32':
      return new Int32Array(n);
  }
};

/**
 * Computes every node of the graph (or those in `nodes`). `values` holds parameters and inputs by tensor id and receives
 * all results; arrays already there are reused, so repeated runs allocate nothing.
 */
export function runReference(
  graph: Graph,
  values: RefValues,
  context: RefContext,
  nodes: readonly Node[] = graph.nodes,
): void {
  const value = (tensor: Tensor): RefArray => {
    let array = values.get(tensor.id);
    if (array) return array;
    if (tensor.source.kind === 'parameter' || tensor.source.kind === 'input')
      throw new Error(`no value for ${tensor.source.kind} ${tensor.name}`);
    array = allocate(tensor);
    if (tensor.source.kind === 'constant') array.fill(tensor.source.value);
    values.set(tensor.id, array);
    return array;
  };
  for (const node of nodes) node.op.reference(node, node.inputs.map(value), node.outputs.map(value), context);
}
