/** Reads a manifest from text that may be anything. Never throws (V13): what is wrong comes back as a list. */
import { checkEmulated, checkBandwidth, checkRate, checkSamples, checkUniquePoints } from './checks-points';
import { type FileHashes, checkExports, checkPrivacy } from './checks-files';
import {
  checkConfigDerivation,
  checkConfigHash,
  checkRequired,
  checkSchemaId,
  checkStatuses,
  isRecord,
} from './checks-structure';
import { type Finding, finding } from './finding';
import { adaptForeign } from './foreign';
import { type Manifest, manifestSchema } from './schema';
import { serializeManifest } from './serialize';

export interface ManifestReading {
  /** null when there is an error that leaves nothing to work with (V1, V2, V3, V13, or a value of the wrong type). */
  readonly manifest: Manifest | null;
  readonly findings: readonly Finding[];
  /** No finding is an error. */
  readonly valid: boolean;
}

const MAX_CHARACTERS = 1 << 26;

function parseJson(text: string): { readonly value: unknown } | { readonly problem: string } {
  if (text.length > MAX_CHARACTERS) return { problem: `is larger than ${MAX_CHARACTERS} characters` };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { problem: `is not JSON: ${String(error instanceof Error ? error.message : error).replace(/\s+/g, ' ')}` };
  }
}

const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (at, key) => (typeof key === 'number' ? `${at}[${key}]` : at === '' ? String(key) : `${at}.${String(key)}`),
    '',
  );

/** Checks whose subject is a whole manifest. */
function semanticFindings(manifest: Manifest, files: FileHashes): Finding[] {
  return [
    ...checkConfigHash(manifest),
    ...checkConfigDerivation(manifest),
    ...checkUniquePoints(manifest),
    ...checkSamples(manifest),
    ...checkRate(manifest),
    ...checkBandwidth(manifest),
    ...checkEmulated(manifest),
    ...checkExports(manifest, files),
    ...checkPrivacy(manifest),
  ];
}

/**
 * Reads and validates. `files`: SHA-256 of what lies beside the manifest, for V11. The older formats of the source project are
 * adapted first (V14).
 */
export function readManifest(text: string, files: FileHashes = null): ManifestReading {
  const parsed = parseJson(text);
  const refuse = (findings: readonly Finding[]): ManifestReading => ({ manifest: null, findings, valid: false });
  if ('problem' in parsed) return refuse([finding('V13', '', parsed.problem)]);
  if (!isRecord(parsed.value)) return refuse([finding('V13', '', 'is not a JSON object')]);
  const adapted = adaptForeign(parsed.value);
  const document = adapted.document;
  const first = [...adapted.findings, ...checkSchemaId(document)];
  if (first.some((f) => f.severity === 'error')) return refuse(first);
  const early = [...first, ...checkStatuses(document), ...checkRequired(document)];
  const checked = manifestSchema.safeParse(document);
  if (!checked.success) {
    const issues = checked.error.issues
      .map((issue) => finding('V13', pathText(issue.path), issue.message))
      .filter(({ path }) => !early.some((f) => f.path === path));
    return refuse([...early, ...issues]);
  }
  const findings = [...early, ...semanticFindings(checked.data, files)];
  if (serializeManifest(checked.data) !== serializeManifest(document as Manifest))
    findings.push(finding('V15', '', 'does not survive being read and written'));
  return { manifest: checked.data, findings, valid: findings.every((f) => f.severity !== 'error') };
}

/**
 * The manifest alone, of a file that was checked when it came (a list of a thousand runs has no second for each to evaluate its
 * configuration again). Null under the conditions of `readManifest`; V4 to V12 and V15 are not looked at.
 */
export function manifestOf(text: string): Manifest | null {
  const parsed = parseJson(text);
  if ('problem' in parsed || !isRecord(parsed.value)) return null;
  const { document, findings } = adaptForeign(parsed.value);
  if ([...findings, ...checkSchemaId(document)].some((f) => f.severity === 'error')) return null;
  return manifestSchema.safeParse(document).data ?? null;
}

/** One line a finding. */
export const findingText = ({ check, path, message, severity }: Finding): string =>
  `${check} ${severity}: ${path === '' ? 'the manifest' : path} ${message}`;
