/** Accessors over operands for kernels written as one invocation a row: `name(row, col)`, `name4(row, c)`, and stores. */
import { Bindings, type Operand, colsOf } from '../kernel';

/**
 * Binds operands and generates their accessors. A region is bound as vec4 when every operand in it is aligned; otherwise
 * vec4 access is composed from scalars, with zeros beyond the last column.
 *
 *   x(r, c) -> T              element                 x_set(r, c, v)
 *   x4(r, c) -> vec4<T>       columns 4c .. 4c+3      x4_set(r, c, v)   columns beyond `cols` are dropped
 *
 * `window` operands are addressed within column windows (attention heads): c counts from the window's first column, given
 * as a third argument.
 */
export class Accessors {
  readonly bindings = new Bindings();
  readonly #code: string[] = [];
  readonly #widths = new Map<number, 1 | 4>();

  /** `sized`: arrays get the length that their operand spans, so that a bounds check compares with a constant. */
  constructor(
    operands: readonly (Operand | null | undefined)[],
    windowCols?: number,
    readonly sized = false,
  ) {
    for (const o of operands) {
      if (!o) continue;
      const aligned =
        o.offset % 4 === 0 && o.rowStride % 4 === 0 && colsOf(o.shape) % 4 === 0 && (windowCols ?? 0) % 4 === 0;
      this.#widths.set(o.region, aligned && this.#widths.get(o.region) !== 1 ? 4 : 1);
    }
  }

  /** Declares accessors for an operand; `cols` limits the width of a window (default: the operand's own columns). */
  add(name: string, o: Operand, cols = colsOf(o.shape)): void {
    const width = this.#widths.get(o.region) ?? 1;
    const variable = this.bindings.bind(`b_${name}`, o, width, this.sized);
    const type = o.dtype;
    const at = `${o.offset}u + r * ${o.rowStride}u + w + c`;
    const element = width === 4 ? `${variable}[(${at}) / 4u][(${at}) % 4u]` : `${variable}[${at}]`;
    const at4 = `${o.offset}u + r * ${o.rowStride}u + w + 4u * c`;
    const q = [0, 1, 2, 3];
    const guard = (i: number): string => (cols % 4 === 0 ? '' : `4u * c + ${i}u < ${cols}u`);
    this.#code.push(`fn ${name}_w(r: u32, c: u32, w: u32) -> ${type} { return ${element}; }`);
    this.#code.push(`fn ${name}(r: u32, c: u32) -> ${type} { return ${name}_w(r, c, 0u); }`);
    const load =
      width === 4
        ? `${variable}[(${at4}) / 4u]`
        : `vec4<${type}>(${q.map((i) => (guard(i) ? `select(0.0, ${variable}[${at4} + select(0u, ${i}u, ${guard(i)})], ${guard(i)})` : `${variable}[${at4} + ${i}u]`)).join(', ')})`;
    if (type === 'f32') this.#code.push(`fn ${name}4_w(r: u32, c: u32, w: u32) -> vec4f { return ${load}; }`);
    if (o.access === 'read') return;
    this.#code.push(`fn ${name}_set(r: u32, c: u32, v: ${type}) { let w = 0u; ${element} = v; }`);
    const store =
      width === 4
        ? `${variable}[(${at4}) / 4u] = v;`
        : q.map((i) => `${guard(i) ? `if (${guard(i)}) ` : ''}{ ${variable}[${at4} + ${i}u] = v[${i}]; }`).join(' ');
    if (type === 'f32') this.#code.push(`fn ${name}4_w_set(r: u32, c: u32, w: u32, v: vec4f) { ${store} }`);
  }

  /**
   * For loops over the columns of one row: `name_base(r, w)` once, then `name4_at(base, c)`, columns 4c .. 4c+3 of the window.
   * Only for operands that were added before.
   */
  addBased(name: string, o: Operand, cols: number): void {
    const width = this.#widths.get(o.region) ?? 1;
    const variable = this.bindings.bind(`b_${name}`, o, width, this.sized);
    const start = `${o.offset}u + r * ${o.rowStride}u + w`;
    const guard = (i: number): string => (cols % 4 === 0 ? 'true' : `4u * c + ${i}u < ${cols}u`);
    const at = (i: number): string =>
      `select(0.0, ${variable}[base + 4u * c + select(0u, ${i}u, ${guard(i)})], ${guard(i)})`;
    const load = width === 4 ? `${variable}[base + c]` : `vec4f(${[0, 1, 2, 3].map(at).join(', ')})`;
    this.#code.push(
      `fn ${name}_base(r: u32, w: u32) -> u32 { return ${width === 4 ? `(${start}) / 4u` : start}; }`,
      `fn ${name}4_at(base: u32, c: u32) -> vec4f { return ${load}; }`,
    );
  }

  /** A packed cache of words: `name_base(r, w)` is its row's first word whatever the window. Returns the variable. */
  addWords(name: string, o: Operand): string {
    const variable = this.bindings.bind(`b_${name}`, o, 1, this.sized);
    this.#code.push(`fn ${name}_base(r: u32, w: u32) -> u32 { return ${o.offset}u + r * ${o.rowStride}u; }`);
    return variable;
  }

  /** Declarations and accessor functions. */
  code(): string {
    return `${this.bindings.declarations()}\n${this.#code.join('\n')}\n`;
  }
}

/** Opening of a kernel with one invocation an item: defines `i`, returns when i >= n. */
export const flatMain = (n: number, workgroup = 64): string => `@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * ${workgroup}u + lane;
  if (i >= ${n}u) { return; }`;
