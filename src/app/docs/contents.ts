/** Order of the documents in the navigation. One that stands in no group is listed last, so a new file is never lost. */
import { documents } from 'virtual:docs';

export type Entry = (typeof documents)[number];

export const FIRST = 'quick-start';

const GROUPS: readonly (readonly [name: string, slugs: readonly string[]])[] = [
  ['Start', [FIRST, 'architecture', 'kconfig', 'runs']],
  ['Attention', ['attention', 'reciprocal-attention', 'output-gate', 'kvsplice', 'kv-tying', 'ratio', 'fisher-trace']],
  ['Research', ['optimizers', 'pruning', 'fisher-adam', 'memory-tiering', 'bandwidth', 'decode', 'statistics']],
  ['Reference', ['embed', 'deploy', 'measurements', 'provenance', 'kconfig-oracles']],
];

export const contents: readonly (readonly [name: string, entries: readonly Entry[]])[] = [
  ...GROUPS.map(([name, slugs]) => [name, slugs.flatMap((s) => documents.find((d) => d.slug === s) ?? [])] as const),
  ['More', documents.filter((d) => !GROUPS.some(([, slugs]) => slugs.includes(d.slug)))] as const,
].filter(([, entries]) => entries.length > 0);

export const find = (slug: string): Entry | undefined => documents.find((d) => d.slug === slug);
