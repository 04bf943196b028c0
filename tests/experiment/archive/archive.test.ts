/** Export and import: a round trip that changes nothing, and archives that must be refused. FUZZ_RUNS=n for a longer fuzz. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 as nodeCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportBundle, importBundle, openBundle } from '@/experiment/archive/bundle';
import { crc32, crc32c } from '@/experiment/archive/crc32';
import { ArchiveError, nameProblem, readZip } from '@/experiment/archive/zip-read';
import { serializeManifest } from '@/experiment/manifest/serialize';
import { sha256Bytes } from '@/data/hash';
import { MemoryDirectory } from '@/experiment/run-directory';
import { trainManifest } from '../manifest/sample';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);

async function runDirectory(): Promise<MemoryDirectory> {
  const directory = new MemoryDirectory();
  const weights = Uint8Array.from({ length: 3000 }, (_, i) => (i * 7) & 255);
  const manifest = trainManifest();
  manifest.results!.weights = [{ file: 'checkpoints/4.safetensors', sha256: await sha256Bytes(weights) }];
  await directory.write('manifest.json', serializeManifest(manifest));
  await directory.write('metrics.jsonl', '{"event":"step","step":0,"loss":1}\n'.repeat(50));
  await directory.write('checkpoints/4.safetensors', weights);
  await directory.write('STATUS', 'ok\n');
  return directory;
}
let zip: Uint8Array;
beforeAll(async () => {
  zip = await exportBundle(await runDirectory());
});

/** The archive with bytes of one 4- or 2-byte field replaced at every place where `signature` begins a header. */
function patched(signature: number, offset: number, value: number, width: 2 | 4): Uint8Array {
  const out = zip.slice();
  const view = new DataView(out.buffer);
  for (let at = 0; at + 4 <= out.length; at++) {
    if (view.getUint32(at, true) !== signature) continue;
    if (width === 4) view.setUint32(at + offset, value, true);
    else view.setUint16(at + offset, value, true);
    break;
  }
  return out;
}
const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];

describe('round trip', () => {
  it('gives back every byte, and equal directories give equal archives', async () => {
    const from = await runDirectory();
    const to = new MemoryDirectory();
    expect(await importBundle(zip, to)).toBe(4);
    expect(await to.list()).toEqual(await from.list());
    for (const path of await from.list()) expect(await to.read(path), path).toEqual(await from.read(path));
    expect(await exportBundle(to)).toEqual(zip);
  });

  it('is a zip and a checksum file for other programs: Python reads both', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wb-zip-'));
    writeFileSync(join(folder, 'a.zip'), zip);
    const script =
      'import zipfile,hashlib,sys\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n' +
      'for l in z.read("SHA256SUMS").decode().splitlines():\n h,n=l.split("  ");assert hashlib.sha256(z.read(n)).hexdigest()==h\n print(n)';
    const { stdout, status, stderr } = spawnSync('python3', ['-c', script, join(folder, 'a.zip')], {
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toEqual([
      'STATUS',
      'checkpoints/4.safetensors',
      'manifest.json',
      'metrics.jsonl',
    ]);
  });

  it('leaves folders of this machine behind', async () => {
    const directory = await runDirectory();
    await directory.write('config.full', 'CONFIG_DATASET_CUSTOM_PATH="/home/me/secret/a.txt"\n');
    await directory.write('log.txt', 'failed: /home/me/x is full\n');
    const files = await openBundle(await exportBundle(directory));
    const all = [...files.values()].map((b) => new TextDecoder().decode(b)).join('');
    expect(all).not.toContain('/home/me');
    expect(all).toContain('CONFIG_DATASET_CUSTOM_PATH="a.txt"');
  });
});

describe('checksums', () => {
  it('CRC-32 is that of zlib, CRC-32C that of RFC 3720 B.4', () => {
    expect(crc32(bytes('123456789'))).toBe(0xcbf43926);
    const random = Uint8Array.from({ length: 999 }, (_, i) => (i * i) & 255);
    expect(crc32(random)).toBe(nodeCrc32(random));
    expect(crc32c(bytes('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  });
});

describe('refused', () => {
  it.each([
    ['../evil', /leaves its directory/],
    ['a/../../evil', /leaves its directory/],
    ['/etc/passwd', /absolute/],
    ['C:\\evil', /character/],
    ['a\\..\\b', /character/],
    ['a//b', /empty part/],
    ['nul', /no file name/],
    ['a\u0000b', /character/],
    ['x'.repeat(300), /240/],
  ])('the name %s', (name, why) => {
    expect(nameProblem(name)).toMatch(why);
    expect(() => readZip(zipSync({ [name]: bytes('x') }))).toThrow(ArchiveError);
  });

  it('names that collide, or a file inside a file', () => {
    expect(() => readZip(zipSync({ A: bytes('x'), a: bytes('y') }))).toThrow(/twice/);
    expect(() => readZip(zipSync({ a: bytes('x'), 'a/b': bytes('y') }))).toThrow(/inside another file/);
  });

  it('bombs: by their stated size, by their real size, by number', () => {
    const bomb = zipSync({ zeros: new Uint8Array(1 << 22) });
    expect(() => readZip(bomb, { maxEntries: 9, maxBytes: 1 << 20 })).toThrow(/more than 1048576 bytes/);
    const lying = bomb.slice();
    const view = new DataView(lying.buffer);
    const central = new DataView(lying.buffer).getUint32(lying.length - 6, true);
    for (const at of [22, central + 24]) view.setUint32(at, 1000, true);
    expect(() => readZip(lying)).toThrow(/more than the 1000 bytes/);
    for (const at of [22, central + 24]) view.setUint32(at, 0x7fffffff, true);
    expect(() => readZip(lying)).toThrow(/no deflate stream does/);
    expect(() => readZip(zip, { maxEntries: 2, maxBytes: 1 << 30 })).toThrow(/entries/);
  });

  it('damage: CRC, sizes, offsets, methods, flags, links, ZIP64, a missing end', () => {
    expect(() => readZip(patched(CENTRAL, 16, 1, 4))).toThrow(/contradicts|CRC/);
    expect(() => readZip(patched(LOCAL, 14, 1, 4))).toThrow(/contradicts/);
    expect(() => readZip(patched(CENTRAL, 42, 7, 4))).toThrow(/local header/);
    expect(() => readZip(patched(CENTRAL, 10, 12, 2))).toThrow(/method 12/);
    expect(() => readZip(patched(CENTRAL, 8, 1, 2))).toThrow(/encrypted/);
    expect(() => readZip(patched(CENTRAL, 38, 0xa1ff0000, 4))).toThrow(/link/);
    expect(() => readZip(patched(CENTRAL, 24, 0xffffffff, 4))).toThrow(/ZIP64/);
    expect(() => readZip(patched(END, 10, 3, 2))).toThrow(ArchiveError);
    expect(() => readZip(zip.subarray(0, zip.length - 1))).toThrow(/end is missing/);
    const flipped = zip.slice();
    flipped[60]! ^= 1;
    expect(() => readZip(flipped)).toThrow(ArchiveError);
  });

  it('contents that contradict their checksums or manifest', async () => {
    const open = (files: Record<string, Uint8Array>) => openBundle(zipSync(files));
    const good = Object.fromEntries(readZip(zip));
    await expect(open(good)).resolves.toBeDefined();
    await expect(open({ ...good, STATUS: bytes('failed\n') })).rejects.toThrow(/STATUS has another checksum/);
    await expect(open({ ...good, extra: bytes('x') })).rejects.toThrow(/extra has no checksum/);
    const less = Object.fromEntries(Object.entries(good).filter(([path]) => path !== 'STATUS'));
    await expect(open(less)).rejects.toThrow(/STATUS stands in SHA256SUMS and is missing/);
    const bad = new MemoryDirectory();
    await bad.write('manifest.json', '{}');
    await expect(openBundle(await exportBundle(bad))).rejects.toThrow(/manifest\.json: V1/);
    const target = new MemoryDirectory();
    await target.write('mine', 'x');
    await expect(importBundle(zip, target)).rejects.toThrow(/not empty/);
  });

  it(`fuzz: ${RUNS} mutations end in ArchiveError or in the same files`, async () => {
    const good = readZip(zip);
    const mutation = fc.oneof(
      fc.record({ at: fc.nat(zip.length - 1), byte: fc.nat(255) }),
      fc.record({ cut: fc.nat(zip.length), length: fc.integer({ min: 1, max: 64 }) }),
      fc.record({ insert: fc.nat(zip.length), data: fc.uint8Array({ minLength: 1, maxLength: 32 }) }),
    );
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
        let file = [...zip];
        for (const m of mutations) {
          if ('at' in m) file[m.at % file.length] = m.byte;
          else if ('cut' in m) file.splice(m.cut, m.length);
          else file = [...file.slice(0, m.insert), ...m.data, ...file.slice(m.insert)];
        }
        try {
          const files = await openBundle(Uint8Array.from(file), { maxEntries: 100, maxBytes: 1 << 20 });
          for (const [path, data] of files) expect(data).toEqual(good.get(path));
        } catch (error) {
          expect(error).toBeInstanceOf(ArchiveError);
          refused++;
        }
      }),
      { numRuns: RUNS },
    );
    expect(refused).toBeGreaterThan(RUNS / 2);
  });
});
