/**
 * Search in the documents: every word of the query must begin some word of a section or of its document's title. Sections whose
 * heading has all of them come first. No index but the text: a query reads some 200 kB, well under a frame.
 */

export interface SectionText {
  readonly id: string;
  readonly heading: string;
  readonly text: string;
}

export interface DocumentText {
  readonly slug: string;
  readonly title: string;
  readonly sections: readonly SectionText[];
}

/** Text in pieces; `hit` ones matched. */
export type Marked = readonly { readonly text: string; readonly hit: boolean }[];

export interface Hit {
  readonly slug: string;
  readonly id: string;
  readonly title: string;
  readonly heading: Marked;
  readonly excerpt: Marked;
}

export interface Found {
  /** Best first, at most `limit`. */
  readonly hits: readonly Hit[];
  readonly total: number;
}

/** Characters of an excerpt before the first match, and in all. */
const LEAD = 48;
const EXCERPT = 140;

/** Lower-case words; a decimal number is one. */
export const terms = (query: string): string[] => [
  ...new Set(query.toLowerCase().match(/[\p{L}\p{N}]+(?:\.\p{N}+)*/gu) ?? []),
];

const START = '(?<![\\p{L}\\p{N}])';
const END = '(?![\\p{L}\\p{N}])';

/** A word that begins so, anywhere in a text. */
const beginning = (term: string): RegExp => new RegExp(START + term.replaceAll('.', '\\.'), 'giu');

/** @param limit results that are worked out; `total` counts all */
export function search(documents: readonly DocumentText[], query: string, limit = 12): Found {
  const patterns = terms(query).map(beginning);
  if (patterns.length === 0) return { hits: [], total: 0 };
  const phrase = query.trim().toLowerCase();
  const scored = documents.flatMap((doc) =>
    doc.sections
      .map((section) => ({ doc, section, score: score(doc.title, section, patterns, phrase) }))
      .filter((s) => s.score > 0),
  );
  scored.sort((a, b) => b.score - a.score);
  const hits = scored.slice(0, limit).map(({ doc, section }) => ({
    slug: doc.slug,
    id: section.id,
    title: doc.title,
    heading: mark(section.heading, patterns),
    excerpt: mark(excerpt(section.text, patterns), patterns),
  }));
  return { hits, total: scored.length };
}

/** 0: no match. A heading with all words outweighs any number of words in the text. */
function score(title: string, { heading, text }: SectionText, patterns: readonly RegExp[], phrase: string): number {
  let sum = 0;
  let inHeading = 0;
  let own = 0;
  for (const pattern of patterns) {
    const headed = count(heading, pattern) > 0;
    const times = count(text, pattern);
    if (headed || times > 0) own++;
    else if (count(title, pattern) === 0) return 0;
    if (headed) inHeading++;
    const whole = headed && count(heading, new RegExp(pattern.source + END, 'giu')) > 0;
    sum += (headed ? 10 : 0) + (whole ? 10 : 0) + Math.log2(1 + times);
  }
  // A title alone would list each section of its document.
  if (own === 0) return 0;
  if (inHeading === patterns.length) sum += 100;
  if (heading.toLowerCase() === phrase) sum += 50;
  if (text.toLowerCase().includes(phrase)) sum += 3;
  return sum;
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

/** The text around its first match, cut at words. */
function excerpt(text: string, patterns: readonly RegExp[]): string {
  const at = Math.min(...patterns.map((p) => text.search(p)).filter((i) => i >= 0), text.length);
  const first = at === text.length ? 0 : at;
  const start = first <= LEAD ? 0 : text.indexOf(' ', first - LEAD) + 1;
  const end = start + EXCERPT >= text.length ? text.length : text.lastIndexOf(' ', start + EXCERPT);
  const cut = text.slice(start, end > first ? end : start + EXCERPT);
  return `${start > 0 ? '… ' : ''}${cut}${end < text.length ? ' …' : ''}`;
}

function mark(text: string, patterns: readonly RegExp[]): Marked {
  const spans = patterns
    .flatMap((p) => [...text.matchAll(p)].map((m) => [m.index, m.index + m[0].length] as const))
    .sort(([a, x], [b, y]) => a - b || y - x);
  const parts: { text: string; hit: boolean }[] = [];
  let at = 0;
  for (const [from, to] of spans) {
    if (from < at) continue;
    if (from > at) parts.push({ text: text.slice(at, from), hit: false });
    parts.push({ text: text.slice(from, to), hit: true });
    at = to;
  }
  if (at < text.length) parts.push({ text: text.slice(at), hit: false });
  return parts;
}
