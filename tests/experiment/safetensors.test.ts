import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type SafeTensor,
  SafetensorsError,
  readSafetensors,
  safetensorsParts,
  writeSafetensors,
} from '@/experiment/safetensors';

/** Written by fixtures/make_safetensors.py with numpy. */
const fixture = (name: string): Buffer => readFileSync(new URL(`./fixtures/${name}.safetensors`, import.meta.url));

const CANONICAL: SafeTensor[] = [
  { name: 'words', dtype: 'U32', shape: [2], data: Uint32Array.of(0, 4294967295) },
  { name: 'h.10.bias', dtype: 'F32', shape: [4], data: Float32Array.of(Infinity, -0, 1e-45, 3.4028235e38) },
  { name: 'zero', dtype: 'F32', shape: [0, 4], data: new Float32Array() },
  { name: 'h.0.weight', dtype: 'F32', shape: [2, 3], data: Float32Array.from([0, 1, 2, 3, 4, 5], (i) => Math.fround(i / 3) - 1) },
  { name: 'tokens', dtype: 'I32', shape: [1, 1, 3], data: Int32Array.of(0, -1, 2147483647) },
]; // prettier-ignore

describe('against numpy', () => {
  it('writes the same bytes, whatever the order of tensors and metadata', () => {
    const bytes = [...fixture('canonical')];
    expect([...writeSafetensors(CANONICAL, { format: 'pt', step: '20' })]).toEqual(bytes);
    expect([...writeSafetensors(CANONICAL.toReversed(), { step: '20', format: 'pt' })]).toEqual(bytes);
    expect(Buffer.concat(safetensorsParts(CANONICAL, { format: 'pt', step: '20' })).equals(fixture('canonical'))).toBe(true);
  }); // prettier-ignore

  it('reads every dtype, from an unaligned file in one Buffer of a pool', () => {
    const file = fixture('mixed');
    const pool = Buffer.concat([Buffer.from('xyz'), file]).subarray(3);
    const { tensors, metadata } = readSafetensors(pool);
    expect(metadata).toEqual({});
    expect([...tensors.keys()]).toEqual(['half', 'été', 'long', 'scalar']);
    expect(tensors.get('half')).toEqual({
      dtype: 'F16',
      shape: [9],
      data: Float32Array.of(1, -2, 65504, 2 ** -14, 2 ** -24, 0.333251953125, Infinity, -Infinity, NaN),
    });
    expect(tensors.get('été')?.data).toEqual(Float32Array.of(Math.PI, -1.5));
    expect(tensors.get('long')?.data).toEqual(BigInt64Array.of(9007199254740993n, -1n));
    expect(tensors.get('scalar')).toEqual({ dtype: 'U32', shape: [], data: Uint32Array.of(7) });
    pool.fill(0);
    expect(tensors.get('scalar')?.data[0]).toBe(7); // a copy
  });
});

describe('round trip', () => {
  const shapes = fc.array(fc.nat(4), { maxLength: 3 });
  const sizeOf = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);
  const words = (n: number): fc.Arbitrary<Uint32Array<ArrayBuffer>> =>
    fc.array(fc.nat(0xffffffff), { minLength: n, maxLength: n }).map((w) => Uint32Array.from(w));
  const tensor = fc
    .tuple(fc.string({ unit: 'grapheme' }), shapes, fc.constantFrom('F32', 'I32', 'U32'))
    .filter(([name]) => name !== '__metadata__')
    .chain(([name, shape, dtype]) =>
      words(sizeOf(shape)).map((bits): SafeTensor => {
        const { buffer } = bits; // any bit pattern, NaN payloads too
        if (dtype === 'F32') return { name, shape, dtype, data: new Float32Array(buffer) };
        if (dtype === 'I32') return { name, shape, dtype, data: new Int32Array(buffer) };
        return { name, shape, dtype, data: bits };
      }),
    );
  const files = fc.tuple(
    fc.uniqueArray(tensor, { selector: (t) => t.name, maxLength: 5 }),
    fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string()),
  );
  const bytesOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

  it('gives back names, shapes, bits and metadata; data is 8-byte aligned', () => {
    fc.assert(
      fc.property(files, ([list, metadata]) => {
        const file = writeSafetensors(list, metadata);
        expect(Number(new DataView(file.buffer).getBigUint64(0, true)) % 8).toBe(0);
        const read = readSafetensors(file);
        expect(Object.entries(read.metadata).sort()).toEqual(Object.entries(metadata).sort());
        expect(read.tensors.size).toBe(list.length);
        for (const { name, dtype, shape, data } of list) {
          const got = read.tensors.get(name);
          expect([got?.dtype, got?.shape]).toEqual([dtype, shape]);
          expect(bytesOf(got!.data)).toEqual(bytesOf(data));
        }
      }),
    );
  });

  it('any damage to the header is an error or a well-formed file, never another exception', () => {
    const file = writeSafetensors(CANONICAL);
    const headEnd = file.length - CANONICAL.reduce((sum, t) => sum + t.data.byteLength, 0);
    fc.assert(
      fc.property(fc.nat(headEnd - 1), fc.nat(255), fc.nat(file.length), (at, value, length) => {
        const damaged = file.slice();
        damaged[at] = value;
        for (const bytes of [damaged, file.slice(0, length)]) {
          try {
            readSafetensors(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(SafetensorsError);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('hostile files', () => {
  const file = (json: string, body = 8): Uint8Array => {
    const head = new TextEncoder().encode(json);
    const out = new Uint8Array(8 + head.length + body);
    new DataView(out.buffer).setBigUint64(0, BigInt(head.length), true);
    out.set(head, 8);
    return out;
  };
  const entry = (offsets: string, shape = '[1]', dtype = '"F32"'): string =>
    `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
  const good = `{"a":${entry('[0,4]')},"b":${entry('[4,8]')}}`;

  it('accepts what the refused ones differ from', () => {
    expect([...readSafetensors(file(good)).tensors.keys()]).toEqual(['a', 'b']);
    expect(readSafetensors(file(`{"__metadata__":{"a":"a"},"a":${entry('[0,4]')},"b":${entry('[4,8]')}}  `)).metadata).toEqual({ a: 'a' });
  }); // prettier-ignore

  it.each([
    ['overlap', `{"a":${entry('[0,8]', '[2]')},"b":${entry('[4,8]')}}`, 'tensors a and b overlap at byte 4'],
    ['the same bytes twice', `{"a":${entry('[0,8]', '[2]')},"b":${entry('[0,8]', '[2]')}}`, 'overlap at byte 0'],
    ['a gap', `{"a":${entry('[4,8]')}}`, 'bytes 0..4 of the data, before tensor a, belong to no tensor'],
    ['a tail', `{"a":${entry('[0,4]')}}`, 'bytes 4..8 of the data, after the last tensor'],
    ['offsets past the end', `{"a":${entry('[0,16]', '[4]')}}`, 'tensor a: data_offsets [0, 16] lie outside the 8 bytes'],
    ['offsets reversed', `{"a":${entry('[4,0]')}}`, 'tensor a: data_offsets [4, 0] lie outside'],
    ['negative offsets', `{"a":${entry('[-4,0]')}}`, 'data_offsets [-4,0] are no pair'],
    ['fractional offsets', `{"a":${entry('[0.5,4.5]')}}`, 'are no pair'],
    ['three offsets', `{"a":${entry('[0,4,8]')}}`, 'are no pair'],
    ['no offsets', `{"a":{"dtype":"F32","shape":[1]}}`, 'data_offsets undefined are no pair'],
    ['a shape of another size', `{"a":${entry('[0,8]', '[3]')}}`, 'F32 of shape [3] takes 12 bytes, its data_offsets hold 8'],
    ['an overflowing shape', `{"a":${entry('[0,8]', '[4294967296,4294967296]')}}`, 'is no list of sizes'],
    ['a negative size', `{"a":${entry('[0,8]', '[-1,-2]')}}`, 'shape [-1,-2] is no list of sizes'],
    ['an unknown dtype', `{"a":${entry('[0,8]', '[1]', '"F128"')}}`, 'tensor a: dtype "F128" is not read'],
    ['a dtype from the prototype', `{"a":${entry('[0,8]', '[1]', '"toString"')}}`, 'dtype "toString" is not read'],
    ['an entry that is no object', `{"a":3}`, 'tensor a: its header entry is no object'],
    ['a name twice', `{"a":${entry('[0,4]')},"a":${entry('[4,8]')}}`, 'the header names "a" twice'],
    ['a name twice, once escaped', `{"a":${entry('[0,4]')},"\\u0061":${entry('[4,8]')}}`, 'the header names "a" twice'],
    ['a field twice', `{"a":{"dtype":"F32","dtype":"I32","shape":[2],"data_offsets":[0,8]}}`, 'names "dtype" twice'],
    ['metadata of numbers', `{"__metadata__":{"a":1},"a":${entry('[0,8]', '[2]')}}`, '__metadata__ entry "a" is no string'],
    ['metadata that is a list', `{"__metadata__":[],"a":${entry('[0,8]', '[2]')}}`, '__metadata__ is no object'],
    ['bad JSON', `{"a":`, 'the header (bytes 8..13) is no JSON'],
    ['a list', `[]`, 'byte 8 does not begin a JSON object'],
    ['deep nesting', `{"a":${'['.repeat(200_000)}`, 'is no JSON'],
  ])('%s', (_, json, message) => {
    expect(() => readSafetensors(file(json))).toThrow(SafetensorsError);
    expect(() => readSafetensors(file(json))).toThrow(message);
  }); // prettier-ignore

  it('a header longer than the file or than any sane header', () => {
    expect(() => readSafetensors(file(good).subarray(0, 40))).toThrow('in a file of 40: truncated');
    const huge = file(good);
    huge.fill(0xff, 0, 8);
    expect(() => readSafetensors(huge)).toThrow('header of 18446744073709551615 bytes');
    expect(() => readSafetensors(new Uint8Array(7))).toThrow('a file of 7 bytes');
    const invalid = file(good);
    invalid[9] = 0xff; // no UTF-8
    expect(() => readSafetensors(invalid)).toThrow('is no JSON');
  });

  it('names like object internals are plain names', () => {
    const list: SafeTensor[] = ['__proto__', 'constructor', 'toString'].map((name, i) => ({
      name, dtype: 'U32', shape: [1], data: Uint32Array.of(i),
    })); // prettier-ignore
    expect([...readSafetensors(writeSafetensors(list)).tensors.keys()].sort()).toEqual(list.map((t) => t.name).sort());
  });
});

it('refuses to write what no file can hold', () => {
  const t = (name: string, shape: number[]): SafeTensor => ({ name, dtype: 'F32', shape, data: new Float32Array(4) });
  expect(() => writeSafetensors([t('a', [2, 3])])).toThrow('tensor a has 4 elements, which do not fill its shape [2, 3]');
  expect(() => writeSafetensors([t('a', [-2, -2])])).toThrow('do not fill');
  expect(() => writeSafetensors([t('a', [4]), t('b', [4]), t('a', [4])])).toThrow('tensor a is given twice');
  expect(() => writeSafetensors([t('__metadata__', [4])])).toThrow('is reserved');
}); // prettier-ignore
