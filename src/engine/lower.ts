/**
 * Lowers a fused graph to dispatches: places every tensor (parameter arena, gradient arena, slabs or the activation arena)
 * and hands operands to the kernel families.
 */
import {
  type Graph,
  type Tensor,
  attentionSizes,
  cachedAttentionSizes,
  colsOf,
  isRowOp,
  rowsOf,
  sizeOf,
} from '@/graph';
import { fuse } from './fuse';
import type { FusedGraph, FusedOp, GemmOp, PackedTensor } from './fused-op';
import type { DeviceTraits, Operand } from './kernel';
import { attentionBackward, attentionForward } from './kernels/attention';
import { classifier } from './kernels/classifier';
import { attentionCached, cachedAttentionKey, combineArgs } from './kernels/attention-cached';
import { cacheAppend, cacheAppendPacked, cacheUnpack } from './kernels/decode';
import type { PackedOperand } from './kernels/kv-rows';
import { elementwise } from './kernels/elementwise';
import { embeddingBackward, embeddingForward, positionBackward, tokenLinks } from './kernels/embedding';
import { gemm, splitKFor } from './kernels/gemm';
import { layerNormBackward, layerNormForward, layerNormPartials } from './kernels/layer-norm';
import { columnSum, copy2d } from './kernels/reduce';
import { headLinear } from './kernels/head-linear';
import { rope } from './kernels/rope';
import { rowsKernel } from './kernels/rows';
import { type ArenaLayout, align, layOutArena, liveIntervals, resolve } from './memory';
import { type Dispatch, dispatchOf } from './plan';
import type { ParameterArena, Storage } from './storage';

/** Where the partial sums of one parameter's gradient are. */
export interface GradientSlabs {
  readonly parameter: Tensor;
  /** null: one "slab", the gradient itself in the gradient arena. */
  readonly region: number | null;
  readonly slabs: number;
}

export interface LoweredGraph {
  readonly dispatches: readonly Dispatch[];
  readonly layout: ArenaLayout;
  readonly gradientSlabs: readonly GradientSlabs[];
  /** Region that holds a tensor of this graph, as an operand. */
  operand(tensor: Tensor): Operand;
}

export interface LowerOptions {
  readonly storage: Storage;
  readonly arena: ParameterArena;
  readonly traits: DeviceTraits;
  /** Parameter -> gradient; empty for forward graphs. */
  readonly gradients: ReadonlyMap<Tensor, Tensor>;
  /** Other tensors to compute. */
  readonly roots: readonly Tensor[];
  /** Tensors that keep their storage for the whole sequence (inputs, results to be read). */
  readonly pinned: readonly Tensor[];
  /** Tensor id -> region of tensors that live outside the arena: the caches of a decoder. */
  readonly placed?: ReadonlyMap<number, number>;
  /** Gradients of several micro-steps are summed: every gradient goes through a slab. */
  readonly accumulate: boolean;
  /** Tuned variant for a key, if any. */
  readonly choice?: (key: string) => string | undefined;
  readonly floatRegions: Set<number>;
}

class Lowering {
  readonly dispatches: Dispatch[] = [];
  readonly gradientSlabs: GradientSlabs[] = [];
  readonly layout: ArenaLayout;
  readonly #fused: FusedGraph;
  readonly #gradientOf = new Map<number, Tensor>(); // base of a gradient tensor -> parameter
  readonly #parameterOffset = new Map<string, number>();
  readonly #slabs = new Map<number, GradientSlabs>(); // parameter id

  constructor(
    graph: Graph,
    readonly o: LowerOptions,
  ) {
    this.#fused = fuse(graph, [...o.roots, ...o.gradients.values()]);
    for (const entry of o.arena.entries) this.#parameterOffset.set(entry.name, entry.offset);
    for (const [parameter, gradient] of o.gradients)
      this.#gradientOf.set(resolve(this.#fused, gradient).base.id, parameter);
    const placed = o.placed?.keys() ?? [];
    const external = new Set([...graph.parameters.map((p) => p.id), ...this.#gradientOf.keys(), ...placed]);
    this.layout = layOutArena(liveIntervals(this.#fused, external, o.pinned));
    this.#allocateSlabs();
  }

  /** Decides how many partial sums each parameter's gradient has; deterministic in shapes and adapter class. */
  #allocateSlabs(): void {
    const counts = new Map<number, number>();
    const note = (tensor: Tensor | undefined, slabs: number): void => {
      const parameter = tensor && this.#gradientOf.get(resolve(this.#fused, tensor).base.id);
      if (parameter) counts.set(parameter.id, slabs);
    };
    for (const op of this.#fused.ops)
      if (op.kind === 'gemm') {
        note(op.out, this.#splitK(op));
        note(op.colSum, this.#splitK(op));
      } else if (op.kind === 'layer_norm_backward') {
        const partials = layerNormPartials(rowsOf(op.dx.shape), this.o.traits);
        for (const output of op.node.outputs.slice(1)) note(output, partials);
      }
    for (const parameter of this.o.gradients.keys()) {
      const slabs = counts.get(parameter.id) ?? 1;
      const direct = slabs === 1 && !this.o.accumulate;
      const bytes = align(4 * sizeOf(parameter.shape) * slabs);
      const region = direct ? null : this.o.storage.append('gradient slabs', bytes);
      if (region !== null) this.o.floatRegions.add(region);
      const entry = { parameter, region, slabs };
      this.gradientSlabs.push(entry);
      this.#slabs.set(parameter.id, entry);
    }
  }

  /** Splits the sum over k only where the result is a whole parameter gradient (its slabs are summed later). */
  #splitK(op: GemmOp): number {
    const { base } = resolve(this.#fused, op.out);
    const plain = !op.bias && !op.activation && !op.gradActivation && !op.residual;
    const accumulated = this.#fused.ops.some(
      (other) => other.kind === 'embedding_backward' && other.accumulate === op.out,
    );
    if (!plain || accumulated || base !== op.out || !this.#gradientOf.has(base.id)) return 1;
    return splitKFor(op.m, op.n, op.k, this.o.traits);
  }

  operand(tensor: Tensor): Operand {
    const { base, columns } = resolve(this.#fused, tensor);
    const common = { offset: columns, rowStride: colsOf(base.shape), shape: tensor.shape, dtype: tensor.dtype };
    if (base.source.kind === 'parameter') {
      const region = this.o.storage.region(
        'parameters',
        4 * this.#parameterOffset.get(base.name)!,
        4 * sizeOf(base.shape),
      );
      return { ...common, region, access: 'read' };
    }
    const parameter = this.#gradientOf.get(base.id);
    if (parameter) return { ...common, region: this.#gradientRegion(parameter), access: 'read_write' };
    const placed = this.o.placed?.get(base.id);
    if (placed !== undefined) return { ...common, region: placed, access: 'read_write' };
    const offset = this.layout.offsets.get(base.id);
    if (offset === undefined) throw new Error(`${base.name} has no storage: nothing reads or writes it`);
    const region = this.o.storage.region('activations', offset, 4 * sizeOf(base.shape));
    if (base.dtype === 'f32') this.o.floatRegions.add(region);
    return { ...common, region, access: 'read_write' };
  }

  #gradientRegion(parameter: Tensor): number {
    const slab = this.#slabs.get(parameter.id)!;
    if (slab.region !== null) return slab.region;
    const offset = 4 * this.#parameterOffset.get(parameter.name)!;
    const region = this.o.storage.region('gradients', offset, 4 * sizeOf(parameter.shape));
    this.o.floatRegions.add(region);
    return region;
  }

  /** The gradient operand with its slab dimension in front: [slabs, ...shape]. */
  #slabOperand(tensor: Tensor, slabs: number): Operand {
    const operand = this.operand(tensor);
    return { ...operand, shape: [slabs, ...operand.shape] };
  }

  #push(dispatch: Dispatch): void {
    this.dispatches.push(dispatch);
  }

  run(): LoweredGraph {
    for (const op of this.#fused.ops) this.#lower(op);
    const { dispatches, layout, gradientSlabs } = this;
    return { dispatches, layout, gradientSlabs, operand: (tensor) => this.operand(tensor) };
  }

  #lower(op: FusedOp): void {
    const { traits, choice } = this.o;
    const at = (t: Tensor): Operand => this.operand(t);
    const label = `${op.scope || 'step'} ${op.kind}`;
    switch (op.kind) {
      case 'gemm':
        return this.#gemm(op, label);
      case 'layer_norm': {
        const [x, weight, bias] = op.node.inputs;
        const [y, mean, rstd] = op.node.outputs;
        const args = {
          label, x: at(x!), weight: at(weight!), bias: bias ? at(bias) : null, y: at(y!), mean: at(mean!), rstd: at(rstd!),
          eps: op.node.attrs.eps,
        }; // prettier-ignore
        return this.#push(dispatchOf(layerNormForward, args, traits, op.scope, shapeKey(x!), choice));
      }
      case 'layer_norm_backward': {
        const [dy, x, weight, mean, rstd] = op.node.inputs;
        const [, dWeight, dBias] = op.node.outputs;
        const partials = layerNormPartials(rowsOf(op.dx.shape), traits);
        const args = {
          label, dy: at(dy!), x: at(x!), weight: at(weight!), mean: at(mean!), rstd: at(rstd!), dx: at(op.dx),
          addTo: op.addTo ? at(op.addTo) : null, dWeight: this.#slabOperand(dWeight!, partials),
          dBias: dBias ? this.#slabOperand(dBias, partials) : null,
        }; // prettier-ignore
        const key = `${shapeKey(x!)}${op.addTo ? '+' : ''}`;
        return this.#push(dispatchOf(layerNormBackward, args, traits, op.scope, key, choice));
      }
      case 'attention':
      case 'attention_backward':
        return this.#attention(op, label);
      case 'cache_append': {
        const [x, positions, cache] = op.node.inputs;
        const args = { label, x: at(x!), positions: at(positions!), cache: at(cache!) };
        return this.#push(dispatchOf(cacheAppend, args, traits, op.scope, shapeKey(x!)));
      }
      case 'cache_append_packed': {
        const [x, positions, cache] = op.node.inputs;
        const { format } = op.node.attrs;
        const args = { label, x: at(x!), positions: at(positions!), cache: at(cache!), format };
        return this.#push(dispatchOf(cacheAppendPacked, args, traits, op.scope, `${shapeKey(x!)} ${format.dtype}`));
      }
      case 'cache_unpack': {
        const packed = this.#packed({ cache: op.node.inputs[0]!, attrs: op.node.attrs, column: 0 });
        const args = { label, packed, y: at(op.node.outputs[0]!) };
        return this.#push(dispatchOf(cacheUnpack, args, traits, op.scope, shapeKey(op.node.outputs[0]!)));
      }
      case 'attention_cached': {
        const [q, k, v, positions] = op.node.inputs as [Tensor, Tensor, Tensor, Tensor];
        const [packedK, packedV] = [k, v].map((t) => (op.packed.has(t.id) ? this.#packed(op.packed.get(t.id)!) : null));
        const rows = (t: Tensor, packed: PackedOperand | null | undefined): Operand =>
          packed ? packed.cache : this.#readOnly(at(t));
        const args = {
          label, q: at(q), k: rows(k, packedK), v: rows(v, packedV), packedK: packedK!, packedV: packedV!, positions: at(positions), parts: at(op.scratch[0]!),
          out: at(op.node.outputs[0]!), room: op.room, ...op.node.attrs,
          ...cachedAttentionSizes(q.shape, k.shape, v.shape, op.node.attrs),
        }; // prettier-ignore
        const [split, combine] = attentionCached;
        const first = dispatchOf(split, args, traits, op.scope, cachedAttentionKey(args), choice);
        this.#push(first);
        return this.#push(dispatchOf(combine, combineArgs(args, traits, first.program), traits, op.scope, shapeKey(q)));
      }
      case 'classifier': {
        const [logits, targets, lossScale] = op.node.inputs;
        const args = {
          label, logits: at(logits!), targets: at(targets!), lossScale: at(lossScale!), lossRows: at(op.node.outputs[1]!),
          dlogits: op.dlogits ? at(op.dlogits) : null,
        }; // prettier-ignore
        return this.#push(dispatchOf(classifier, args, traits, op.scope, shapeKey(logits!), choice));
      }
      case 'embedding': {
        const [ids, wte, wpe, positions] = op.node.inputs;
        const args = {
          label, ids: at(ids!), wte: at(wte!), wpe: wpe ? at(wpe) : null, y: at(op.node.outputs[0]!), seq: ids!.shape[1]!,
          positions: positions ? at(positions) : null,
        }; // prettier-ignore
        return this.#push(dispatchOf(embeddingForward, args, traits, op.scope, shapeKey(op.node.outputs[0]!), choice));
      }
      case 'embedding_backward': {
        const [ids, dy] = op.node.inputs;
        const links = at(op.scratch[0]!);
        if (!op.accumulate) this.#fill(op.out, 0, op.scope);
        this.#push(
          dispatchOf(tokenLinks, { label: `${label} links`, ids: at(ids!), links }, traits, op.scope, shapeKey(ids!)),
        );
        const args = { label, ids: at(ids!), links, dy: at(dy!), dwte: at(op.out) };
        return this.#push(dispatchOf(embeddingBackward, args, traits, op.scope, shapeKey(dy!), choice));
      }
      case 'position_backward': {
        const dy = op.node.inputs[0]!;
        const args = { label, dy: at(dy), dwpe: at(op.node.outputs[0]!), batch: dy.shape[0]!, seq: dy.shape[1]! };
        return this.#push(dispatchOf(positionBackward, args, traits, op.scope, shapeKey(dy), choice));
      }
      case 'head_linear': {
        const [x, weight, bias] = op.node.inputs;
        const y = op.node.outputs[0]!;
        const args = {
          label,
          x: at(x!),
          weight: at(weight!),
          bias: bias ? at(bias) : null,
          y: at(y),
          attrs: op.node.attrs,
        };
        return this.#push(dispatchOf(headLinear, args, traits, op.scope, shapeKey(y)));
      }
      case 'rope': {
        const y = op.node.outputs[0]!;
        const [x, positions] = op.node.inputs;
        const past = positions ? { positions: at(positions) } : {};
        const args = { label, x: at(x!), y: at(y), seq: y.shape[1]!, attrs: op.node.attrs, ...past };
        return this.#push(dispatchOf(rope, args, traits, op.scope, shapeKey(y)));
      }
      case 'rows': {
        const { op: rowOp, attrs, inputs, outputs } = op.node;
        if (!isRowOp(rowOp)) throw new Error(`${rowOp.name} is no row operation`);
        const args = { label, x: at(inputs[0]!), y: at(outputs[0]!), seq: inputs[0]!.shape[1]!, op: rowOp, attrs };
        return this.#push(dispatchOf(rowsKernel, args, traits, op.scope, shapeKey(outputs[0]!)));
      }
      case 'elementwise': {
        const operands = new Map(op.inputs.map((t) => [t.id, at(t)]));
        const [outTensor] = op.outputs;
        const args = { label, chain: op.chain, operands, out: at(outTensor!), outTensor: outTensor! };
        return this.#push(dispatchOf(elementwise, args, traits, op.scope, shapeKey(outTensor!)));
      }
      case 'sum_to': {
        const [x] = op.node.inputs;
        const out = at(op.node.outputs[0]!);
        const n = sizeOf(out.shape);
        const flat = { ...at(x!), shape: [sizeOf(x!.shape) / n, n], rowStride: n };
        if (at(x!).rowStride !== colsOf(x!.shape)) throw new Error(`sum_to over a strided view of ${x!.name}`);
        const args = { label, x: flat, out: { ...out, shape: [1, n], rowStride: n } };
        return this.#push(dispatchOf(columnSum, args, traits, op.scope, `${flat.shape.join('x')}`));
      }
      case 'concat': {
        const out = op.node.outputs[0]!;
        for (const { tensor, start } of op.copies) {
          const target = at(out);
          const args = { label, x: at(tensor), y: { ...target, offset: target.offset + start, shape: tensor.shape } };
          this.#push(dispatchOf(copy2d, args, traits, op.scope, shapeKey(tensor)));
        }
        return;
      }
      case 'fill':
        return this.#fill(op.out, op.value, op.scope);
    }
  }

  /** Attention only reads caches, which live in a buffer of their own. */
  #readOnly(operand: Operand): Operand {
    const cached = this.o.storage.regions[operand.region]?.buffer === 'kv cache';
    return cached ? { ...operand, access: 'read' } : operand;
  }

  #packed({ cache, attrs, column }: PackedTensor): PackedOperand {
    return { cache: this.#readOnly(this.operand(cache)), format: attrs.format, width: attrs.width, column };
  }

  #fill(out: Tensor, value: number, scope: string): void {
    const args = {
      label: `fill ${out.name}`,
      chain: [],
      operands: new Map<number, Operand>(),
      out: this.operand(out),
      outTensor: out,
      value,
    };
    this.#push(dispatchOf(elementwise, args, this.o.traits, scope, `fill ${shapeKey(out)}`));
  }

  #gemm(op: GemmOp, label: string): void {
    const at = (t: Tensor): Operand => this.operand(t);
    const splitK = this.#splitK(op);
    const { transA, transB, m, n, k } = op;
    const { activation, gradActivation } = op;
    const args = {
      label,
      a: at(op.a),
      b: at(op.b),
      c: splitK > 1 ? this.#slabOperand(op.out, splitK) : at(op.out),
      transA, transB, m, n, k, splitK,
      ...(op.bias ? { bias: at(op.bias) } : {}),
      ...(activation
        ? { activation: { kind: activation.kind, preact: activation.preact ? at(activation.preact) : null } }
        : {}),
      ...(gradActivation ? { gradActivation: { kind: gradActivation.kind, preact: at(gradActivation.preact) } } : {}),
      ...(op.residual ? { residual: at(op.residual) } : {}),
      ...(op.colSum ? { colSum: this.#slabOperand(op.colSum, splitK) } : {}),
    }; // prettier-ignore
    const form = `${transA ? 'T' : 'N'}${transB ? 'T' : 'N'}`;
    const epilogue = [
      op.bias && 'bias',
      activation?.kind,
      gradActivation && 'grad',
      op.residual && 'res',
      op.colSum && 'sum',
    ];
    const key = `${form} ${m}x${n}x${k}/${splitK} ${epilogue.filter(Boolean).join('+')}`;
    this.#push(dispatchOf(gemm, args, this.o.traits, op.scope, key, this.o.choice));
  }

  #attention(op: Extract<FusedOp, { kind: 'attention' | 'attention_backward' }>, label: string): void {
    const { traits, choice } = this.o;
    const at = (t: Tensor): Operand => this.operand(t);
    const [q, k, v] = op.node.inputs as [Tensor, Tensor, Tensor];
    const { nHead, scale, dropout, site } = op.node.attrs;
    const sizes = attentionSizes(q.shape, v.shape, nHead);
    const common = { q: at(q), k: at(k), v: at(v), nHead, scale, dropout, dropoutKey: site, ...sizes };
    const key = `${sizes.batch}x${sizes.seq}x${nHead}x${sizes.headDim}x${sizes.headDimV}`;
    if (op.kind === 'attention') {
      const [o, lse] = op.node.outputs as [Tensor, Tensor];
      return this.#push(
        dispatchOf(attentionForward, { label, ...common, o: at(o), lse: at(lse) }, traits, op.scope, key, choice),
      );
    }
    const [, , , o, lse, dO] = op.node.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    const [dq, dk, dv] = op.node.outputs as [Tensor, Tensor, Tensor];
    const args = {
      label, ...common, o: at(o), lse: at(lse), do: at(dO), dq: at(dq), dk: at(dk), dv: at(dv), delta: at(op.scratch[0]!),
    }; // prettier-ignore
    for (const family of attentionBackward) this.#push(dispatchOf(family, args, traits, op.scope, key, choice));
  }
}

const shapeKey = (tensor: Tensor): string => tensor.shape.join('x');

/** Fuses, places and lowers one graph into the shared storage. */
export function lowerGraph(graph: Graph, options: LowerOptions): LoweredGraph {
  return new Lowering(graph, options).run();
}
