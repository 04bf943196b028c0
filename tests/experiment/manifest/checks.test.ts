/** V1 to V15 (workflow-and-explainers 4.3): each with what passes and what must not. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readManifest } from '@/experiment/manifest/read';
import { type Manifest, type ManifestPoint, manifestJsonSchema } from '@/experiment/manifest/schema';
import { serializeManifest, stableJson } from '@/experiment/manifest/serialize';
import { benchManifest, okPoint, trainManifest } from './sample';

type Deep = Record<string, unknown>;
const read = (manifest: unknown, files: ReadonlyMap<string, string> | null = null) =>
  readManifest(stableJson(manifest), files);
/** `check path` of each finding. */
const found = (manifest: unknown, files: ReadonlyMap<string, string> | null = null): string[] =>
  read(manifest, files).findings.map(({ check, path }) => `${check} ${path}`);
const changed = (edit: (m: Deep) => void, from: Manifest = trainManifest()): Deep => {
  const copy = structuredClone(from) as unknown as Deep;
  edit(copy);
  return copy;
};
const bench = (edit: Partial<ManifestPoint>): Manifest => benchManifest({ ...okPoint(), ...edit });

describe('a valid manifest', () => {
  it('has no finding: train and bench', () => {
    expect(found(trainManifest())).toEqual([]);
    expect(read(trainManifest()).valid).toBe(true);
    expect(found(benchManifest(okPoint()))).toEqual([]);
  });
});

describe('checks', () => {
  it('V1 refuses another schema', () => {
    expect(found(changed((m) => (m['schema'] = 'wb-manifest/2')))).toEqual(['V1 schema']);
    expect(found(changed((m) => (m['schema'] = undefined)))).toEqual(['V1 schema']);
  });

  it('V2 refuses an unknown status', () => {
    expect(found(bench({ status: 'perfect' as 'ok' }))).toEqual(['V2 points[0].status']);
    expect(found(changed((m) => ((m['results'] as Deep)['status'] = 1)))).toEqual(['V2 results.status']);
  });

  it('V3 asks for the keys of the kind', () => {
    for (const key of ['app', 'config', 'device', 'timing', 'seed', 'model', 'data', 'dispatch', 'results'])
      expect(found(changed((m) => (m[key] = undefined))), key).toContain(`V3 ${key}`);
    expect(found(changed((m) => (m['points'] = undefined), benchManifest(okPoint())))).toEqual(['V3 points']);
  });

  it('V4 compares the hash of the configuration', () => {
    const wrong = changed((m) => ((m['config'] as Deep)['sha256'] = 'b'.repeat(64)));
    expect(found(wrong)).toEqual(['V4 config.sha256']);
  });

  it('V5 evaluates the minimal configuration again', () => {
    const wrong = changed((m) => ((m['config'] as Deep)['min'] = 'CONFIG_SEED=8\n'));
    expect(found(wrong)).toEqual(['V5 config.full']);
    const other = read(changed((m) => ((m['config'] as Deep)['tree'] = 'b'.repeat(64))));
    expect(other.findings.map((f) => `${f.check} ${f.path} ${f.severity}`)).toEqual(['V5 config.tree warning']);
    expect(other.valid).toBe(true);
  });

  it('V6 refuses a point measured twice', () => {
    expect(found(benchManifest(okPoint(), okPoint()))).toEqual(['V6 points[1]']);
    expect(found(benchManifest(okPoint(), { ...okPoint(), lane: 'other' }))).toEqual([]);
  });

  it('V7 recomputes mean and deviation from the samples', () => {
    expect(found(bench({ samplesMs: [2] }))).toContain('V7 points[0].samplesMs');
    expect(found(bench({ samplesMs: [] }))).toContain('V7 points[0]');
    expect(found(bench({ stdMs: Math.SQRT2 * (1 + 1e-8) }))).toEqual(['V7 points[0].stdMs']);
    expect(found(bench({ stdMs: Math.SQRT2 * (1 + 1e-10) }))).toEqual([]);
    expect(found(bench({ meanMs: undefined as unknown as number }))).toContain('V7 points[0].meanMs');
  });

  it('V8 and V9 recompute rates', () => {
    expect(found(bench({ tokPerS: 1001 }))).toEqual(['V8 points[0].tokPerS']);
    expect(found(bench({ bwGBs: 0.0082 }))).toEqual(['V9 points[0].bwGBs']);
    expect(found(bench({ kvBytes: 16385 }))).toEqual(['V9 points[0].kvBytes']);
    const none = undefined as unknown as number;
    expect(found(bench({ kvBytesPerToken: none, kvBytes: none }))).toEqual(['V9 points[0].bwGBs']);
  });

  it('V10 wants simulated samples labelled', () => {
    expect(found(bench({ origin: 'simulated' }))).toEqual(['V10 points[0]']);
    expect(found(bench({ origin: 'simulated', emulated: true }))).toEqual([]);
    expect(found(bench({ origin: 'measured' }))).toEqual([]);
  });

  it('V11 compares the files beside it', () => {
    const file = 'checkpoints/4.safetensors';
    expect(found(trainManifest(), new Map([[file, 'a'.repeat(64)]]))).toEqual([]);
    expect(found(trainManifest(), new Map([[file, 'b'.repeat(64)]]))).toEqual(['V11 results.weights[0]']);
    expect(found(trainManifest(), new Map())).toEqual(['V11 results.weights[0]']);
  });

  it.each([
    'me@example.org',
    'https://lab.example',
    'host 192.168.0.17 gave up',
    'fe80::1ff:fe23:4567:890a',
    'read /home/me/text.txt',
    'C:\\Users\\me',
    '~/runs/1',
  ])('V12 refuses %s', (text) => {
    expect(found(changed((m) => (m['project'] = text)))).toEqual(['V12 project']);
  });

  it.each(['loss/token 3.5', 'v1.2.3', '12:30:00', 'GPT-2, 4 layers', 'a / b', 'src/optim'])(
    'V12 lets %s pass',
    (text) => {
      expect(found(changed((m) => (m['project'] = text)))).toEqual([]);
    },
  );

  it('V13 never throws, whatever the text', () => {
    expect(readManifest('').valid).toBe(false);
    expect(readManifest('[]').findings[0]?.check).toBe('V13');
    expect(found(changed((m) => (m['seed'] = '7')))).toEqual(['V13 seed']);
    expect(found(changed((m) => (m['sneaky'] = 1)))).toEqual(['V13 ']);
    const valid = serializeManifest(trainManifest());
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.string({ maxLength: 6 }), fc.nat(40), (at, text, cut) => {
        const reading = readManifest(valid.slice(0, at) + text + valid.slice(at + cut));
        return Array.isArray(reading.findings);
      }),
      { numRuns: 150 },
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => !readManifest(JSON.stringify(value)).valid),
      { numRuns: 150 },
    );
  });

  it('V14 takes the manifests of the source project, and keeps what they do not prove out of "ok"', () => {
    const point = { gpu: 'w7900', lane: 'fused', batch: 1, context: 4096, status: 'ok' };
    const v1 = { version: 1, runs: [{ timestamp: '2026-02-03T04:05:06Z' }], points: [point], exports: [] };
    const { manifest, valid } = read(v1);
    expect(valid).toBe(true);
    expect(manifest?.createdAt).toBe('2026-02-03T04:05:06Z');
    expect(manifest?.points?.[0]).toMatchObject({ device: 'w7900', batch: 1, context: 4096, status: 'skipped' });
    expect(read({ version: 1, runs: [], points: [], exports: [] }).valid).toBe(true);
    expect(found({ version: 1, runs: [], points: [{ ...point, status: 'great' }] })).toEqual(['V14 points[0].status']);
    expect(found({ version: 1, runs: [], points: [{ gpu: 'x' }] })).toEqual(['V14 points[0]']);
    const decode = {
      schema_version: 1,
      run_id: 'decode-20260203T040506Z',
      started_at: '2026-02-03T04:05:06Z',
      stages: {},
    };
    expect(read(decode).manifest?.runId).toBe('decode-20260203T040506Z');
  });

  it('V15 writes what it read, with sorted keys', () => {
    const text = serializeManifest(trainManifest());
    expect(serializeManifest(readManifest(text).manifest!)).toBe(text);
    const keys = Object.keys(JSON.parse(text) as Deep);
    expect(keys).toEqual(keys.toSorted());
    expect(stableJson({ b: 1, a: { d: [{ z: 1, y: 2 }], c: undefined } })).toBe(
      '{\n  "a": {\n    "d": [\n      {\n        "y": 2,\n        "z": 1\n      }\n    ]\n  },\n  "b": 1\n}\n',
    );
  });
});

describe('the published schema', () => {
  it('is the one that the reader uses (wb manifest schema writes it)', () => {
    expect(readFileSync('public/schema/wb-manifest-1.json', 'utf8')).toBe(stableJson(manifestJsonSchema()));
  });
});
