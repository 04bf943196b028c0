/** V1 to V5: schema, statuses, required keys, configuration. */
import { sha256Text } from '@/data/hash';
import { KCONFIG_SOURCES, openConfig } from '../kconfig-tree';
import { writeConfig } from '@/kconfig';
import { type Finding, finding } from './finding';
import { SCHEMA_ID, STATUSES } from './names';
import type { Manifest } from './schema';

type Loose = Readonly<Record<string, unknown>>;
export const isRecord = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** V1: the schema is ours. */
export function checkSchemaId(document: Loose): Finding[] {
  if (document['schema'] === SCHEMA_ID) return [];
  return [finding('V1', 'schema', `${JSON.stringify(document['schema'])} is not ${SCHEMA_ID}`)];
}

/** V2: every status is a known one. */
export function checkStatuses(document: Loose): Finding[] {
  const out: Finding[] = [];
  const look = (value: unknown, path: string): void => {
    if (!STATUSES.includes(value as (typeof STATUSES)[number]))
      out.push(finding('V2', path, `${JSON.stringify(value)} is none of ${STATUSES.join(', ')}`));
  };
  for (const list of ['points', 'cells']) {
    const items = document[list];
    if (!Array.isArray(items)) continue;
    (items as unknown[]).forEach((item, i) => {
      if (isRecord(item)) look(item['status'], `${list}[${i}].status`);
    });
  }
  const results = document['results'];
  if (isRecord(results)) look(results['status'], 'results.status');
  return out;
}

const BASE = ['app', 'config', 'device', 'timing'] as const;
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  train: [...BASE, 'seed', 'model', 'data', 'dispatch', 'results'],
  matrix: ['app', 'config', 'cells'],
  bench: ['app', 'device', 'timing', 'points'],
  eval: [...BASE, 'seed', 'model', 'data', 'results'],
};

/** V3: what this kind of manifest must hold. */
export function checkRequired(document: Loose): Finding[] {
  const kind = document['kind'];
  const required = typeof kind === 'string' && Object.hasOwn(REQUIRED, kind) ? REQUIRED[kind]! : [];
  return required
    .filter((key) => document[key] === undefined)
    .map((key) => finding('V3', key, `a manifest of kind ${String(kind)} must have "${key}"`));
}

/** V4: the hash is that of the full configuration. */
export function checkConfigHash({ config }: Manifest): Finding[] {
  if (!config || sha256Text(config.full) === config.sha256) return [];
  return [finding('V4', 'config.sha256', 'is not the SHA-256 of config.full')];
}

/** SHA-256 over the Kconfig sources of this build. */
export function treeHash(): string {
  const files = Object.keys(KCONFIG_SOURCES).sort();
  return sha256Text(files.map((file) => `${file}\n${KCONFIG_SOURCES[file]!}\n`).join(''));
}

/** V5: the minimal configuration gives the full one, under the tree that wrote it. */
export function checkConfigDerivation({ config }: Manifest): Finding[] {
  if (!config) return [];
  if (config.tree !== treeHash()) {
    const message = 'was written with other Kconfig sources: whether config.min gives config.full is not checked';
    return [finding('V5', 'config.tree', message, 'warning')];
  }
  if (writeConfig(openConfig(config.min).config) === config.full) return [];
  return [finding('V5', 'config.full', 'is not what config.min evaluates to')];
}
