/** The operations that kernels implement, as fusion makes them from the nodes of a graph; what each reads and writes. */
import {
  type AttentionAttrs,
  type GeluKind,
  type LayerNormAttrs,
  type Node,
  type Tensor,
  type KvAttrs,
  type CachedAttentionAttrs,
  type RopeAttrs,
  type HeadLinearAttrs,
} from '@/graph';

interface Base {
  readonly scope: string;
  /** Nodes this operation stands for, for cost and profile. */
  readonly nodes: readonly Node[];
  /** Workspace that lives only during the operation. */
  readonly scratch: readonly Tensor[];
}

export interface GemmOp extends Base {
  readonly kind: 'gemm';
  readonly a: Tensor;
  readonly b: Tensor;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  out: Tensor;
  bias?: Tensor;
  activation?: { readonly kind: GeluKind; readonly preact: Tensor | null };
  gradActivation?: { readonly kind: GeluKind; readonly preact: Tensor };
  residual?: Tensor;
  colSum?: Tensor;
}

export type FusedOp =
  | GemmOp
  | (Base & { readonly kind: 'layer_norm'; readonly node: Node<LayerNormAttrs> })
  | (Base & {
      readonly kind: 'layer_norm_backward';
      readonly node: Node<{ bias: boolean }>;
      readonly dx: Tensor;
      readonly addTo: Tensor | null;
    })
  | (Base & { readonly kind: 'attention'; readonly node: Node<AttentionAttrs> })
  | (Base & { readonly kind: 'attention_backward'; readonly node: Node<AttentionAttrs> })
  | (Base & { readonly kind: 'classifier'; readonly node: Node<object>; readonly dlogits: Tensor | null })
  | (Base & { readonly kind: 'embedding'; readonly node: Node<object> })
  | (Base & {
      readonly kind: 'embedding_backward';
      readonly node: Node<{ rows: number }>;
      readonly out: Tensor;
      /** Already holds another gradient of the same table, to which the rows are added in place. */
      readonly accumulate: Tensor | null;
    })
  | (Base & { readonly kind: 'position_backward'; readonly node: Node<{ rows: number }> })
  | (Base & {
      readonly kind: 'elementwise';
      readonly chain: readonly Node[];
      readonly inputs: readonly Tensor[];
      readonly outputs: readonly Tensor[];
    })
  | (Base & { readonly kind: 'cache_append'; readonly node: Node<object> })
  | (Base & { readonly kind: 'cache_append_packed'; readonly node: Node<KvAttrs> })
  | (Base & { readonly kind: 'cache_unpack'; readonly node: Node<KvAttrs> })
  | (Base & {
      readonly kind: 'attention_cached';
      readonly node: Node<CachedAttentionAttrs>;
      readonly room: number;
      readonly packed: ReadonlyMap<number, PackedTensor>;
    })
  | (Base & { readonly kind: 'head_linear'; readonly node: Node<HeadLinearAttrs> })
  | (Base & { readonly kind: 'rope'; readonly node: Node<RopeAttrs> })
  | (Base & { readonly kind: 'rows'; readonly node: Node })
  | (Base & { readonly kind: 'sum_to'; readonly node: Node })
  | (Base & {
      readonly kind: 'concat';
      readonly node: Node;
      readonly copies: readonly { tensor: Tensor; start: number }[];
    })
  | (Base & { readonly kind: 'fill'; readonly out: Tensor; readonly value: number });

/** A cache that attention reads packed. */
export interface PackedTensor {
  readonly cache: Tensor;
  readonly attrs: KvAttrs;
  /** First column of the window in the unpacked row. */
  readonly column: number;
}

/** Storage of `tensor` is a window of `base`, `columns` elements to the right of its first column. */
export interface Alias {
  readonly base: Tensor;
  readonly columns: number;
}

export interface FusedGraph {
  readonly ops: readonly FusedOp[];
  readonly aliases: ReadonlyMap<number, Alias>;
}

export function readsOf(op: FusedOp): readonly Tensor[] {
  switch (op.kind) {
    case 'gemm':
      return [op.a, op.b, op.bias, op.gradActivation?.preact, op.residual].filter((t) => t !== undefined);
    case 'layer_norm_backward':
      return op.addTo ? [...op.node.inputs, op.addTo] : op.node.inputs;
    case 'elementwise':
      return op.inputs;
    case 'embedding_backward':
      return op.accumulate ? [...op.node.inputs, op.accumulate] : op.node.inputs;
    case 'concat':
      return op.copies.map((c) => c.tensor);
    case 'fill':
      return [];
    case 'layer_norm':
    case 'attention':
    case 'attention_backward':
    case 'classifier':
    case 'embedding':
    case 'position_backward':
    case 'cache_append':
    case 'cache_append_packed':
    case 'cache_unpack':
    case 'head_linear':
    case 'rope':
    case 'rows':
    case 'sum_to':
      return op.node.inputs;
    case 'attention_cached':
      return op.node.inputs.map((t) => op.packed.get(t.id)?.cache ?? t);
  }
}

export function writesOf(op: FusedOp): readonly Tensor[] {
  switch (op.kind) {
    case 'gemm':
      return [op.out, op.activation?.preact, op.colSum].filter((t) => t !== undefined && t !== null);
    case 'layer_norm_backward':
      return [op.dx, ...op.node.outputs.slice(1)];
    case 'classifier':
      return op.dlogits ? [...op.node.outputs, op.dlogits] : op.node.outputs;
    case 'elementwise':
      return op.outputs;
    case 'embedding_backward':
    case 'fill':
      return [op.out];
    case 'layer_norm':
    case 'attention':
    case 'attention_backward':
    case 'embedding':
    case 'position_backward':
    case 'cache_append':
    case 'cache_append_packed':
    case 'cache_unpack':
    case 'attention_cached':
    case 'head_linear':
    case 'rope':
    case 'rows':
    case 'sum_to':
    case 'concat':
      return op.node.outputs;
  }
}
