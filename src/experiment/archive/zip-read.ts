/**
 * Reads a zip archive (PKWARE APPNOTE 6.3) that may come from anybody. Accepts the plain kind only: one disk, no ZIP64, no
 * encryption, methods stored and deflate, and refuses before unpacking whatever could write outside a directory, fill a disk or
 * say two things at once: odd names, links, overlapping entries, sizes that disagree, duplicates, wrong CRCs.
 */
import { Inflate } from 'fflate';
import { crc32 } from './crc32';

export class ArchiveError extends Error {
  override name = 'ArchiveError';
}

export interface ZipLimits {
  readonly maxEntries: number;
  /** Unpacked, over all entries. */
  readonly maxBytes: number;
}

export const DEFAULT_LIMITS: ZipLimits = { maxEntries: 20000, maxBytes: 2 ** 31 };

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Of the local header. */
  readonly offset: number;
}

const fail = (message: string): never => {
  throw new ArchiveError(message);
};

const SIGNATURE = { END: 0x06054b50, CENTRAL: 0x02014b50, LOCAL: 0x04034b50 } as const;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
/** Deflate cannot do better: 258 bytes from 2 bits. */
const MAX_RATIO = 1032;
const CHUNK = 1 << 16;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** Why a name cannot be a file inside a directory; null when it can. */
export function nameProblem(name: string): string | null {
  if (name === '' || name.length > 240) return 'is empty or longer than 240 characters';
  if (/[\u0000-\u001f\u007f\\:*?"<>|\ufffd]/.test(name)) return 'has a character that no file name may have';
  if (name.startsWith('/')) return 'is absolute';
  for (const segment of name.split('/')) {
    if (segment === '' || segment === '.' || segment === '..') return 'leaves its directory, or has an empty part';
    if (/[. ]$/.test(segment) || RESERVED.test(segment)) return 'is no file name on some systems';
  }
  return null;
}

const quoted = (name: string): string => JSON.stringify(name.slice(0, 80));

function findEnd(view: DataView): number {
  const first = Math.max(0, view.byteLength - END_BYTES - 0xffff);
  for (let at = view.byteLength - END_BYTES; at >= first; at--)
    if (
      view.getUint32(at, true) === SIGNATURE.END &&
      at + END_BYTES + view.getUint16(at + 20, true) === view.byteLength
    )
      return at;
  return fail('is no zip archive, or its end is missing');
}

function readCentral(
  file: Uint8Array,
  view: DataView,
  at: number,
  limit: number,
): { readonly entry: Entry; readonly next: number } {
  if (at + CENTRAL_BYTES > limit || view.getUint32(at, true) !== SIGNATURE.CENTRAL)
    return fail(`the directory entry at byte ${at} is broken`);
  const nameBytes = view.getUint16(at + 28, true);
  const next = at + CENTRAL_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  if (next > limit) return fail(`the directory entry at byte ${at} runs past the directory`);
  const name = new TextDecoder().decode(file.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes));
  const entry: Entry = {
    name,
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
  };
  const problem = nameProblem(name);
  if (problem !== null) fail(`entry ${quoted(name)} ${problem}`);
  if ((view.getUint16(at + 8, true) & 0x2041) !== 0) fail(`entry ${quoted(name)} is encrypted`);
  if (view.getUint16(at + 34, true) !== 0) fail(`entry ${quoted(name)} is on another disk`);
  const type = (view.getUint32(at + 38, true) >>> 28) & 0xf; // Unix file type, where the writer gave one
  if (type !== 0 && type !== 8) fail(`entry ${quoted(name)} is a link or a device, not a file`);
  return { entry, next };
}

function checkSizes({ name, method, packed, size }: Entry): void {
  if (method !== 0 && method !== 8) fail(`entry ${quoted(name)} uses method ${method}; stored and deflate are read`);
  if (packed === 0xffffffff || size === 0xffffffff) fail(`entry ${quoted(name)} needs ZIP64, which is not read`);
  if (method === 0 && packed !== size) fail(`entry ${quoted(name)} is stored, but its two sizes differ`);
  if (size > packed * MAX_RATIO + 64)
    fail(`entry ${quoted(name)} claims to unpack ${packed} bytes to ${size}: no deflate stream does`);
}

function readDirectory(file: Uint8Array, view: DataView, limits: ZipLimits): Entry[] {
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  if (
    view.getUint16(end + 4, true) !== 0 ||
    view.getUint16(end + 6, true) !== 0 ||
    view.getUint16(end + 8, true) !== count
  )
    fail('is one part of an archive of several');
  const start = view.getUint32(end + 16, true);
  if (count === 0xffff || start === 0xffffffff) fail('needs ZIP64, which is not read');
  if (start + view.getUint32(end + 12, true) !== end) fail('its directory is not where its end says');
  if (count > limits.maxEntries) fail(`holds ${count} entries; ${limits.maxEntries} are allowed`);
  const entries: Entry[] = [];
  const names = new Set<string>();
  let at = start;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const { entry, next } = readCentral(file, view, at, end);
    checkSizes(entry);
    const folded = entry.name.normalize('NFC').toLowerCase();
    if (names.has(folded)) fail(`entry ${quoted(entry.name)} is there twice`);
    names.add(folded);
    total += entry.size;
    if (total > limits.maxBytes) fail(`unpacks to more than ${limits.maxBytes} bytes`);
    entries.push(entry);
    at = next;
  }
  if (at !== end) fail('its directory is longer than its entries');
  for (const name of names)
    for (let slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1))
      if (names.has(name.slice(0, slash))) fail(`entry ${quoted(name)} lies inside another file`);
  return entries;
}

/** Where an entry's bytes lie, after comparing its local header with the directory. */
function locate(file: Uint8Array, view: DataView, entry: Entry): { readonly begin: number; readonly end: number } {
  const { name, offset } = entry;
  if (offset + LOCAL_BYTES > file.length || view.getUint32(offset, true) !== SIGNATURE.LOCAL)
    return fail(`entry ${quoted(name)}: its local header is broken`);
  const nameBytes = view.getUint16(offset + 26, true);
  const begin = offset + LOCAL_BYTES + nameBytes + view.getUint16(offset + 28, true);
  const local = new TextDecoder().decode(file.subarray(offset + LOCAL_BYTES, offset + LOCAL_BYTES + nameBytes));
  const streamed = (view.getUint16(offset + 6, true) & 8) !== 0; // sizes follow the data
  const same = (at: number, value: number): boolean =>
    view.getUint32(at, true) === value || (streamed && view.getUint32(at, true) === 0);
  if (
    local !== name ||
    view.getUint16(offset + 8, true) !== entry.method ||
    !same(offset + 14, entry.crc) ||
    !same(offset + 18, entry.packed) ||
    !same(offset + 22, entry.size)
  )
    fail(`entry ${quoted(name)}: its local header contradicts the directory`);
  const end = begin + entry.packed;
  if (end > file.length) fail(`entry ${quoted(name)} runs past the end of the archive`);
  return { begin, end };
}

function unpack({ name, method, size }: Entry, packed: Uint8Array): Uint8Array {
  if (method === 0) return packed.slice();
  const out = new Uint8Array(size);
  let at = 0;
  const inflate = new Inflate((chunk) => {
    if (at + chunk.length > size) fail(`entry ${quoted(name)} unpacks to more than the ${size} bytes that it states`);
    out.set(chunk, at);
    at += chunk.length;
  });
  try {
    for (let i = 0; i < packed.length; i += CHUNK)
      inflate.push(packed.subarray(i, i + CHUNK), i + CHUNK >= packed.length);
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    fail(`entry ${quoted(name)} is no deflate stream: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (at !== size) fail(`entry ${quoted(name)} unpacks to ${at} of ${size} bytes`);
  return out;
}

/** Every file of an archive by path. Throws ArchiveError, and nothing else, when anything is wrong with it. */
export function readZip(file: Uint8Array, limits: ZipLimits = DEFAULT_LIMITS): ReadonlyMap<string, Uint8Array> {
  if (file.length < END_BYTES) fail('is too short for a zip archive');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const entries = readDirectory(file, view, limits);
  const places = entries.map((entry) => ({ entry, ...locate(file, view, entry) }));
  let used = 0;
  for (const { entry, end } of places.toSorted((a, b) => a.entry.offset - b.entry.offset)) {
    if (entry.offset < used) fail(`entry ${quoted(entry.name)} overlaps another`);
    used = end;
  }
  const out = new Map<string, Uint8Array>();
  for (const { entry, begin, end } of places) {
    const bytes = unpack(entry, file.subarray(begin, end));
    if (crc32(bytes) !== entry.crc) fail(`entry ${quoted(entry.name)} has a wrong CRC: the archive is damaged`);
    out.set(entry.name, bytes);
  }
  return out;
}
