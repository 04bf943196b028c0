/**
 * Diagonal Fisher estimates of one flat vector of parameters, from one pass over per-example gradients at fixed weights.
 * Spec: optimizers-pruning-fisher 3.
 *
 *   F_emp        mean over examples of g^2 (observed labels)
 *   mu           mean over examples of g
 *   F_mb(B)      mean over disjoint groups of B examples of (mean of the group's g)^2
 *   v^(b2, B)    bias-corrected running mean of the squared group means, as Adam keeps it, but with the weights at rest
 *
 * For independent examples E[F_mb(B)] = mu^2 + (F_emp - mu^2) / B: near a stationary point B F_mb(B) approximates F_emp.
 */

/** Running mean of squared means over groups of `size` examples. */
class GroupMoments {
  readonly #sum: Float64Array;
  readonly #squares: Float64Array;
  #filled = 0;
  groups = 0;

  constructor(
    readonly size: number,
    n: number,
  ) {
    this.#sum = new Float64Array(n);
    this.#squares = new Float64Array(n);
  }

  /** Adds an example; the group's mean gradient when it is the group's last, else null. */
  add(gradient: ArrayLike<number>): Float64Array | null {
    for (let i = 0; i < this.#sum.length; i++) this.#sum[i]! += gradient[i]!;
    if (++this.#filled < this.size) return null;
    const mean = this.#sum.map((x) => x / this.size);
    for (let i = 0; i < mean.length; i++) this.#squares[i]! += mean[i]! ** 2;
    this.#sum.fill(0);
    this.#filled = 0;
    this.groups++;
    return mean;
  }

  /** [n]; NaN without a full group. */
  result(): Float64Array {
    return this.#squares.map((x) => x / this.groups);
  }
}

export interface DiagonalOptions {
  /** Group sizes of F_mb. */
  readonly batches: readonly number[];
  /** Group size behind the running means: the effective batch of the run. */
  readonly batch: number;
  readonly beta2: readonly number[];
}

export interface Diagonal {
  readonly examples: number;
  /** [n] each. */
  readonly empirical: Float64Array;
  readonly mean: Float64Array;
  readonly miniBatch: readonly { readonly batch: number; readonly groups: number; readonly values: Float64Array }[];
  readonly running: readonly { readonly beta2: number; readonly updates: number; readonly values: Float64Array }[];
}

/** Feed with `add`, one gradient [n] an example; memory is 8 bytes n (4 + 2 batches + beta2s). */
export class DiagonalAccumulator {
  readonly #squares: Float64Array;
  readonly #sums: Float64Array;
  readonly #groups: readonly GroupMoments[];
  readonly #batch: GroupMoments;
  readonly #running: readonly { readonly beta2: number; readonly v: Float64Array }[];
  #examples = 0;

  constructor(
    readonly n: number,
    { batches, batch, beta2 }: DiagonalOptions,
  ) {
    for (const size of [...batches, batch])
      if (!(Number.isInteger(size) && size > 0))
        throw new RangeError(`a group of ${size} examples: give whole numbers from 1`);
    for (const b of beta2) if (!(b >= 0 && b < 1)) throw new RangeError(`beta2 ${b} must lie in [0, 1)`);
    this.#squares = new Float64Array(n);
    this.#sums = new Float64Array(n);
    this.#groups = batches.map((size) => new GroupMoments(size, n));
    this.#batch = new GroupMoments(batch, n);
    this.#running = beta2.map((b) => ({ beta2: b, v: new Float64Array(n) }));
  }

  /** Throws RangeError for a gradient of another length. */
  add(gradient: ArrayLike<number>): void {
    if (gradient.length !== this.n)
      throw new RangeError(`a gradient of ${gradient.length} elements, expected ${this.n}`);
    for (let i = 0; i < this.n; i++) {
      const g = gradient[i]!;
      this.#sums[i]! += g;
      this.#squares[i]! += g * g;
    }
    this.#examples++;
    for (const group of this.#groups) group.add(gradient);
    const mean = this.#batch.add(gradient);
    if (mean)
      for (const { beta2, v } of this.#running)
        for (let i = 0; i < this.n; i++) v[i] = beta2 * v[i]! + (1 - beta2) * mean[i]! ** 2;
  }

  /** Estimates so far. Throws RangeError before the first example. */
  result(): Diagonal {
    if (this.#examples === 0) throw new RangeError('no example was added');
    const updates = this.#batch.groups;
    return {
      examples: this.#examples,
      empirical: this.#squares.map((x) => x / this.#examples),
      mean: this.#sums.map((x) => x / this.#examples),
      miniBatch: this.#groups.filter(({ groups }) => groups > 0).map((group) => ({ batch: group.size, groups: group.groups, values: group.result() })),
      running: updates === 0 ? [] : this.#running.map(({ beta2, v }) => ({ beta2, updates, values: v.map((x) => x / (1 - beta2 ** updates)) })),
    }; // prettier-ignore
  }
}
