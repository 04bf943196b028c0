/** Search as one types: every word is a case-insensitive pattern, and all must match a name or a prompt. */
import type { MenuNode, Tree } from './model';
import { compareText } from './text';

/** What is found, in the order symbols, choices, menus, comments. */
export interface SearchHit {
  readonly node: MenuNode;
  readonly name: string | null;
  readonly prompt: string | null;
}

export type SearchResult =
  | { readonly ok: true; readonly hits: readonly SearchHit[]; readonly total: number }
  | { readonly ok: false; readonly reason: string };

interface Entry extends SearchHit {
  readonly text: string;
}

const ORDER = { symbol: 0, choice: 1, menu: 2, comment: 3, if: 4 } as const;
const PLAIN = /^[\w -]*$/;

/** The searchable names and prompts of a tree; build once, query at every keystroke. */
export class SearchIndex {
  readonly #entries: readonly Entry[];

  constructor(tree: Tree) {
    const entries: Entry[] = [];
    for (const sym of tree.defined) {
      const prompts = sym.nodes.flatMap((node) => node.prompt?.text ?? []);
      const node = sym.nodes.find((place) => place.prompt !== null) ?? sym.nodes[0];
      entries.push(entry(node, sym.name, prompts));
    }
    for (const choice of tree.choices) {
      const prompts = choice.nodes.flatMap((node) => node.prompt?.text ?? []);
      const node = choice.nodes.find((place) => place.prompt !== null) ?? choice.nodes[0];
      entries.push(entry(node, choice.name, prompts));
    }
    for (const node of [...tree.menus, ...tree.comments]) entries.push(entry(node, null, [node.prompt?.text ?? '']));
    const key = (hit: SearchHit): string => (hit.node.kind === 'symbol' ? hit.name : hit.prompt) ?? '';
    entries.sort((a, b) => ORDER[a.node.kind] - ORDER[b.node.kind] || compareText(key(a), key(b)));
    this.#entries = entries;
  }

  /**
   * Finds what matches all words.
   * @param limit stop collecting after so many hits; `total` still counts all
   */
  search(query: string, limit = 500): SearchResult {
    const tests: ((text: string) => boolean)[] = [];
    for (const word of query.split(/\s+/).filter((part) => part !== '')) {
      if (PLAIN.test(word)) {
        const lower = word.toLowerCase();
        tests.push((text) => text.includes(lower));
        continue;
      }
      try {
        const pattern = new RegExp(word, 'im');
        tests.push((text) => pattern.test(text));
      } catch (error) {
        return { ok: false, reason: error instanceof Error ? error.message : String(error) };
      }
    }
    const hits: SearchHit[] = [];
    let total = 0;
    for (const candidate of this.#entries) {
      if (!tests.every((test) => test(candidate.text))) continue;
      total++;
      if (hits.length < limit) hits.push(candidate);
    }
    return { ok: true, hits, total };
  }
}

/** One line for the name and one for each prompt, so that `^` and `$` work on each. */
function entry(node: MenuNode, name: string | null, prompts: readonly string[]): Entry {
  const text = [...(name === null ? [] : [name]), ...prompts].join('\n').toLowerCase();
  return { node, name, prompt: prompts[0] ?? null, text };
}
