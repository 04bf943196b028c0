/**
 * The contract between the planner and the kernels.
 *
 * The planner decides where tensors live (a region of a buffer, an element offset, a row stride); a kernel family turns
 * operands and a variant into WGSL. Families never create GPU objects, so they run under Node without an adapter.
 *
 * Invariants
 * - Variants of one family differ in speed, never in bits, unless the family says otherwise: each output element is
 *   accumulated in the same order (k ascending, one f32 accumulator). Autotune may therefore choose freely without
 *   changing a run's metrics. Split-K and row-split partial sums are not variants: they are part of the arguments, chosen
 *   by a deterministic rule from the shape. A family that says otherwise has `judged`; no training graph uses one.
 * - No float atomics. Partial results go to slabs which `grad_reduce` sums in ascending order.
 */
export type DType = 'f32' | 'u32' | 'i32';

/** One operand as the planner laid it out: a row-major matrix of all leading dimensions flattened by the last one. */
export interface Operand {
  /** Storage region. Operands of one kernel with the same region share one binding. */
  readonly region: number;
  /** Elements from the start of the region's binding to element [0, 0]. */
  readonly offset: number;
  /** Elements between consecutive rows; equal to the last dimension when contiguous. */
  readonly rowStride: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Parameters and the corpus are 'read'; everything in the arenas is 'read_write' (one access mode per buffer and dispatch). */
  readonly access: 'read' | 'read_write';
}

/** What a family needs to know about the adapter to order its variants. */
export interface DeviceTraits {
  /** SwiftShader, lavapipe and other CPU adapters: register tiles win and workgroup memory loses. */
  readonly software: boolean;
  /** Exact size of every subgroup, 0 where subgroups are missing or of varying size. */
  readonly subgroupSize: number;
  readonly maxWorkgroupStorage: number;
  readonly maxInvocations: number;
}

/** A variant of a kernel: its name appears in manifests, its parameters are template constants. */
export interface Variant {
  readonly name: string;
  readonly params: Readonly<Record<string, number>>;
}

/** One dispatch, ready to be compiled and bound. Entry point `main`; binding i of group 0 is `regions[i]`. */
export interface KernelProgram {
  readonly label: string;
  readonly family: string;
  readonly variant: string;
  readonly code: string;
  readonly regions: readonly number[];
  readonly access: readonly ('read' | 'read_write')[];
  /** True where the code reads the step scalars (group 1, binding 0: `StepScalars`, see scalars.ts). */
  readonly usesScalars: boolean;
  readonly workgroups: readonly [number, number, number];
  /** Useful floating-point operations (a multiply-add counts 2) and bytes that must move at least once. */
  readonly flops: number;
  readonly bytes: number;
}

/** How variants that differ in rounding are compared: by what the kernels behind them make of their output. */
export interface Judged {
  /** Largest difference over the largest magnitude. */
  readonly within: number;
  /** Dispatched after the variant; they bind no region that it does not bind but for their own output. */
  readonly followers: readonly KernelProgram[];
  /** Region, f32, that is compared. */
  readonly region: number;
}

export interface KernelFamily<Args> {
  readonly name: string;
  /** Candidate variants, the best guess for this adapter first. Never empty. */
  variants(args: Args, device: DeviceTraits): readonly Variant[];
  build(args: Args, variant: Variant): KernelProgram;
  /** Absent: variants agree bit for bit in all that they write. */
  judged?(args: Args): Judged;
}

export const rowsOf = (shape: readonly number[]): number => shape.slice(0, -1).reduce((a, b) => a * b, 1);
export const colsOf = (shape: readonly number[]): number => shape[shape.length - 1] ?? 1;
export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Collects the storage bindings of one kernel; operands in one region share a variable. */
export class Bindings {
  readonly #slots: { region: number; access: 'read' | 'read_write'; name: string; type: string; length: number }[] = [];

  /**
   * Binds an operand and returns the WGSL variable that holds it: an `array<f32>`, or an `array<vec4f>` with width 4
   * (offset and rowStride are then to be divided by 4). Throws when one region is asked for with two element types.
   * `sized` declares the length that the operands span instead of a runtime-sized array.
   */
  bind(name: string, operand: Operand, width: 1 | 4 = 1, sized = false): string {
    const scalar = operand.dtype;
    const type = width === 4 ? `vec4<${scalar}>` : scalar;
    const span = operand.offset + (rowsOf(operand.shape) - 1) * operand.rowStride + colsOf(operand.shape);
    const length = sized ? Math.ceil(span / width) : 0;
    const found = this.#slots.find((slot) => slot.region === operand.region);
    if (found) {
      found.length = found.length > 0 && length > 0 ? Math.max(found.length, length) : 0;
      if (found.type !== type) throw new Error(`kernel binds region ${operand.region} as ${found.type} and as ${type}`);
      return found.name;
    }
    this.#slots.push({ region: operand.region, access: operand.access, name, type, length });
    return name;
  }

  /** The WGSL declarations, to be put in front of the kernel's code. */
  declarations(): string {
    return this.#slots
      .map((s, i) => {
        const type = s.length > 0 ? `${s.type}, ${s.length}` : s.type;
        return `@group(0) @binding(${i}) var<storage, ${s.access}> ${s.name}: array<${type}>;`;
      })
      .join('\n');
  }

  get regions(): number[] {
    return this.#slots.map((slot) => slot.region);
  }

  get access(): ('read' | 'read_write')[] {
    return this.#slots.map((slot) => slot.access);
  }
}

/** Spreads n workgroups over x and y so that no dimension exceeds 65,535; kernels recompute the flat index and bound-check. */
export function spread(n: number): [number, number, number] {
  if (n <= 65535) return [Math.max(1, n), 1, 1];
  const x = Math.min(65535, Math.ceil(Math.sqrt(n)));
  return [x, Math.ceil(n / x), 1];
}
