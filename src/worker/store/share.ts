/**
 * A small run in a link: manifest and metrics, deflated, base64url. Nothing in it is ever run by itself; what comes in passes the
 * checks of an import, and every refusal is a ShareError that says why.
 */
import { deflateSync, inflateSync, strFromU8, strToU8 } from 'fflate';
import { sha256Text } from '@/data/hash';
import { findingText, readManifest } from '@/experiment/manifest/read';
import type { Manifest } from '@/experiment/manifest/schema';
import { serializeManifest } from '@/experiment/manifest/serialize';
import { parseMetrics, timeless } from '@/experiment/session/metrics-log';

export class ShareError extends Error {
  override name = 'ShareError';
}

/** Browsers take longer addresses, but mail and chat programs cut them. */
export const MAX_CHARACTERS = 32_000;
/** No run whose link is as short as that is longer; what inflates to more is refused. */
const MAX_BYTES = 8 * 2 ** 20;

export interface SharedFiles {
  readonly manifest: Manifest;
  readonly metrics: string;
  readonly withoutTimes: boolean;
}

export interface PackedRun {
  readonly text: string;
  /** The times of each step were left out to make it fit. */
  readonly withoutTimes: boolean;
}

/** Of everything: deflate has no checksum, and the manifest's own covers no times. */
const checksum = (text: string): string => sha256Text(text).slice(0, 16);

/** Length of the manifest, checksum, newline, manifest, metrics. */
function encode(manifest: string, metrics: string): string {
  const text = manifest + metrics;
  const bytes = deflateSync(strToU8(`${manifest.length} ${checksum(text)}\n${text}`), { level: 9 });
  return btoa(strFromU8(bytes, true)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Throws ShareError for a run that has not ended, or is too long for a link. */
export function packRun(manifest: Manifest, metrics: string): PackedRun {
  if (manifest.kind !== 'train' || !manifest.results?.endedAt)
    throw new ShareError('only a run that has ended can be a link');
  const shared = serializeManifest({ ...manifest, results: { ...manifest.results, weights: [] } });
  const whole = encode(shared, metrics);
  if (whole.length <= MAX_CHARACTERS) return { text: whole, withoutTimes: false };
  const short = encode(shared, parseMetrics(metrics).map((line) => `${timeless(line)}\n`).join('')); // prettier-ignore
  if (short.length <= MAX_CHARACTERS) return { text: short, withoutTimes: true };
  throw new ShareError(
    `this run takes ${short.length.toLocaleString('en-US')} characters as a link, and a link that mail and chat programs keep whole has at most ${MAX_CHARACTERS.toLocaleString('en-US')}: export it as a zip instead`,
  );
}

function inflate(packed: string): string {
  if (packed.length > MAX_CHARACTERS) throw new ShareError('the link is longer than any that this page makes');
  try {
    // One byte more than is allowed: what fills it is too long. Beyond the buffer nothing is kept.
    const out = inflateSync(strToU8(atob(packed.replaceAll('-', '+').replaceAll('_', '/')), true), {
      out: new Uint8Array(MAX_BYTES + 1),
    });
    if (out.length > MAX_BYTES) throw new RangeError('too long');
    return new TextDecoder('utf-8', { fatal: true }).decode(out);
  } catch (error) {
    throw new ShareError('the run in this link cannot be read: it was cut or changed', { cause: error });
  }
}

/** What a link holds, checked: the manifest is valid, the metrics are the ones that it names. Throws ShareError. */
export function unpackRun(packed: string): SharedFiles {
  const text = inflate(packed);
  const head = /^(\d{1,7}) ([0-9a-f]{16})\n/.exec(text);
  if (!head) throw new ShareError('the run in this link cannot be read: it holds no manifest');
  if (checksum(text.slice(head[0].length)) !== head[2])
    throw new ShareError('the run in this link cannot be read: it was cut or changed');
  const end = head[0].length + Number(head[1]);
  const metrics = text.slice(end);
  const { manifest, findings, valid } = readManifest(text.slice(head[0].length, end));
  const wrong = findings.find(({ severity }) => severity === 'error');
  if (!manifest || !valid)
    throw new ShareError(`the manifest in this link is not valid: ${wrong ? findingText(wrong) : 'unreadable'}`);
  if (manifest.kind !== 'train' || !manifest.results) throw new ShareError('the link holds no training run');
  let lines;
  try {
    lines = parseMetrics(metrics);
  } catch (error) {
    throw new ShareError(`the metrics in this link are not readable: ${(error as Error).message}`, { cause: error });
  }
  if (sha256Text(lines.map((line) => `${timeless(line)}\n`).join('')) !== manifest.results.metricsSha256)
    throw new ShareError('the metrics in this link are not those that its manifest names: one of them was changed');
  return { manifest, metrics, withoutTimes: !lines.some((line) => 'time' in line) };
}
