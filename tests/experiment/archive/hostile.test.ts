/**
 * Files of other people, damaged at random: manifests, weights, states, configurations, logs, matrix declarations. Each reader
 * gives a value or its own error, never a crash of another kind. FUZZ_RUNS=n for a longer fuzz (scripts/fuzz-import.sh).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '@/experiment/config';
import { openStrict } from '@/experiment/kconfig-tree';
import { MatrixError } from '@/experiment/matrix/axes';
import { readMatrix } from '@/experiment/matrix/matrix-directory';
import { readManifest } from '@/experiment/manifest/read';
import { serializeManifest } from '@/experiment/manifest/serialize';
import { MemoryDirectory } from '@/experiment/run-directory';
import { SafetensorsError, readSafetensors, writeSafetensors } from '@/experiment/safetensors';
import { MetricsError, parseMetrics } from '@/experiment/session/metrics-log';
import { decodeState, encodeState } from '@/experiment/session/state-file';
import { parseTimeline } from '@/experiment/session/timeline';
import { StateError } from '@/experiment/training-state';
import { trainManifest } from '../manifest/sample';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const nasty = fc.constantFrom('__proto__', '../', '<script>', '\u0000', '1e999', '-1', 'null', '[[[[', '}', '"', '\\', '9'.repeat(400)); // prettier-ignore
const mutation = (length: number) =>
  fc.oneof(
    fc.record({ at: fc.nat(length - 1), byte: fc.nat(255) }),
    fc.record({ cut: fc.nat(length - 1), length: fc.integer({ min: 1, max: 64 }) }),
    fc.record({ insert: fc.nat(length), data: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 16 }), nasty.map(encode)) }), // prettier-ignore
  );

function damaged(file: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.array(mutation(file.length), { minLength: 1, maxLength: 4 }).map((mutations) => {
    let bytes = [...file];
    for (const m of mutations) {
      if ('at' in m) bytes[m.at % Math.max(1, bytes.length)] = m.byte;
      else if ('cut' in m) bytes.splice(m.cut, m.length);
      else bytes = [...bytes.slice(0, m.insert), ...m.data, ...bytes.slice(m.insert)];
    }
    return Uint8Array.from(bytes);
  });
}

type Kind = abstract new (...given: never[]) => Error;

/** Feeds damaged copies to a reader; counts how many it refused. A refusal must be one of `errors` and say something. */
async function feed(
  good: Uint8Array,
  read: (file: Uint8Array) => unknown,
  errors: readonly Kind[],
  runs = RUNS,
): Promise<number> {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(damaged(good), async (file) => {
      try {
        await read(file);
      } catch (error) {
        if (!errors.some((kind) => error instanceof kind)) throw error;
        expect((error as Error).message.length).toBeGreaterThan(5);
        refused++;
      }
    }),
    { numRuns: runs },
  );
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  return refused;
}

const data = Float32Array.from({ length: 12 }, (_, i) => i / 7);
const weights = writeSafetensors([{ name: 'transformer.wte.weight', dtype: 'F32', shape: [3, 4], data }], {
  step: '3',
});
const state = encodeState({
  step: 3,
  progress: { best: { step: 2, loss: 1.5 }, evaluated: 2 },
  metricsBytes: 10,
  elapsedMs: 5,
  state: new Map([['exp_avg.a', { dtype: 'F32', shape: [12], data }]]),
});
const lines = encode(
  '{"event":"step","step":0,"loss":4.1,"time":{"elapsed_ms":1}}\n{"event":"eval","step":1,"loss":4}\n',
);
const samples = encode('{"step":1,"elapsed_ms":2,"steps":1,"ms":{"wall":1,"wait":1},"gpu_bytes":{"a":1},"heap_bytes":3,"ops":[{"name":"g","dispatches":1,"ms":1}]}\n'); // prettier-ignore
const matrix = encode(JSON.stringify({ schema: 'wb-matrix/1', runId: 'm', project: 'p', preset: 'q', createdAt: 'now', backend: 'reference', stopAt: null, overrides: {}, axes: [{ name: 'A', labels: ['1'] }], shard: null, cells: [{ id: 'a', axes: { A: '1' }, seed: 1, minSha256: 'x' }], excluded: [] })); // prettier-ignore

describe(`${RUNS} damaged files of each kind`, { timeout: 600_000 }, () => {
  it('weights', async () => {
    expect(await feed(weights, readSafetensors, [SafetensorsError])).toBeGreaterThan(RUNS / 10);
  });

  it('training states', async () => {
    expect(await feed(state, decodeState, [SafetensorsError, StateError])).toBeGreaterThan(RUNS / 10);
  });

  it('metrics and timelines', async () => {
    expect(await feed(lines, (file) => parseMetrics(decode(file)), [MetricsError])).toBeGreaterThan(RUNS / 10);
    expect(await feed(samples, (file) => parseTimeline(decode(file)), [])).toBe(0);
  });

  it('matrix declarations', async () => {
    const read = async (file: Uint8Array) => {
      const directory = new MemoryDirectory();
      await directory.write('matrix.json', file);
      return readMatrix(directory);
    };
    expect(await feed(matrix, read, [MatrixError])).toBeGreaterThan(RUNS / 4);
  });

  // Evaluating a configuration costs milliseconds: fewer of these.
  it('manifests are findings, never an exception', async () => {
    const good = encode(serializeManifest(trainManifest()));
    expect(await feed(good, (file) => readManifest(decode(file)), [], Math.ceil(RUNS / 3))).toBe(0);
  });

  it('configurations', async () => {
    const good = encode(
      'CONFIG_GPT2_N_LAYER=2\nCONFIG_LEARNING_RATE="1e-3"\n# CONFIG_GPT2_BIAS is not set\nCONFIG_SEED=7\n',
    );
    const read = (file: Uint8Array) => openStrict(decode(file), 'hostile.config');
    expect(await feed(good, read, [ConfigError], Math.ceil(RUNS / 3))).toBeGreaterThan(RUNS / 30);
  });
});
