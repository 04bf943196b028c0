/** V6 to V10: measured points are unique, complete, and consistent with their own samples. */
import { type Finding, finding } from './finding';
import type { Manifest, ManifestPoint } from './schema';

const TOLERANCE = 1e-9;
const close = (a: number, b: number): boolean => Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));

/** Mean and sample standard deviation (n - 1; 0 for one sample), two passes. */
export function meanAndStd(samples: readonly number[]): { readonly mean: number; readonly std: number } {
  const n = samples.length;
  const mean = samples.reduce((sum, x) => sum + x, 0) / n;
  const squares = samples.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, std: n > 1 ? Math.sqrt(squares / (n - 1)) : 0 };
}

const each = (manifest: Manifest, check: (point: ManifestPoint, path: string) => Finding[]): Finding[] =>
  (manifest.points ?? []).flatMap((point, i) => check(point, `points[${i}]`));

/** V6: one point for (device, lane, batch, context). */
export function checkUniquePoints(manifest: Manifest): Finding[] {
  const seen = new Map<string, string>();
  return each(manifest, ({ device, lane, batch, context }, path) => {
    const key = JSON.stringify([device, lane, batch, context]);
    const before = seen.get(key);
    seen.set(key, path);
    if (before === undefined) return [];
    return [finding('V6', path, `measures the same device, lane, batch and context as ${before}`)];
  });
}

/** V7: an ok point holds its samples, and its mean and deviation are theirs. */
export function checkSamples(manifest: Manifest): Finding[] {
  return each(manifest, ({ status, samplesMs, measured, meanMs, stdMs }, path) => {
    if (status !== 'ok') return [];
    if (!samplesMs || samplesMs.length === 0) return [finding('V7', path, 'is ok without samples')];
    if (samplesMs.length < (measured ?? 1))
      return [finding('V7', `${path}.samplesMs`, `holds ${samplesMs.length} samples of ${measured ?? 1}`)];
    const { mean, std } = meanAndStd(samplesMs);
    const out: Finding[] = [];
    if (meanMs === undefined || !close(mean, meanMs))
      out.push(finding('V7', `${path}.meanMs`, `is ${String(meanMs)}; the samples give ${mean}`));
    if (stdMs === undefined || !(close(std, stdMs) || Math.abs(std - stdMs) <= TOLERANCE * mean))
      out.push(finding('V7', `${path}.stdMs`, `is ${String(stdMs)}; the samples give ${std}`));
    return out;
  });
}

/** V8: tokens/s = 1000 B / mean. */
export function checkRate(manifest: Manifest): Finding[] {
  return each(manifest, ({ batch, meanMs, tokPerS }, path) => {
    if (tokPerS === undefined || meanMs === undefined || close(tokPerS, (1000 * batch) / meanMs)) return [];
    return [finding('V8', `${path}.tokPerS`, `is ${tokPerS}; the mean gives ${(1000 * batch) / meanMs}`)];
  });
}

/** V9: GB/s = B T kvBytesPerToken / (mean 1e6). */
export function checkBandwidth(manifest: Manifest): Finding[] {
  return each(manifest, ({ batch, context, meanMs, bwGBs, kvBytesPerToken, kvBytes }, path) => {
    const out: Finding[] = [];
    const perToken = kvBytesPerToken ?? manifest.model?.kvBytesPerToken ?? undefined;
    if (kvBytes !== undefined && perToken !== undefined && !close(kvBytes, batch * context * perToken))
      out.push(finding('V9', `${path}.kvBytes`, `is ${kvBytes}; B T kvBytesPerToken is ${batch * context * perToken}`));
    if (bwGBs === undefined || meanMs === undefined) return out;
    if (perToken === undefined) return [...out, finding('V9', `${path}.bwGBs`, 'stands without kvBytesPerToken')];
    const expected = (batch * context * perToken) / (meanMs * 1e6);
    if (!close(bwGBs, expected)) out.push(finding('V9', `${path}.bwGBs`, `is ${bwGBs}; the mean gives ${expected}`));
    return out;
  });
}

/** V10: what was not measured says so. */
export function checkEmulated(manifest: Manifest): Finding[] {
  return each(manifest, ({ origin = 'measured', emulated = false }, path) => {
    if (origin === 'measured' || emulated) return [];
    return [finding('V10', path, `has ${origin} samples without "emulated": true`)];
  });
}
