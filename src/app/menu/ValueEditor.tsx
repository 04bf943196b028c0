/** Typing a value in its row: checked against type and range at every key, taken by Enter, left by Esc. */
import { useId, useRef, useState, type ReactNode } from 'react';
import { validate, type Config, type Sym } from '@/kconfig';
import { useMenu, useWorkbench } from '../context';
import { closePane } from '../stores/menu/cursor';
import { commit } from '../stores/menu/edit';
import { say } from '../stores/menu/model';
import { limitsText, promptOf, shownUnit, typeText } from './words';

export function ValueEditor({ symbol }: { readonly symbol: Sym }): ReactNode {
  const { menu: store } = useWorkbench();
  const config = useMenu((m) => m.version.config);
  const [text, setText] = useState(() => config.value(symbol));
  const [refused, setRefused] = useState<string | null>(null);
  const done = useRef(false);
  const hint = useId();
  const problem = validate(config, symbol, text) ?? refused;

  const take = (): void => {
    if (problem !== null) return;
    done.current = true;
    store.act((menu) => {
      const result = commit(menu, symbol, text);
      if (result.problem !== null) {
        done.current = false;
        setRefused(result.problem);
      }
      return { ...result.menu, focus: result.menu.focus + 1 };
    });
  };
  const drop = (): void => {
    done.current = true;
    store.act(closePane);
  };
  /** A press elsewhere takes a good value and drops a bad one. */
  const onBlur = (): void => {
    if (done.current) return;
    done.current = true;
    store.act((menu) => {
      if (menu.editing !== symbol) return menu;
      if (problem === null) return commit(menu, symbol, text).menu;
      return say({ ...menu, editing: null }, `${symbol.name} stays ${config.value(symbol)}: ${problem}.`);
    });
  };
  return (
    <span className="menu-edit">
      <input
        className="num"
        autoFocus
        onFocus={(event) => event.target.select()}
        aria-label={promptOf(symbol)}
        aria-invalid={problem !== null}
        aria-describedby={hint}
        autoComplete="off"
        spellCheck={false}
        inputMode={needsDigitsOnly(config, symbol) ? 'numeric' : 'text'}
        value={text}
        onChange={(event) => {
          setRefused(null);
          setText(event.target.value);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' && event.key !== 'Escape') return;
          event.preventDefault();
          event.stopPropagation();
          if (event.key === 'Enter') take();
          else drop();
        }}
        onBlur={onBlur}
      />
      <span id={hint} className={problem === null ? 'menu-hint muted' : 'menu-hint danger-text'} aria-live="polite">
        {problem ?? [typeText(config, symbol), limitsText(config, symbol), shownUnit(symbol)].filter(Boolean).join(' ')}
      </span>
    </span>
  );
}

/** A phone's number pad has no sign and no exponent. */
function needsDigitsOnly(config: Config, symbol: Sym): boolean {
  const range = symbol.type === 'int' ? config.activeRange(symbol) : null;
  return range !== null && range.low >= 0n;
}
