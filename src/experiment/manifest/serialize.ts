/** Manifests as text: keys sorted, two spaces, a newline at the end; equal manifests are equal files (V15). */
import type { Manifest } from './schema';

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  // Not Object.fromEntries over a literal: a key "__proto__" must stay a key.
  const out = Object.create(null) as Record<string, unknown>;
  for (const [key, v] of entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) out[key] = sorted(v);
  return out;
}

/** Any JSON value with sorted keys. Integer-like keys come first, in numeric order: JavaScript keeps them so. */
export const stableJson = (value: unknown): string => `${JSON.stringify(sorted(value), null, 2)}\n`;

export const serializeManifest = (manifest: Manifest): string => stableJson(manifest);
