/**
 * WGSL that reads one row of a cache into registers, whatever its format: `NAME_base(r, w)` once, then statements that define
 * `NAMENAMEi_0`, `NAMENAMEi_1`, ... (`kk0_0` ...), four columns each, of row number i of a turn.
 */
import { type KvFormat, kvBits, packedWords } from '@/graph';
import type { Operand } from '../kernel';
import type { Accessors } from './access';

/** A cache operand as stored, and the columns of the unpacked row where its window starts. */
export interface PackedOperand {
  readonly cache: Operand;
  readonly format: KvFormat;
  /** Columns of an unpacked row. */
  readonly width: number;
  readonly column: number;
}

export interface Rows {
  readonly name: string;
  readonly packed: PackedOperand | null;
  /** WGSL variable of a packed cache. */
  readonly variable: string;
  /** Columns that are read, from the window's first on. */
  readonly cols: number;
}

/** Declares what `rowStatements` uses. */
export function addRows(
  accessors: Accessors,
  name: string,
  plain: Operand,
  packed: PackedOperand | null,
  cols: number,
): Rows {
  if (packed) return { name, packed, variable: accessors.addWords(name, packed.cache), cols };
  accessors.add(name, plain, cols);
  accessors.addBased(name, plain, cols);
  return { name, packed, variable: '', cols };
}

/** Statements that load row `i`: `NAMENAMEi_c` from `base`, a WGSL name; `w` is the window's first column. */
export function rowStatements({ name, packed, variable, cols }: Rows, i: number, base: string, w: string): string {
  const lines: string[] = [];
  const vectors = Math.ceil(cols / 4);
  const target = (c: number): string => `${name}${name}${i}_${c}`;
  if (!packed) {
    for (let c = 0; c < vectors; c++) lines.push(`let ${target(c)} = ${name}4_at(${base}, ${c}u);`);
    return lines.join('\n');
  }
  const { format, width, column } = packed;
  const bits = kvBits[format.dtype];
  const { codes } = packedWords(format, width);
  const word = (index: string): string => `${variable}[${base} + ${index}]`;
  const first = `(${w} + ${column}u)`;
  if (bits === 16) {
    for (let c = 0; c < vectors; c++) {
      const at = `${first} / 2u + ${2 * c}u`;
      lines.push(`let ${target(c)} = vec4f(unpack2x16float(${word(at)}), unpack2x16float(${word(`${at} + 1u`)}));`);
    }
    return lines.join('\n');
  }
  const half = format.asymmetric ? 0 : 2 ** (bits - 1);
  for (let g = 0; g * format.group < cols; g++) {
    const group = `(${first} / ${format.group}u + ${g}u)`;
    const scale = `${name}s${i}_${g}`;
    if (format.asymmetric) lines.push(`let ${scale} = unpack2x16float(${word(`${codes}u + ${group}`)});`);
    else
      lines.push(`let ${scale} = unpack2x16float(${word(`${codes}u + ${group} / 2u`)} >> (16u * (${group} % 2u))).x;`);
    for (let c = (g * format.group) / 4; c < Math.min(vectors, ((g + 1) * format.group) / 4); c++) {
      const perWord = 32 / bits / 4;
      const source = `${name}w${i}_${Math.floor(c / perWord)}`;
      if (c % perWord === 0) lines.push(`let ${source} = ${word(`${first} / ${32 / bits}u + ${c / perWord}u`)};`);
      const shifts = [0, 1, 2, 3].map((k) => `${bits * (k + 4 * (c % perWord))}u`).join(', ');
      const code = `vec4f((vec4u(${source}) >> vec4u(${shifts})) & vec4u(${2 ** bits - 1}u))`;
      lines.push(
        format.asymmetric
          ? `let ${target(c)} = ${code} * ${scale}.x + ${scale}.y;`
          : `let ${target(c)} = (${code} - ${half}.0) * ${scale};`,
      );
    }
  }
  return lines.join('\n');
}
