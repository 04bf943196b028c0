/**
 * Pages register here, and nowhere else: a hash, a key after `g`, a title and a component. A page that is not in the table has
 * no link anywhere. `#/docs/architecture` gives the page `docs` the rest `architecture`.
 */
import type { ComponentType } from 'react';
import { LazyClaims } from './claims';
import { LazyDecode } from './decode';
import { LazyDocs } from './docs';
import { ExplainPage } from './explain/ExplainPage';
import { LabPage } from './lab/LabPage';
import { LazyRuns } from './runs';

export interface PageProps {
  /** What follows the page's name in the hash. */
  readonly rest: string;
}

export interface Page {
  readonly path: string;
  readonly title: string;
  /** `g` then this letter. */
  readonly key: string;
  readonly component: ComponentType<PageProps>;
}

export const pages: readonly Page[] = [
  { path: 'lab', title: 'Lab', key: 'l', component: LabPage },
  { path: 'runs', title: 'Runs', key: 'r', component: LazyRuns },
  { path: 'decode', title: 'Decode', key: 'k', component: LazyDecode },
  { path: 'explain', title: 'Explain', key: 'e', component: ExplainPage },
  { path: 'claims', title: 'Claims', key: 'c', component: LazyClaims },
  { path: 'docs', title: 'Docs', key: 'd', component: LazyDocs },
];

export interface Location {
  readonly page: Page;
  readonly rest: string;
  readonly query: URLSearchParams;
}

/** An unknown or empty hash is the first page. Queries count from before and after the hash; the latter wins. */
export function parseLocation(hash: string, search: string, table: readonly Page[] = pages): Location {
  const [path = '', hashQuery = ''] = hash.replace(/^#\/?/, '').split('?');
  const [name, ...rest] = path.split('/');
  const query = new URLSearchParams(search);
  for (const [key, value] of new URLSearchParams(hashQuery)) query.set(key, value);
  return { page: table.find((p) => p.path === name) ?? table[0], rest: rest.join('/'), query };
}
