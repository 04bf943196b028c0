/**
 * Safetensors: an 8-byte little-endian header length, a JSON header, then the tensors' bytes. Written with the header padded
 * to 8 bytes and tensors in the order given, so equal contents give equal files. The reader trusts nothing.
 */
export type SafeDType = 'F32' | 'I32' | 'U32' | 'F16' | 'I64';

export interface SafeTensor {
  readonly name: string;
  readonly dtype: 'F32' | 'I32' | 'U32';
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint32Array;
}

/** A file that is not what it says: what is wrong, and where. */
export class SafetensorsError extends Error {
  override name = 'SafetensorsError';
}

const BYTES: Record<SafeDType, number> = { F32: 4, I32: 4, U32: 4, F16: 2, I64: 8 };
const MAX_HEADER = 100 << 20;

export function writeSafetensors(
  tensors: readonly SafeTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let offset = 0;
  for (const { name, dtype, shape, data } of tensors) {
    if (name in header) throw new SafetensorsError(`tensor ${name} occurs twice`);
    const n = shape.reduce((a, b) => a * b, 1);
    if (n !== data.length)
      throw new SafetensorsError(
        `tensor ${name} has ${data.length} elements, its shape [${shape.join(', ')}] needs ${n}`,
      );
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  let text = JSON.stringify(header);
  const raw = new TextEncoder().encode(text).length;
  text += ' '.repeat((8 - (raw % 8)) % 8);
  const json = new TextEncoder().encode(text);
  const out = new Uint8Array(8 + json.length + offset);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  let at = 8 + json.length;
  for (const { data } of tensors) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
}

export interface ReadTensor {
  readonly dtype: SafeDType;
  readonly shape: readonly number[];
  /** Converted: F16 to F32, I64 to I32 (throws where a value does not fit). */
  readonly data: Float32Array | Int32Array | Uint32Array;
}

const fail = (message: string): never => {
  throw new SafetensorsError(message);
};

function halfToFloat(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const fraction = h & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function convert(name: string, dtype: SafeDType, bytes: Uint8Array): ReadTensor['data'] {
  const buffer = bytes.slice().buffer;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'U32':
      return new Uint32Array(buffer);
    case 'F16':
      return Float32Array.from(new Uint16Array(buffer), halfToFloat);
    case 'I64':
      return Int32Array.from(new BigInt64Array(buffer) as unknown as ArrayLike<number>, (value: unknown) => {
        const n = Number(value);
        return Number.isInteger(n) && Math.abs(n) < 2 ** 31
          ? n
          : fail(`tensor ${name} holds ${String(value)}, which does not fit 32 bits`);
      });
  }
}

/** Reads and checks a whole file. Throws SafetensorsError. */
export function readSafetensors(file: Uint8Array): {
  tensors: Map<string, ReadTensor>;
  metadata: Record<string, string>;
} {
  if (file.length < 8) fail(`not a safetensors file: ${file.length} bytes`);
  const length = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER || 8 + length > file.length) fail(`header of ${length} bytes in a file of ${file.length}`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(8, 8 + length)));
  } catch (error) {
    fail(`the header is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) fail('the header is no JSON object');
  const body = file.subarray(8 + length);
  const tensors = new Map<string, ReadTensor>();
  let metadata: Record<string, string> = {};
  const ranges: [number, number, string][] = [];
  for (const [name, entry] of Object.entries(header as Record<string, unknown>)) {
    if (name === '__metadata__') {
      metadata = Object.fromEntries(Object.entries(entry as Record<string, unknown>).map(([k, v]) => [k, String(v)]));
      continue;
    }
    const {
      dtype,
      shape,
      data_offsets: offsets,
    } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
    if (typeof dtype !== 'string' || !(dtype in BYTES))
      fail(`tensor ${name} has dtype ${String(dtype)}; F32, F16, I32, U32 and I64 are read`);
    const dims =
      Array.isArray(shape) && shape.every((d) => Number.isSafeInteger(d) && (d as number) >= 0)
        ? (shape as number[])
        : fail(`tensor ${name} has no valid shape`);
    const [from, to] =
      Array.isArray(offsets) && offsets.length === 2 && offsets.every((o) => Number.isSafeInteger(o))
        ? (offsets as [number, number])
        : fail(`tensor ${name} has no valid data_offsets`);
    const bytes = dims.reduce((a, b) => a * b, 1) * BYTES[dtype as SafeDType];
    if (from < 0 || to > body.length || to - from !== bytes)
      fail(`tensor ${name} claims bytes ${from}..${to} of ${body.length}; its shape needs ${bytes}`);
    ranges.push([from, to, name]);
    tensors.set(name, {
      dtype: dtype as SafeDType,
      shape: dims,
      data: convert(name, dtype as SafeDType, body.subarray(from, to)),
    });
  }
  ranges.sort((a, b) => a[0] - b[0]);
  for (let i = 1; i < ranges.length; i++)
    if (ranges[i]![0] < ranges[i - 1]![1]) fail(`tensors ${ranges[i - 1]![2]} and ${ranges[i]![2]} overlap`);
  return { tensors, metadata };
}
