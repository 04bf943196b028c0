/**
 * Fusion: turns the nodes of a graph into the operations that kernels implement. A matmul absorbs its bias, GELU (or the
 * GELU's derivative), residual addition and, in weight gradients, the bias gradient; layer-norm backward absorbs the
 * residual gradient; the classifier computes loss and dlogits in one sweep; element-wise chains become one kernel.
 *
 * An absorbed node must be the only reader of what it absorbs, and every other operand must be computed before the
 * operation that absorbs it (`anchor`), so the list keeps the graph's topological order.
 */
import {
  type Graph,
  type MatmulAttrs,
  type Node,
  type Tensor,
  add,
  attention,
  attentionBackward,
  concatLast,
  crossEntropy,
  crossEntropyBackward,
  dropout,
  embedding,
  embeddingBackward,
  gelu,
  attentionCached,
  cacheAppend,
  cacheAppendPacked,
  cacheUnpack,
  type KvAttrs,
  cachedAttentionSizes,
  keySplits,
  type CachedAttentionAttrs,
  geluBackward,
  headLinear,
  isElementwise,
  isOp,
  layerNorm,
  layerNormBackward,
  matmul,
  matmulSizes,
  positionBackward,
  producer,
  isRowOp,
  rope,
  rowsOf,
  sameShape,
  sizeOf,
  sliceLast,
  sumTo,
} from '@/graph';
import { type GemmOp, type FusedOp, type PackedTensor, type Alias, type FusedGraph } from './fused-op';

class Fuser {
  readonly ops: FusedOp[] = [];
  readonly aliases = new Map<number, Alias>();
  readonly #live: Node[];
  readonly #consumers = new Map<number, Node[]>();
  readonly #absorbed = new Set<number>();
  readonly #roots: Set<number>;
  #scratchId = -1;

  constructor(graph: Graph, roots: readonly Tensor[]) {
    this.#roots = new Set(roots.map((t) => t.id));
    const needed = new Set(this.#roots);
    this.#live = [];
    for (const node of [...graph.nodes].reverse()) {
      if (!node.outputs.some((t) => needed.has(t.id))) continue;
      this.#live.unshift(node);
      for (const input of node.inputs) needed.add(input.id);
    }
    for (const node of this.#live)
      for (const input of new Set(node.inputs)) this.#consumers.set(input.id, [...this.consumers(input), node]);
  }

  consumers(tensor: Tensor): readonly Node[] {
    return this.#consumers.get(tensor.id) ?? [];
  }

  /** The single reader of a tensor that nobody else needs, or null. */
  soleConsumer(tensor: Tensor): Node | null {
    const list = this.consumers(tensor);
    return list.length === 1 && !this.#roots.has(tensor.id) && !this.#absorbed.has(list[0]!.id) ? list[0]! : null;
  }

  definedBefore(tensor: Tensor, anchor: Node): boolean {
    const node = producer(tensor);
    return node === null || node.id < anchor.id;
  }

  scratch(name: string, shape: readonly number[], dtype: Tensor['dtype'] = 'f32'): Tensor {
    return { id: this.#scratchId--, name, shape, dtype, source: { kind: 'input' } };
  }

  run(): FusedGraph {
    for (const node of this.#live) this.#views(node);
    this.#bindBiasGradients();
    for (const node of this.#live) if (!this.#absorbed.has(node.id)) this.#emit(node);
    return { ops: this.ops, aliases: this.aliases };
  }

  /** Slices never have storage of their own; concat inputs are placed in the concat where their producer can stride. */
  #views(node: Node): void {
    if (isOp(node, sliceLast)) {
      this.aliases.set(node.outputs[0]!.id, { base: node.inputs[0]!, columns: node.attrs.start });
      this.#absorbed.add(node.id);
    }
  }

  readonly #biasGradient = new Map<number, Node>(); // dW matmul id -> sum_to node

  /** dW = X^T dY also yields the bias gradient, the column sums of dY. */
  #bindBiasGradients(): void {
    for (const node of this.#live) {
      if (!isOp(node, sumTo) || this.consumers(node.outputs[0]!).length > 0) continue;
      const dy = node.inputs[0]!;
      const dw = this.consumers(dy).find(
        (n) =>
          isOp(n, matmul) && n.attrs.transA && !n.attrs.transB && n.inputs[1] === dy && !this.#biasGradient.has(n.id),
      );
      if (!dw || sizeOf(node.attrs.shape) !== dw.outputs[0]!.shape[1]) continue;
      this.#biasGradient.set(dw.id, node);
      this.#absorbed.add(node.id);
    }
  }

  #emit(node: Node): void {
    const base = { scope: node.scope, nodes: [node], scratch: [] };
    if (isOp(node, matmul)) this.ops.push(this.#gemm(node));
    else if (isOp(node, layerNorm)) this.ops.push({ ...base, kind: 'layer_norm', node });
    else if (isOp(node, layerNormBackward)) this.#layerNormBackward(node);
    else if (isOp(node, attention)) this.ops.push({ ...base, kind: 'attention', node });
    else if (isOp(node, attentionBackward)) {
      const delta = this.scratch('attention delta', [node.inputs[4]!.shape[0]!]);
      this.ops.push({ ...base, kind: 'attention_backward', node, scratch: [delta] });
    } else if (isOp(node, crossEntropy)) this.#classifier(node);
    else if (isOp(node, crossEntropyBackward)) throw new Error('cross_entropy_backward without its forward node');
    else if (isOp(node, embedding)) this.ops.push({ ...base, kind: 'embedding', node });
    else if (isOp(node, embeddingBackward)) this.#embeddingBackward(node);
    else if (isOp(node, positionBackward)) this.ops.push({ ...base, kind: 'position_backward', node });
    else if (isOp(node, cacheAppendPacked)) {
      this.aliases.set(node.outputs[0]!.id, { base: node.inputs[2]!, columns: 0 });
      this.ops.push({ ...base, kind: 'cache_append_packed', node });
    } else if (isOp(node, cacheUnpack)) {
      if (!this.#unpackedInRegisters(node)) this.ops.push({ ...base, kind: 'cache_unpack', node });
    } else if (isOp(node, cacheAppend)) {
      this.aliases.set(node.outputs[0]!.id, { base: node.inputs[2]!, columns: 0 });
      this.ops.push({ ...base, kind: 'cache_append', node });
    } else if (isOp(node, attentionCached)) this.#attentionCached(node);
    else if (isOp(node, rope)) this.ops.push({ ...base, kind: 'rope', node });
    else if (isOp(node, headLinear)) this.ops.push({ ...base, kind: 'head_linear', node });
    else if (isRowOp(node.op)) this.ops.push({ ...base, kind: 'rows', node });
    else if (isOp(node, sumTo)) this.ops.push({ ...base, kind: 'sum_to', node });
    else if (isOp(node, concatLast)) this.#concat(node);
    else if (isElementwise(node.op) || isOp(node, dropout)) this.#elementwise(node);
    else throw new Error(`no kernel for op ${node.op.name}`);
  }

  #take(node: Node): void {
    this.#absorbed.add(node.id);
  }

  #gemm(node: Node<MatmulAttrs>): GemmOp {
    const [a, b] = node.inputs as [Tensor, Tensor];
    const { m, n, k } = matmulSizes(a.shape, b.shape, node.attrs);
    const nodes: Node[] = [node];
    const op: GemmOp = {
      kind: 'gemm', scope: node.scope, nodes, scratch: [], a, b, transA: node.attrs.transA, transB: node.attrs.transB, m, n, k, out: node.outputs[0]!,
    }; // prettier-ignore
    const take = (next: Node): void => {
      this.#take(next);
      nodes.push(next);
      op.out = next.outputs[0]!;
    };
    const biasGradient = this.#biasGradient.get(node.id);
    if (biasGradient) {
      op.colSum = biasGradient.outputs[0]!;
      nodes.push(biasGradient);
      return op;
    }
    let next = this.soleConsumer(op.out);
    if (isOp(next, add) && next.inputs[0] === op.out && sameShape(next.inputs[1]!.shape, [n]) && n > 1) {
      op.bias = next.inputs[1]!;
      take(next);
    }
    const readers = this.consumers(op.out);
    const activation = readers.find((r) => isOp(r, gelu));
    if (isOp(activation, gelu) && readers.every((r) => r === activation || isOp(r, geluBackward))) {
      op.activation = { kind: activation.attrs.kind, preact: readers.length > 1 ? op.out : null };
      take(activation);
    }
    next = this.soleConsumer(op.out);
    if (
      !op.activation &&
      isOp(next, geluBackward) &&
      next.inputs[0] === op.out &&
      this.definedBefore(next.inputs[1]!, node)
    ) {
      op.gradActivation = { kind: next.attrs.kind, preact: next.inputs[1]! };
      take(next);
    }
    const residual = this.#residualOf(op.out, node);
    if (residual) {
      op.residual = residual.other;
      take(residual.node);
    }
    return op;
  }

  /** The addition that is the only reader of `out`, if its other operand has one shape with it and is ready at `anchor`. */
  #residualOf(out: Tensor, anchor: Node): { node: Node; other: Tensor } | null {
    const node = this.soleConsumer(out);
    if (!isOp(node, add)) return null;
    const other = node.inputs[0] === out ? node.inputs[1]! : node.inputs[0]!;
    if (other === out || sizeOf(other.shape) !== sizeOf(out.shape) || !this.definedBefore(other, anchor)) return null;
    if (!sameShape(node.outputs[0]!.shape, out.shape) || this.aliases.has(other.id)) return null;
    return { node, other };
  }

  #layerNormBackward(node: Node<{ bias: boolean }>): void {
    const residual = this.#residualOf(node.outputs[0]!, node);
    if (residual) this.#take(residual.node);
    this.ops.push({
      kind: 'layer_norm_backward', scope: node.scope, nodes: residual ? [node, residual.node] : [node], scratch: [], node,
      dx: residual ? residual.node.outputs[0]! : node.outputs[0]!, addTo: residual?.other ?? null,
    }); // prettier-ignore
  }

  #classifier(node: Node<object>): void {
    const logits = node.inputs[0]!;
    const backward = this.consumers(logits).find((n) => isOp(n, crossEntropyBackward));
    if (backward) {
      this.#take(backward);
      const inPlace = this.consumers(logits).length === 2 && !this.#roots.has(logits.id);
      if (inPlace) this.aliases.set(backward.outputs[0]!.id, { base: logits, columns: 0 });
    }
    this.ops.push({
      kind: 'classifier', scope: node.scope, nodes: backward ? [node, backward] : [node], scratch: [], node,
      dlogits: backward?.outputs[0] ?? null,
    }); // prettier-ignore
  }

  #attentionCached(node: Node<CachedAttentionAttrs>): void {
    const [q, k, v] = node.inputs as [Tensor, Tensor, Tensor];
    const { nHead } = node.attrs;
    const { batch, rows, capacity, headDimV } = cachedAttentionSizes(q.shape, k.shape, v.shape, node.attrs);
    const queries = batch * rows * nHead;
    const room = keySplits(queries, capacity);
    const parts = this.scratch('attention parts', [queries * room, 4 * (Math.ceil(headDimV / 4) + 1)]);
    const packed = new Map([k, v].flatMap((t) => this.#packedSource(t)));
    this.ops.push({
      kind: 'attention_cached',
      scope: node.scope,
      nodes: [node],
      scratch: [parts],
      node,
      room,
      packed,
    });
  }

  /** Every reader of an unpacked cache is attention, directly or through a window of columns. */
  #unpackedInRegisters(node: Node<KvAttrs & { fused: boolean }>): boolean {
    const readsRows = (t: Tensor): boolean =>
      !this.#roots.has(t.id) &&
      this.consumers(t).every(
        (n) => (isOp(n, attentionCached) && n.inputs[0] !== t) || (isOp(n, sliceLast) && readsRows(n.outputs[0]!)),
      );
    return node.attrs.fused && readsRows(node.outputs[0]!);
  }

  #packedSource(tensor: Tensor): readonly (readonly [number, PackedTensor])[] {
    let source = tensor;
    let column = 0;
    for (let node = producer(source); isOp(node, sliceLast); node = producer(source)) {
      column += node.attrs.start;
      source = node.inputs[0]!;
    }
    const node = producer(source);
    if (!isOp(node, cacheUnpack) || !this.#unpackedInRegisters(node)) return [];
    return [[tensor.id, { cache: node.inputs[0]!, attrs: node.attrs, column }]];
  }

  #embeddingBackward(node: Node<{ rows: number }>): void {
    const out = node.outputs[0]!;
    const links = this.scratch('token links', [2, rowsOf(node.inputs[0]!.shape) * node.inputs[0]!.shape[1]!], 'i32');
    const sum = this.#residualOf(out, node);
    const accumulate = sum && this.consumers(sum.other).length === 1 ? sum.other : null;
    if (sum && accumulate) {
      this.#take(sum.node);
      this.aliases.set(sum.node.outputs[0]!.id, { base: accumulate, columns: 0 });
    }
    this.ops.push({
      kind: 'embedding_backward', scope: node.scope, nodes: [node], scratch: [links], node,
      out: sum && accumulate ? sum.node.outputs[0]! : out, accumulate,
    }); // prettier-ignore
  }

  #concat(node: Node): void {
    const out = node.outputs[0]!;
    const copies: { tensor: Tensor; start: number }[] = [];
    let start = 0;
    for (const tensor of node.inputs) {
      const from = producer(tensor);
      const placeable =
        isOp(from, attentionBackward) && this.consumers(tensor).length === 1 && !this.#roots.has(tensor.id);
      if (placeable) this.aliases.set(tensor.id, { base: out, columns: start });
      else {
        copies.push({ tensor, start });
        this.#fillConstant(tensor);
      }
      start += tensor.shape[tensor.shape.length - 1]!;
    }
    if (copies.length > 0)
      this.ops.push({ kind: 'concat', scope: node.scope, nodes: [node], scratch: [], node, copies });
  }

  #fillConstant(tensor: Tensor): void {
    if (tensor.source.kind !== 'constant') return;
    if (this.ops.some((op) => op.kind === 'fill' && op.out === tensor)) return;
    this.ops.push({ kind: 'fill', scope: '', nodes: [], scratch: [], out: tensor, value: tensor.source.value });
  }

  /** Greedy chains: a node joins its only reader while that reader is element-wise too and has the same size. */
  #elementwise(node: Node): void {
    const chain: Node[] = [node];
    let tail = node;
    for (;;) {
      const next = this.soleConsumer(tail.outputs[0]!);
      if (!next || !(isElementwise(next.op) || isOp(next, dropout))) break;
      if (sizeOf(next.outputs[0]!.shape) !== sizeOf(node.outputs[0]!.shape)) break;
      const others = next.inputs.filter((t) => t !== tail.outputs[0]);
      if (!others.every((t) => this.definedBefore(t, node))) break;
      this.#take(next);
      chain.push(next);
      tail = next;
    }
    const internal = new Set(chain.map((n) => n.outputs[0]!.id));
    const inputs = [...new Set(chain.flatMap((n) => n.inputs))].filter((t) => !internal.has(t.id));
    for (const input of inputs) this.#fillConstant(input);
    this.ops.push({
      kind: 'elementwise',
      scope: node.scope,
      nodes: chain,
      scratch: [],
      chain,
      inputs,
      outputs: [tail.outputs[0]!],
    });
  }
}

/** Fuses the part of the graph that `roots` depend on. */
export function fuse(graph: Graph, roots: readonly Tensor[]): FusedGraph {
  return new Fuser(graph, roots).run();
}
