/** Search in names and prompts at every key; Enter goes there, Esc goes back. */
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { isVisible, type Config, type SearchHit } from '@/kconfig';
import { useMenu, useWorkbench } from '../context';
import { closePane, jump, moveHit, PAGE, search } from '../stores/menu/cursor';
import type { Pane } from '../stores/menu/model';
import { shownValue } from './words';

type SearchPane = Pane & { readonly kind: 'search' };

export function SearchBox({ pane }: { readonly pane: SearchPane }): ReactNode {
  const { menu: store } = useWorkbench();
  const { query, hits, total, problem, cursor } = pane;
  const go = (hit: SearchHit | undefined): void => {
    if (hit) store.act((menu) => jump(menu, hit.node));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -PAGE, PageDown: PAGE }[event.key];
    if (by !== undefined) store.act((menu) => moveHit(menu, by));
    else if (event.key === 'Enter') go(hits[cursor]);
    else if (event.key === 'Escape') store.act(closePane);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="menu-search">
      <div className="row">
        <input
          autoFocus
          type="text"
          className="grow"
          role="combobox"
          aria-label="Search options"
          aria-expanded={hits.length > 0}
          aria-controls="menu-hits"
          aria-autocomplete="list"
          aria-activedescendant={hits.length > 0 ? `menu-hit-${cursor}` : undefined}
          aria-invalid={problem !== null}
          placeholder="Words or patterns; all must match"
          autoComplete="off"
          spellCheck={false}
          value={query}
          onChange={(event) => store.act((menu) => search(menu, event.target.value))}
          onKeyDown={onKeyDown}
        />
        <button type="button" className="quiet" onClick={() => store.act(closePane)}>
          Close
        </button>
      </div>
      <p className={problem === null ? 'muted' : 'danger-text'} role="status">
        {problem ?? (total === 0 ? 'Nothing matches.' : `${total} ${total === 1 ? 'match' : 'matches'}`)}
      </p>
      <Hits pane={pane} onGo={go} />
    </div>
  );
}

interface HitsProps {
  readonly pane: SearchPane;
  readonly onGo: (hit: SearchHit) => void;
}

function Hits({ pane: { hits, cursor, query }, onGo }: HitsProps): ReactNode {
  const config = useMenu((m) => m.version.config);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [cursor, query]);
  return (
    <ul ref={list} id="menu-hits" role="listbox" aria-label="Matches" className="menu-hits">
      {hits.map((hit, i) => (
        <li
          key={`${hit.node.location.file}:${hit.node.location.line} ${hit.name ?? ''}`}
          id={`menu-hit-${i}`}
          role="option"
          aria-selected={i === cursor}
          data-dim={!isVisible(config, hit.node)}
          onClick={() => onGo(hit)}
        >
          <Hit hit={hit} config={config} />
        </li>
      ))}
    </ul>
  );
}

function Hit({ hit: { node, name, prompt }, config }: { readonly hit: SearchHit; readonly config: Config }): ReactNode {
  return (
    <>
      <span className="hit-prompt">{prompt ?? name}</span>
      {node.kind === 'symbol' ? (
        <span className="num muted hit-name">
          {name} = {shownValue(config.value(node.item))}
          {isVisible(config, node) ? '' : ', hidden'}
        </span>
      ) : (
        <span className="muted hit-name">{node.kind}</span>
      )}
    </>
  );
}
