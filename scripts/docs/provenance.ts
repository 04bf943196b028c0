/** Provenance of every figure the site draws, as markdown: one section a data file, made from the files themselves. */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

interface DataFile {
  readonly title: string;
  readonly caveats: readonly string[];
  readonly rows: readonly Readonly<Record<string, string | number | boolean | null>>[];
}

interface ClaimRow {
  readonly status: string;
  readonly area: string;
  readonly sources: readonly string[];
}

const MARK = '<!-- figures -->';

/** @param root the repository @throws when the page lacks the mark or a row lacks its source */
export function withFigures(text: string, root: string): string {
  if (!text.includes(MARK)) throw new Error(`docs/provenance.md: no "${MARK}" to put the tables at`);
  const folder = join(root, 'src/explainers/data');
  const files = readdirSync(folder).filter((f) => f.endsWith('.json'));
  const claims = JSON.parse(readFileSync(join(root, 'src/app/claims/claims.json'), 'utf8')) as ClaimRow[];
  return text.replace(MARK, [claimSection(claims), ...files.map((f) => section(join(folder, f)))].join('\n\n'));
}

/** Everything the pages read their figures from; a change of one rebuilds the page. */
export const figureFiles = (root: string): string[] => [
  join(root, 'src/app/claims/claims.json'),
  ...readdirSync(join(root, 'src/explainers/data')).map((f) => join(root, 'src/explainers/data', f)),
];

function section(path: string): string {
  const { title, caveats, rows } = JSON.parse(readFileSync(path, 'utf8')) as DataFile;
  const bare = rows.findIndex((r) => typeof r.source !== 'string' || r.source === '');
  if (bare >= 0) throw new Error(`${path}: row ${bare} has no source`);
  const sources = [...new Set(rows.map((r) => r.source as string))];
  const columns = Object.keys(rows[0] ?? {}).filter((c) => c !== 'source');
  return [
    `### ${title}`,
    `\`src/explainers/data/${basename(path)}\`, ${rows.length} rows: ${columns.map((c) => `\`${c}\``).join(', ')}.`,
    ...caveats,
    `Source: ${sources.map((s) => `\`${s}\``).join(', ')}.`,
  ].join('\n\n');
}

function claimSection(claims: readonly ClaimRow[]): string {
  const statuses = [...new Set(claims.map((c) => c.status))];
  const areas = [...new Set(claims.map((c) => c.area))].sort();
  const count = (area: string, status: string): string =>
    String(claims.filter((c) => c.area === area && c.status === status).length || '');
  return [
    '### Claims',
    `\`src/app/claims/claims.json\`, ${claims.length} rows from ${new Set(claims.flatMap((c) => c.sources)).size} texts; each row has its own on the [Claims page](#/claims).`,
    [
      `| area | ${statuses.join(' | ')} |`,
      `|---|${statuses.map(() => '--:').join('|')}|`,
      ...areas.map((a) => `| ${a.replaceAll('-', ' ')} | ${statuses.map((s) => count(a, s)).join(' | ')} |`),
    ].join('\n'),
  ].join('\n\n');
}
