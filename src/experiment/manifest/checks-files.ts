/** V11 and V12: files beside the manifest match it, and nothing in it points at a person or a machine. */
import { type Finding, finding } from './finding';
import type { Manifest } from './schema';

/** SHA-256 of the files that came with the manifest, by path; null: none came, so their hashes are not compared. */
export type FileHashes = ReadonlyMap<string, string> | null;

/** V11: every exported and derived file is there and has the checksum that the manifest states. */
export function checkExports(manifest: Manifest, files: FileHashes): Finding[] {
  const listed = [
    ...(manifest.exports ?? []).map((entry, i) => ({ ...entry, path: `exports[${i}]` })),
    ...(manifest.derived ?? []).map((entry, i) => ({ ...entry, path: `derived[${i}]` })),
    ...(manifest.results?.weights ?? []).map((entry, i) => ({ ...entry, path: `results.weights[${i}]` })),
  ];
  if (files === null) return [];
  return listed.flatMap(({ file, sha256, path }) => {
    const found = files.get(file);
    if (found === undefined) return [finding('V11', path, `${file} is missing`)];
    return found === sha256 ? [] : [finding('V11', path, `${file} has another checksum than the manifest states`)];
  });
}

const PRIVATE: readonly (readonly [string, RegExp])[] = [
  ['an e-mail address', /[\w.+-]+@[\w-]+(\.[\w-]+)+/],
  ['a web address', /\b(https?|wss?|ftp|file):\/\//i],
  ['an IPv4 address', /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])/],
  ['an IPv6 address', /(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}(?![\w:])|(?<![\w:])fe80::[0-9a-f:]+/i],
  [
    'a file-system path',
    /(?<![\w.~/-])(?:~\/|\/(?:home|Users|root|tmp|var|etc|mnt|opt|work|srv|data|private|media)\/)\S*/,
  ],
  ['a Windows path', /(?<!\w)[A-Z]:\\|\\\\\w+\\/i],
];

/** V12: no origin, address, e-mail or file-system path in any string. Driver versions of four numbers are left alone. */
export function checkPrivacy(manifest: Manifest): Finding[] {
  const out: Finding[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'string') {
      for (const [what, pattern] of PRIVATE) {
        const version = what === 'an IPv4 address' && /^device\.(adapter|browser|os)/.test(path);
        if (!version && pattern.test(value)) out.push(finding('V12', path, `contains ${what}`));
      }
    } else if (Array.isArray(value)) value.forEach((item, i) => visit(item, `${path}[${i}]`));
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) visit(item, path === '' ? key : `${path}.${key}`);
  };
  visit(manifest, '');
  return out;
}
