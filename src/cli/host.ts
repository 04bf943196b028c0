/** What a manifest says about this program and platform: versions, no names. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import { basename } from 'node:path';
import type { Host } from '@/experiment/manifest/build';
import { VERSION } from '@/experiment/version';
import { root } from './options';

let known: Host | null = null;

export function host(): Host {
  known ??= {
    version: VERSION,
    commit: commit(),
    os: `${process.platform}-${process.arch}`,
    browser: `node ${process.versions.node}`,
  };
  return known;
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: root(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown'; // an unpacked archive, or no git
  }
}

/**
 * `{model}-{5 hex}`: the first digits of MD5 of "<short host>-<first address with dashes>-<folder>\n", the source project's
 * scheme bit by bit (workflow-and-explainers 3.4). The digest keeps host and address out of the name.
 */
export function projectName(
  model: string,
  where = { host: hostname(), address: firstAddress(), folder: basename(process.cwd()) },
): string {
  const seed = `${where.host.split('.')[0] ?? ''}-${where.address.replaceAll('.', '-')}-${where.folder}\n`;
  const stem = model.replace(/[^A-Za-z0-9-]/g, '') || 'adamwprune';
  return `${stem}-${createHash('md5').update(seed).digest('hex').slice(0, 5)}`;
}

function firstAddress(): string {
  const found = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return found.find((entry) => !entry.internal && entry.family === 'IPv4')?.address ?? '127.0.0.1';
}
