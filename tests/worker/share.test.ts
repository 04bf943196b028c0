/** A run as a link: what goes in comes out, what is too long says so, and anything else is refused with a reason. */
import { deflateSync, strFromU8, strToU8 } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256Text } from '@/data/hash';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { openConfig } from '@/experiment/kconfig-tree';
import type { RunIdentity } from '@/experiment/manifest/build';
import { manifestOf } from '@/experiment/manifest/read';
import type { Manifest } from '@/experiment/manifest/schema';
import { serializeManifest } from '@/experiment/manifest/serialize';
import type { OpenRun } from '@/experiment/open-run';
import { MemoryDirectory, readText } from '@/experiment/run-directory';
import { executeRun } from '@/experiment/session/execute';
import { RunControl } from '@/experiment/run-control';
import { writeConfig, writeMinConfig } from '@/kconfig';
import { MAX_CHARACTERS, ShareError, packRun, unpackRun } from '@/worker/store/share';
import { testExperiment } from '../support/experiment';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 500);
let manifest: Manifest;
let metrics: string;
beforeAll(async () => {
  const { config, model, corpus } = testExperiment({
    model: { nLayer: 1, nHead: 2, nEmbd: 8, blockSize: 8 },
    training: { maxIters: 12, evalInterval: 4 },
    vocab: 17,
  });
  const named = { ...corpus, hash: 'c'.repeat(64), tokenizer: { toJSON: () => ({}) } } as unknown as OpenRun['corpus'];
  const run: OpenRun = { config, model, corpus: named, backend: new ReferenceBackend(config, model, named) };
  const symbols = openConfig().config;
  const identity: RunIdentity = {
    runId: 'test', project: 'gpt2', preset: 'none', createdAt: '2026-01-01T00:00:00Z', overrides: {},
    minimal: writeMinConfig(symbols), full: writeConfig(symbols), stopAt: null, parents: [],
    host: { version: '0', commit: 'unknown', os: 'linux', browser: 'node' },
  }; // prettier-ignore
  const directory = new MemoryDirectory();
  const options = { control: new RunControl(), identity, adapter: null, saved: null };
  for await (const event of executeRun(run, directory, options)) void event;
  manifest = manifestOf((await readText(directory, 'manifest.json'))!)!;
  metrics = (await readText(directory, 'metrics.jsonl'))!;
});

const raw = (text: string): string =>
  btoa(strFromU8(deflateSync(strToU8(text)), true))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
const withManifest = (m: unknown, log = metrics): string => {
  const text = typeof m === 'string' ? m : serializeManifest(m as Manifest);
  return raw(`${text.length} ${sha256Text(text + log).slice(0, 16)}\n${text}${log}`);
};

describe('a run in a link', () => {
  it('comes out as it went in, but for the list of weights', () => {
    const { text, withoutTimes } = packRun(manifest, metrics);
    expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
    const out = unpackRun(text);
    expect(out.metrics).toBe(metrics);
    expect(out.manifest).toEqual({ ...manifest, results: { ...manifest.results, weights: [] } });
    expect([withoutTimes, out.withoutTimes]).toEqual([false, false]);
  });

  it('loses its times, and then is refused, when it grows', () => {
    const lines = (n: number, bits: number): string =>
      Array.from({ length: n }, (_, i) => {
        const noise = (k: number): number => Math.round(Math.abs(Math.sin(12.9898 * (i + 1) * k)) * 2 ** bits);
        return `{"event":"step","step":${i},"loss":${noise(1)},"time":{"elapsed_ms":${noise(2)},"step_ms":${noise(3)}}}\n`;
      }).join('');
    expect(packRun(manifest, lines(2500, 26)).withoutTimes).toBe(true);
    expect(() => packRun(manifest, lines(20_000, 26))).toThrow(/takes [\d,]+ characters as a link.*export it as a zip/);
    expect(packRun(manifest, lines(2500, 26)).text.length).toBeLessThanOrEqual(MAX_CHARACTERS);
  });

  it('a run that has not ended is none', () => {
    expect(() => packRun({ ...manifest, results: { ...manifest.results!, endedAt: null } }, '')).toThrow(
      'only a run that has ended',
    );
  });

  it('names with markup and other kinds pass through as text or are refused', () => {
    const markup = '<img src=x onerror=alert(1)>';
    expect(unpackRun(withManifest({ ...manifest, preset: markup })).manifest.preset).toBe(markup);
    expect(() => unpackRun(withManifest({ ...manifest, kind: 'matrix' }))).toThrow(ShareError);
    expect(() => unpackRun(withManifest({ ...manifest, extra: 1 }))).toThrow(/not valid.*extra/);
    expect(() => unpackRun(withManifest({ ...manifest, preset: 'http://example.org/x' }))).toThrow(/V12/);
  });

  it('changed metrics are refused', () => {
    const forged = metrics.replace(/"loss":\d/, '"loss":0');
    expect(forged).not.toBe(metrics);
    expect(() => unpackRun(withManifest(manifest, forged))).toThrow('not those that its manifest names');
    expect(() => unpackRun(withManifest(manifest, 'x\n'))).toThrow('metrics.jsonl:1 is not JSON');
  });

  it('a bomb is refused', () => {
    const bomb = raw(`1\n${'a'.repeat(20 * 2 ** 20)}`);
    expect(bomb.length).toBeLessThan(MAX_CHARACTERS);
    expect(() => unpackRun(bomb)).toThrow('cut or changed');
    expect(() => unpackRun('A'.repeat(MAX_CHARACTERS + 1))).toThrow('longer than any');
  });

  it(`fuzz: ${RUNS} mutations: each is refused with a ShareError, or holds exactly the run`, () => {
    const { text } = packRun(manifest, metrics);
    let state = 1;
    const draw = (n: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % n;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_%<>"\' ';
    let refused = 0;
    for (let i = 0; i < RUNS; i++) {
      const at = draw(text.length);
      const mutated = [
        () => text.slice(0, at) + alphabet[draw(alphabet.length)]! + text.slice(at + 1),
        () => text.slice(0, at),
        () => text.slice(at),
        () => text.slice(0, at) + text.slice(draw(text.length)),
      ][i % 4]!();
      try {
        expect(unpackRun(mutated).metrics).toBe(metrics);
      } catch (error) {
        expect(error).toBeInstanceOf(ShareError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0.9 * RUNS);
  });
});
