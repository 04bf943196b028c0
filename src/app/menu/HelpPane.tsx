/** Below the rows: what the chosen row is, what it takes, where its value comes from, and why it may be fixed. */
import type { ReactNode } from 'react';
import { explain, isChangeable, originOf, originText, plainHelp, type MenuNode, type Sym } from '@/kconfig';
import { useMenu, useWorkbench } from '../context';
import { showInfo } from '../stores/menu/cursor';
import { revert } from '../stores/menu/edit';
import { chosenNode, type Menu } from '../stores/menu/model';
import { limitsText, shownUnit, shownValue, typeText, valueOf } from './words';

export function HelpPane(): ReactNode {
  const { menu: store } = useWorkbench();
  const menu = useMenu((m) => m);
  const node = chosenNode(menu);
  if (node === null || !menu.showHelp) return null;
  return (
    <div className="menu-help">
      {node.kind === 'symbol' && <SymbolLine menu={menu} symbol={node.item} />}
      <HelpText node={node} />
      <div className="row">
        <button type="button" className="quiet" title="Info (?)" onClick={() => store.act((m) => showInfo(m))}>
          Info
        </button>
        {hasWhy(menu, node) && (
          <button type="button" className="quiet" title="Why (w)" onClick={() => store.act((m) => showInfo(m, 'why'))}>
            {node.kind === 'symbol' && !isChangeable(menu.version.config, node)
              ? 'Why can\u2019t I change this?'
              : 'What would change?'}
          </button>
        )}
        <Revert menu={menu} node={node} />
      </div>
    </div>
  );
}

const hasWhy = (menu: Menu, node: MenuNode): boolean =>
  node.kind === 'symbol' || (node.kind === 'choice' && menu.version.config.visibility(node.item) > 0);

function SymbolLine({ menu, symbol }: { readonly menu: Menu; readonly symbol: Sym }): ReactNode {
  const { config } = menu.version;
  const { changeable } = explain(config, symbol);
  const limits = limitsText(config, symbol);
  return (
    <>
      <p className="num menu-symbol">{symbol.name}</p>
      <p className="muted">
        {[typeText(config, symbol), limits, shownUnit(symbol)].filter(Boolean).join(' ')};{' '}
        {originText(originOf(config, symbol))}
        {changeable ? '' : '; cannot be changed now'}
      </p>
    </>
  );
}

/** Paragraphs of a help text; its line breaks are those of an 80-column file. */
export function HelpText({ node }: { readonly node: MenuNode }): ReactNode {
  if (node.help === null) return null;
  const paragraphs = plainHelp(node.help)
    .split(/\n\s*\n/)
    .filter((text) => text.trim() !== '');
  return (
    <>
      {paragraphs.map((text) => (
        <p key={text}>{text}</p>
      ))}
    </>
  );
}

function Revert({ menu, node }: { readonly menu: Menu; readonly node: MenuNode }): ReactNode {
  const { menu: store } = useWorkbench();
  if ((node.kind !== 'symbol' && node.kind !== 'choice') || !menu.changes.nodes.has(node)) return null;
  const { item } = node;
  const symbol = item.kind === 'choice' ? item.members[0] : item;
  const own = item.kind === 'choice' || menu.changes.symbols.has(item);
  if (!own || symbol === undefined) return null;
  return (
    <button type="button" className="quiet" onClick={() => store.act((m) => revert(m, symbol))}>
      Back to {shownValue(valueOf(menu.version.base, item))}
    </button>
  );
}
