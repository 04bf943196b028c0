/** The menu's keys, in the idiom of menuconfig. The help dialog lists this table, so it cannot leave one out. */
import type { MenuStoreApi } from '../stores/menu';
import { leave, move, moveTo, PAGE, search, showInfo, showPane, toggleShowAll } from '../stores/menu/cursor';
import { activate, flip, redo, setTo, undo } from '../stores/menu/edit';
import { enter, startEdit } from '../stores/menu/cursor';
import { rowsOf, say, type Menu } from '../stores/menu/model';
import { downloadDefconfig } from './files';

export interface MenuKey {
  /** `Ctrl-z` stands for Control or Command with z; letters are as typed. */
  readonly keys: readonly string[];
  readonly title: string;
  readonly run: (store: MenuStoreApi) => void;
}

const key = (keys: readonly string[], title: string, step: (menu: Menu) => Menu): MenuKey => ({
  keys,
  title,
  run: ({ act }) => act(step),
});

export const MENU_KEYS: readonly MenuKey[] = [
  key(['ArrowUp', 'k'], 'Row up', (menu) => move(menu, -1)),
  key(['ArrowDown', 'j'], 'Row down', (menu) => move(menu, 1)),
  key(['PageUp'], 'Ten rows up', (menu) => move(menu, -PAGE)),
  key(['PageDown'], 'Ten rows down', (menu) => move(menu, PAGE)),
  key(['Home', 'g'], 'First row', (menu) => moveTo(menu, 0)),
  key(['End', 'G'], 'Last row', (menu) => moveTo(menu, rowsOf(menu).length - 1)),
  key(['Enter'], 'Open, edit, pick or toggle', activate),
  key(['ArrowRight'], 'Open or edit', (menu) => {
    const entered = enter(menu);
    return entered === menu ? startEdit(menu) : entered;
  }),
  key(['Escape', 'ArrowLeft', 'Backspace', 'h'], 'Back to the menu above', leave),
  key([' '], 'Next value', flip),
  key(['y'], 'Set to y', (menu) => setTo(menu, 2)),
  key(['m'], 'Set to m', (menu) => setTo(menu, 1)),
  key(['n'], 'Set to n', (menu) => setTo(menu, 0)),
  key(['/'], 'Search', (menu) => search(menu, '')),
  key(['?'], 'Everything about the row', (menu) => showInfo(menu)),
  key(['w'], 'Why it cannot be changed; what a change would do', (menu) => showInfo(menu, 'why')),
  key(['u', 'Ctrl-z'], 'Undo', undo),
  key(['U', 'Ctrl-y', 'Ctrl-Z'], 'Redo', redo),
  key(['z', 'a', 'A'], 'Show or leave out hidden options', toggleShowAll),
  key(['c', 'C'], 'Show symbol names', (menu) => ({ ...menu, showNames: !menu.showNames })),
  key(['f', 'F'], 'Show or fold the help', (menu) => ({ ...menu, showHelp: !menu.showHelp })),
  key(['s', 'S'], 'Save', (menu) => showPane(menu, { kind: 'files', part: 'save' })),
  key(['l', 'o', 'O'], 'Load', (menu) => showPane(menu, { kind: 'files', part: 'load' })),
  {
    keys: ['d', 'D'],
    title: 'Download the minimal configuration',
    run: ({ act }) => act((menu) => say(menu, `Downloaded ${downloadDefconfig(menu)}.`)),
  },
  key(['v'], 'Changes against the preset or another configuration', (menu) => showPane(menu, { kind: 'changes' })),
  key(['e'], 'Presets', (menu) => showPane(menu, { kind: 'presets' })),
];

const byKey = new Map(MENU_KEYS.flatMap((entry) => entry.keys.map((name) => [name, entry] as const)));

interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** The entry for a pressed key, or undefined: then the page's own keys have it. */
export function menuKeyOf({ key: name, ctrlKey, metaKey, altKey }: Pressed): MenuKey | undefined {
  if (altKey) return undefined;
  return byKey.get(ctrlKey || metaKey ? `Ctrl-${name}` : name);
}

const NAMES: Readonly<Record<string, string>> = {
  ' ': 'Space',
  ArrowUp: '\u2191',
  ArrowDown: '\u2193',
  ArrowLeft: '\u2190',
  ArrowRight: '\u2192',
  Escape: 'Esc',
  'Ctrl-Z': 'Ctrl-Shift-z',
};

/** A key as the help shows it. */
export const keyName = (name: string): string => NAMES[name] ?? name;
