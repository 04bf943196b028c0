/** Keeps the address of the Lab in step with the menu: a reload, a bookmark or a copied address opens what is in sight. */
import { queryOf, type MenuStoreApi } from './stores/menu';
import { withoutConfig } from './stores/menu/link';
import type { Menu } from './stores/menu/model';

/** Browsers refuse more than about a hundred history calls in half a minute. */
const WRITE_MS = 400;

export function keepInAddress(store: MenuStoreApi): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  store.subscribe(({ menu: now }, { menu: before }) => {
    if (now === null || before === null || now.version === before.version) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const { menu } = store.getState();
      if (menu !== null && isLab(location.hash)) {
        history.replaceState(history.state, '', addressOf(menu));
      }
    }, WRITE_MS);
  });
}

/** The page table imports the Lab and with it this file, so the name stands here again. */
const isLab = (hash: string): boolean => ['', 'lab'].includes(hash.replace(/^#\/?/, '').split(/[?/]/)[0]);

/** The address of this page with the menu's configuration in it. */
export function addressOf(menu: Menu): string {
  const url = new URL(location.href);
  url.search = withoutConfig(url.searchParams).toString();
  const kept = withoutConfig(new URLSearchParams(url.hash.split('?')[1] ?? ''));
  url.hash = `#/lab?${new URLSearchParams([...queryOf(menu), ...kept])}`;
  return url.href;
}
