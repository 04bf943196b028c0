/** `wb run` against the losses and gradient norms that PyTorch gave for the same weights and tokens (scripts/oracle.mjs). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Step {
  readonly loss: number;
  readonly grad_norm: number;
  readonly lr: number;
}
type Backend = 'webgpu' | 'reference';

const fixtures = JSON.parse(readFileSync('tests/oracle/fixtures.json', 'utf8')) as Record<string, readonly Step[]>;
const { runShape } = (await import(/* @vite-ignore */ pathToFileURL(resolve('scripts/oracle.mjs')).href)) as {
  runShape(shape: string, backend: Backend, directory: string): readonly Step[];
};

const LOSS_BOUND: Readonly<Record<Backend, number>> = { webgpu: 2e-4, reference: 1e-6 };

function check(shape: string, backend: Backend): void {
  const directory = mkdtempSync(join(tmpdir(), 'wb-torch-'));
  try {
    const ours = runShape(shape, backend, directory);
    const torch = fixtures[shape]!;
    expect(ours).toHaveLength(torch.length);
    torch.forEach(({ loss, grad_norm, lr }, step) => {
      expect(Math.abs(ours[step]!.loss - loss) / loss, `loss of step ${step}`).toBeLessThan(LOSS_BOUND[backend]);
      expect(Math.abs(ours[step]!.grad_norm - grad_norm) / grad_norm, `norm of step ${step}`).toBeLessThan(1e-3);
      expect(ours[step]!.lr).toBeCloseTo(lr, 12);
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('20 AdamW steps against PyTorch', () => {
  for (const shape of ['accumulation', 'kvs-head']) it(`${shape}, WebGPU`, () => check(shape, 'webgpu'));
  for (const shape of ['odd', 'bias-off', 'accumulation', 'bytes', 'ra', 'gate', 'mla', 'kvs-head', 'kv-tying'])
    it(`${shape}, reference`, () => check(shape, 'reference'));
});
