/** A valid manifest of each kind, built by hand. */
import { sha256Text } from '@/data/hash';
import { openConfig } from '@/experiment/kconfig-tree';
import { treeHash } from '@/experiment/manifest/checks-structure';
import type { Manifest, ManifestPoint } from '@/experiment/manifest/schema';
import { writeConfig } from '@/kconfig';

const HASH = 'a'.repeat(64);

export function trainManifest(): Manifest {
  const min = 'CONFIG_SEED=7\n';
  const full = writeConfig(openConfig(min).config);
  return {
    schema: 'wb-manifest/1',
    runId: 'gpt2-x-20260101T000000Z',
    kind: 'train',
    project: 'gpt2',
    createdAt: '2026-01-01T00:00:00Z',
    app: { version: '0.1.0', commit: 'unknown', wgslHash: HASH },
    config: { min, full, sha256: sha256Text(full), tree: treeHash(), overrides: { SEED: '7' } },
    preset: 'gpt2-vanilla-baseline',
    seed: 7,
    stopAt: null,
    model: { name: 'gpt2', params: 100, kvBytesPerToken: 64 },
    data: { name: 'moby-dick', sha256: HASH, tokens: 10, trainTokens: 8, valTokens: 2 },
    device: {
      backend: 'webgpu',
      software: true,
      adapter: { vendor: 'google', architecture: 'swiftshader', device: '', description: 'SwiftShader driver 5.0.0.1' },
      features: ['timestamp-query'],
      limits: { maxBufferSize: 1 << 28 },
      os: 'linux',
      browser: 'node 20.19.0',
    },
    dispatch: { kernels: [{ name: 'gemm', variant: 'reg-4x4', workgroup: [64, 1, 1], f16: false, subgroups: false }], perStep: 3 },
    timing: { source: 'cpu-fence', quantumNs: 100 },
    results: {
      status: 'ok',
      endedAt: '2026-01-01T00:01:00Z',
      steps: 4,
      final: { loss: 1.5 },
      best: { step: 4, loss: 1.4 },
      weights: [{ file: 'checkpoints/4.safetensors', sha256: HASH }],
      metricsSha256: HASH,
    },
    parents: [],
  }; // prettier-ignore
}

/** B = 2, T = 128, 64 bytes a token; samples 1 and 3 ms: mean 2, deviation sqrt 2. */
export const okPoint = (): ManifestPoint => ({
  device: 'gpu',
  lane: 'decode',
  batch: 2,
  context: 128,
  status: 'ok',
  warmup: 1,
  measured: 2,
  samplesMs: [1, 3],
  meanMs: 2,
  stdMs: Math.SQRT2,
  tokPerS: 1000,
  kvBytesPerToken: 64,
  kvBytes: 16384,
  bwGBs: 16384 / 2e6,
});

export function benchManifest(...points: ManifestPoint[]): Manifest {
  const { schema, runId, project, createdAt, app, device, timing, parents } = trainManifest();
  return { schema, runId, kind: 'bench', project, createdAt, app, device, timing, points, parents } as Manifest;
}
