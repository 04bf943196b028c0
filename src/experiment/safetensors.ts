/**
 * Safetensors (https://huggingface.co/docs/safetensors): u64 little-endian header length n, n bytes of JSON, then the tensors'
 * bytes without gaps. The header maps names to {dtype, shape, data_offsets: [begin, end]}, offsets counted from its end.
 *
 * The writer sorts tensors by name and pads the header with spaces to a multiple of 8, so equal contents give equal files and
 * tensor data is aligned. The reader trusts nothing: a file comes from anywhere.
 */

/** One tensor to write; row-major. */
export type SafeTensor = { readonly name: string; readonly shape: readonly number[] } & (
  | { readonly dtype: 'F32'; readonly data: Float32Array }
  | { readonly dtype: 'F64'; readonly data: Float64Array }
  | { readonly dtype: 'I32'; readonly data: Int32Array }
  | { readonly dtype: 'U32'; readonly data: Uint32Array }
);

/** One tensor as read; row-major. F16 is widened to f32, which is exact. */
export type ReadTensor = { readonly shape: readonly number[] } & (
  | { readonly dtype: 'F32'; readonly data: Float32Array }
  | { readonly dtype: 'F16'; readonly data: Float32Array }
  | { readonly dtype: 'F64'; readonly data: Float64Array }
  | { readonly dtype: 'I32'; readonly data: Int32Array }
  | { readonly dtype: 'U32'; readonly data: Uint32Array }
  | { readonly dtype: 'I64'; readonly data: BigInt64Array }
);

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, ReadTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A file that is not what it says, or contents that no file can hold: what is wrong, and in which tensor or at which byte. */
export class SafetensorsError extends Error {
  override name = 'SafetensorsError';
}

type DType = ReadTensor['dtype'];
const BYTES: Readonly<Record<DType, number>> = { F32: 4, F64: 8, F16: 2, I32: 4, U32: 4, I64: 8 };
const METADATA = '__metadata__';
/** The reference implementation's limit. */
const MAX_HEADER = 100_000_000;

const fail = (message: string): never => {
  throw new SafetensorsError(message);
};

/** Elements of a shape; NaN unless all dimensions are non-negative integers with an exactly representable product. */
function elements(shape: readonly unknown[]): number {
  let n = 1;
  for (const d of shape) {
    if (typeof d !== 'number' || !Number.isSafeInteger(d) || d < 0) return NaN;
    n *= d;
  }
  return Number.isSafeInteger(n) ? n : NaN;
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

/**
 * The file in pieces: its head, then a view of each tensor's bytes in file order. For writing without a second copy.
 * Throws SafetensorsError for a name used twice or reserved, or data that does not fill its shape.
 */
export function safetensorsParts(
  tensors: readonly SafeTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const sorted = tensors.toSorted(byName);
  const entries: string[] = [];
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0)
    entries.push(`"${METADATA}":{${keys.map((k) => `${JSON.stringify(k)}:${JSON.stringify(metadata[k])}`).join(',')}}`);
  let offset = 0;
  sorted.forEach(({ name, dtype, shape, data }, i) => {
    if (name === METADATA) fail(`"${METADATA}" is reserved: no tensor can have that name`);
    if (name === sorted[i + 1]?.name) fail(`tensor ${name} is given twice`);
    if (elements(shape) !== data.length)
      fail(`tensor ${name} has ${data.length} elements, which do not fill its shape [${shape.join(', ')}]`);
    const end = offset + data.byteLength;
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`);
    offset = end;
  });
  const json = new TextEncoder().encode(`{${entries.join(',')}}`);
  const head = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true);
  head.set(json, 8);
  return [head, ...sorted.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
}

/** The whole file. Throws as `safetensorsParts` does. */
export function writeSafetensors(
  tensors: readonly SafeTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const parts = safetensorsParts(tensors, metadata);
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** The first key that occurs twice in one object of valid JSON text: JSON.parse keeps the last one silently. */
function duplicateKey(json: string): string | undefined {
  const scopes: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (c === '{') scopes.push(new Set());
    else if (c === '}') scopes.pop();
    if (c !== '"') continue;
    const start = i++;
    while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
    let next = i + 1;
    while (' \t\r\n'.includes(json[next] ?? '.')) next++;
    if (json[next] !== ':') continue;
    const key = JSON.parse(json.slice(start, i + 1)) as string;
    const scope = scopes.at(-1);
    if (scope?.has(key)) return key;
    scope?.add(key);
  }
  return undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseHeader(file: Uint8Array): { readonly header: Record<string, unknown>; readonly body: number } {
  if (file.length < 8) fail(`a file of ${file.length} bytes is no safetensors file: it has no header length`);
  const length = new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true);
  if (length > MAX_HEADER || length > file.length - 8)
    fail(
      `bytes 0..8 announce a header of ${length} bytes in a file of ${file.length}: truncated, or no safetensors file`,
    );
  const body = 8 + Number(length);
  if (file[8] !== 0x7b) fail('byte 8 does not begin a JSON object: no safetensors file');
  let text = '';
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(8, body));
    header = JSON.parse(text);
  } catch (error) {
    fail(`the header (bytes 8..${body}) is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(header)) return fail('the header is no JSON object');
  const twice = duplicateKey(text);
  if (twice !== undefined) fail(`the header names ${JSON.stringify(twice)} twice`);
  return { header, body };
}

function readMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value)) return fail(`${METADATA} is no object`);
  for (const [key, text] of Object.entries(value))
    if (typeof text !== 'string') fail(`${METADATA} entry ${JSON.stringify(key)} is no string`);
  return value as Record<string, string>;
}

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Bytes from the start of the body. */
  readonly begin: number;
  readonly end: number;
}

const isDType = (value: unknown): value is DType => typeof value === 'string' && Object.hasOwn(BYTES, value);

const isOffset = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function readEntry(name: string, value: unknown, bodyBytes: number): Entry {
  if (!isObject(value)) return fail(`tensor ${name}: its header entry is no object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDType(dtype))
    return fail(`tensor ${name}: dtype ${JSON.stringify(dtype)} is not read; ${Object.keys(BYTES).join(', ')} are`);
  if (!Array.isArray(shape) || Number.isNaN(elements(shape)))
    return fail(`tensor ${name}: shape ${JSON.stringify(shape)} is no list of sizes`);
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!isOffset(begin) || !isOffset(end))
    return fail(`tensor ${name}: data_offsets ${JSON.stringify(offsets)} are no pair of byte offsets`);
  if (begin > end || end > bodyBytes)
    fail(`tensor ${name}: data_offsets [${begin}, ${end}] lie outside the ${bodyBytes} bytes of data`);
  const needed = elements(shape) * BYTES[dtype];
  if (needed !== end - begin)
    fail(`tensor ${name}: ${dtype} of shape [${shape.join(', ')}] takes ${needed} bytes, its data_offsets hold ${end - begin}`); // prettier-ignore
  return { name, dtype, shape: shape as number[], begin, end };
}

/** Tensors must tile the body: an overlap could alias weights, a gap could smuggle data. */
function checkTiling(entries: readonly Entry[], bodyBytes: number): void {
  let at = 0;
  let previous = '';
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < at) fail(`tensors ${previous} and ${name} overlap at byte ${begin} of the data`);
    if (begin > at) fail(`bytes ${at}..${begin} of the data, before tensor ${name}, belong to no tensor`);
    at = end;
    previous = name;
  }
  if (at < bodyBytes) fail(`bytes ${at}..${bodyBytes} of the data, after the last tensor, belong to no tensor`);
}

/** IEEE 754 binary16 to a number. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function tensorOf({ dtype, shape }: Entry, bytes: ArrayBuffer): ReadTensor {
  switch (dtype) {
    case 'F32':
      return { dtype, shape, data: new Float32Array(bytes) };
    case 'F64':
      return { dtype, shape, data: new Float64Array(bytes) };
    case 'F16':
      return { dtype, shape, data: Float32Array.from(new Uint16Array(bytes), halfToFloat) };
    case 'I32':
      return { dtype, shape, data: new Int32Array(bytes) };
    case 'U32':
      return { dtype, shape, data: new Uint32Array(bytes) };
    case 'I64':
      return { dtype, shape, data: new BigInt64Array(bytes) };
  }
}

/**
 * Reads a whole file and copies its tensors out of it. Throws SafetensorsError naming the tensor, the
 * byte or the header entry that is wrong: bad length or JSON, a name twice, an unknown dtype, a shape that does not match its
 * bytes, offsets outside the file, overlaps and gaps.
 */
export function readSafetensors(file: Uint8Array): SafetensorsFile {
  const { header, body } = parseHeader(file);
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header))
    if (name !== METADATA) entries.push(readEntry(name, value, file.length - body));
  checkTiling(entries, file.length - body);
  const tensors = new Map<string, ReadTensor>();
  for (const entry of entries) {
    const bytes = new Uint8Array(entry.end - entry.begin); // not file.slice: Node's Buffer shares memory there
    bytes.set(file.subarray(body + entry.begin, body + entry.end));
    tensors.set(entry.name, tensorOf(entry, bytes.buffer));
  }
  return { tensors, metadata: readMetadata(header[METADATA]) };
}
