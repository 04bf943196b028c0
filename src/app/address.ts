/** Keeps the address of the Lab in step with the menu, both ways: a reload, a bookmark or a link opens what was in sight. */
import { queryOf, type MenuStoreApi } from './stores/menu';
import { applyStart, readStart, withoutConfig, type Start } from './stores/menu/link';
import { loadPreset } from './stores/menu/load';
import type { Menu } from './stores/menu/model';

/** Browsers refuse more than about a hundred history calls in half a minute. */
const WRITE_MS = 400;

/** The page table imports the Lab and with it this file, so the name stands here again. */
const isLab = (hash: string): boolean => ['', 'lab'].includes(hash.replace(/^#\/?/, '').split(/[?/]/)[0]);

const hashQuery = (): URLSearchParams => new URLSearchParams(location.hash.split('?')[1] ?? '');

export function keepInAddress(store: MenuStoreApi): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (): void => {
    const { menu } = store.getState();
    if (menu !== null && isLab(location.hash)) history.replaceState(history.state, '', addressOf(menu));
  };
  store.subscribe(({ menu: now }, { menu: before }) => {
    if (now === null || before === null || now.version === before.version) return;
    clearTimeout(timer);
    timer = setTimeout(write, WRITE_MS);
  });
  // A link followed in the open page; back from another page the address has nothing, and gets the configuration again.
  addEventListener('hashchange', () => {
    const { menu } = store.getState();
    if (menu === null || !isLab(location.hash)) return;
    const start = readStart(hashQuery());
    if (isEmpty(start)) {
      if (menu.undo.length > 0 || menu.changes.count > 0) write();
    } else if (menu.presets.some(({ name }) => name === (start.preset ?? menu.version.preset))) {
      store.act((at) => applyStart(loadPreset(at, start.preset ?? at.version.preset), start));
    }
  });
}

const isEmpty = ({ preset, text, assignments, problem }: Start): boolean =>
  preset === null && text === null && problem === null && assignments.length === 0;

/** The address of this page with the menu's configuration in it. */
export function addressOf(menu: Menu): string {
  const url = new URL(location.href);
  url.search = withoutConfig(url.searchParams).toString();
  const kept = withoutConfig(hashQuery());
  url.hash = `#/lab?${new URLSearchParams([...queryOf(menu), ...kept])}`;
  return url.href;
}
