/**
 * Manifests of the source project as ours (V14): its point list, `{version: 1, runs, points, exports}`, and its decode manifest,
 * `{schema_version: 1, run_id, ...}` (workflow-and-explainers 4.1). Their points carry no samples here, so an "ok" is kept as a
 * claim of theirs: status "skipped" with the reason, never "ok" of ours.
 */
import { type Finding, finding } from './finding';
import { SCHEMA_ID, STATUSES } from './names';

type Loose = Readonly<Record<string, unknown>>;

const EPOCH = '1970-01-01T00:00:00Z';
const text = (value: unknown, fallback: string): string =>
  typeof value === 'string' && value !== '' ? value : fallback;
const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function adaptPoint(point: unknown, index: number, findings: Finding[]): Loose | null {
  const path = `points[${index}]`;
  if (!isObject(point)) {
    findings.push(finding('V14', path, 'is not an object'));
    return null;
  }
  const missing = ['gpu', 'lane', 'batch', 'context', 'status'].filter((key) => point[key] === undefined);
  if (missing.length > 0) {
    findings.push(finding('V14', path, `lacks ${missing.join(', ')}`));
    return null;
  }
  const { gpu, lane, batch, context, status, reason } = point;
  if (!STATUSES.slice(0, 6).includes(status as 'ok') || status === 'running') {
    findings.push(finding('V14', `${path}.status`, `${JSON.stringify(status)} is no status of that format`));
    return null;
  }
  const note = status === 'ok' ? 'ok in the source manifest, which holds no samples' : reason;
  return {
    device: gpu,
    lane,
    batch,
    context,
    status: status === 'ok' ? 'skipped' : status,
    ...(typeof note === 'string' && note !== '' ? { reason: note } : {}),
  };
}

function points(document: Loose, findings: Finding[]): Loose {
  const list: unknown[] = Array.isArray(document['points']) ? (document['points'] as unknown[]) : [];
  const runs: unknown[] = Array.isArray(document['runs']) ? (document['runs'] as unknown[]) : [];
  const first = runs.find(isObject);
  return {
    ...shell('imported-bpa-v1', text(first?.['timestamp'], EPOCH)),
    points: list.map((point, i) => adaptPoint(point, i, findings)).filter((point) => point !== null),
  };
}

function decode(document: Loose): Loose {
  const id = text(document['run_id'], 'imported-decode-v1');
  return { ...shell(id, text(document['started_at'], EPOCH)), points: [] };
}

const shell = (runId: string, when: string): Loose => ({
  schema: SCHEMA_ID,
  runId,
  kind: 'bench',
  project: 'imported',
  createdAt: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/.test(when) ? `${when.slice(0, 19)}Z` : EPOCH,
  app: { version: 'imported', commit: 'unknown', wgslHash: null },
  device: {
    backend: 'cpu',
    software: false,
    adapter: null,
    features: [],
    limits: {},
    os: 'unknown',
    browser: 'unknown',
  },
  timing: { source: 'cpu-fence', quantumNs: null },
  parents: [],
});

/** The document itself when it is not one of the two formats. */
export function adaptForeign(document: Loose): { readonly document: Loose; readonly findings: readonly Finding[] } {
  if (document['schema'] !== undefined) return { document, findings: [] };
  const findings: Finding[] = [];
  if (document['version'] === 1 && Array.isArray(document['points']))
    return { document: points(document, findings), findings };
  if (document['schema_version'] === 1) return { document: decode(document), findings };
  return { document, findings };
}
