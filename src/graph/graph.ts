import {
  type DType,
  type Init,
  type Node,
  type Op,
  type Shape,
  type Tensor,
  type TensorSpec,
  ShapeError,
} from './types';

/** Builds a static graph. Nodes are kept in the order they were made, which is a topological order. */
export class Graph {
  readonly nodes: Node[] = [];
  readonly parameters: Tensor[] = [];
  readonly inputs: Tensor[] = [];
  #next = 0;
  #scope: string[] = [];

  #tensor(name: string, spec: TensorSpec, source: Tensor['source']): Tensor {
    if (spec.shape.some((n) => !Number.isInteger(n) || n < 1))
      throw new ShapeError(name, 'dimensions must be positive integers', [spec.shape]);
    return { id: this.#next++, name, shape: spec.shape, dtype: spec.dtype, source };
  }

  /** A trainable tensor. `decay` puts it in the weight-decay group (matrices of linears only, by our default). */
  parameter(name: string, shape: Shape, init: Init, decay = false): Tensor {
    if (this.parameters.some((p) => p.name === name)) throw new Error(`parameter ${name} exists already`);
    const tensor = this.#tensor(name, { shape, dtype: 'f32' }, { kind: 'parameter', init, decay });
    this.parameters.push(tensor);
    return tensor;
  }

  input(name: string, shape: Shape, dtype: DType): Tensor {
    const tensor = this.#tensor(name, { shape, dtype }, { kind: 'input' });
    this.inputs.push(tensor);
    return tensor;
  }

  constant(value: number, shape: Shape = [1]): Tensor {
    return this.#tensor(`const ${value}`, { shape, dtype: 'f32' }, { kind: 'constant', value });
  }

  /** Adds a node and returns its outputs. Throws ShapeError where the inputs do not fit the op. */
  apply<A>(op: Op<A>, inputs: readonly Tensor[], attrs: A): readonly Tensor[] {
    const scope = this.#scope.join('.');
    let specs: readonly TensorSpec[];
    try {
      specs = op.infer(inputs, attrs);
    } catch (error) {
      if (error instanceof ShapeError && scope)
        throw new ShapeError(`${error.op} in ${scope}`, error.what, error.shapes);
      throw error;
    }
    const outputs: Tensor[] = [];
    const node: Node<A> = { id: this.nodes.length, op, attrs, inputs, outputs, scope };
    specs.forEach((spec, output) => {
      const name = `${scope ? `${scope}.` : ''}${op.name}${specs.length > 1 ? `:${output}` : ''}`;
      outputs.push(this.#tensor(name, spec, { kind: 'node', node: node as Node, output }));
    });
    this.nodes.push(node as Node);
    return outputs;
  }

  /** Adds a node whose first output is the one that matters. */
  apply1<A>(op: Op<A>, inputs: readonly Tensor[], attrs: A): Tensor {
    return this.apply(op, inputs, attrs)[0]!;
  }

  /** Runs `body` with `name` appended to the scope of every node it makes. */
  scope<T>(name: string, body: () => T): T {
    this.#scope.push(name);
    try {
      return body();
    } finally {
      this.#scope.pop();
    }
  }

  /** Parameter count: each tensor once, tied tensors are one tensor. */
  get parameterCount(): number {
    return this.parameters.reduce((sum, p) => sum + p.shape.reduce((a, b) => a * b, 1), 0);
  }
}
