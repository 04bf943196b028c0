/** The page's keys. The help dialog lists this table, so it cannot leave one out. */
import type { Workbench } from '../context';
import type { Page } from '../routes';
import { closePane, search } from '../stores/menu/cursor';
import type { Menu } from '../stores/menu/model';
import { isActive } from '../stores/run';
import type { Side } from '../stores/ui';
import type { Binding } from './keys';

export function shellBindings({ run, ui, session, link, menu }: Workbench, pages: readonly Page[]): Binding[] {
  const state = (): string => run.getState().state;
  const toggle = (side: Side): void =>
    ui.setState(({ collapsed }) => ({ collapsed: { ...collapsed, [side]: !collapsed[side] } }));
  /** The menu may be folded, or on another tab. */
  const openMenu = (step: (at: Menu) => Menu): void => {
    ui.setState(({ collapsed }) => ({ tab: 'menu', collapsed: { ...collapsed, left: false } }));
    menu.act(step);
  };
  return [
    {
      keys: ['r'],
      title: 'Run, or resume a paused run',
      group: 'Run',
      run: () => {
        if (state() === 'paused') void session.resume();
        else if (!isActive(run.getState().state)) void session.run();
      },
    },
    {
      keys: ['p'],
      title: 'Pause or resume',
      group: 'Run',
      run: () => {
        if (state() === 'running') void session.pause();
        else if (state() === 'paused') void session.resume();
      },
    },
    { keys: ['s'], title: 'Sample text from the model', group: 'Run', run: () => void session.sample() },
    {
      keys: ['/'],
      title: 'Search the menu; on a page with a search of its own, the page',
      group: 'Menu',
      run: () => {
        const own = document.querySelector<HTMLInputElement>('main input[data-page-search]');
        if (own === null) openMenu((at) => search(at, ''));
        else own.select();
        own?.focus();
      },
    },
    { keys: ['m'], title: 'Go to the menu; its own keys are below', group: 'Menu', run: () => openMenu(closePane) },
    { keys: ['['], title: 'Fold or unfold the left panel', group: 'Panels', run: () => toggle('left') },
    { keys: [']'], title: 'Fold or unfold the right panel', group: 'Panels', run: () => toggle('right') },
    {
      keys: ['a'],
      title: 'Show the whole run in all plots',
      group: 'Plots',
      run: () => link.setState({ window: null }),
    },
    { keys: ['?'], title: 'Keys and help', group: 'Page', run: () => ui.setState({ helpOpen: true }) },
    ...(pages.length > 1
      ? pages.map((page) => ({
          keys: ['g', page.key],
          title: `Go to ${page.title}`,
          group: 'Page',
          run: () => void (location.hash = `#/${page.path}`),
        }))
      : []),
  ];
}
