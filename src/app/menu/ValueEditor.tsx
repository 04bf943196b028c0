/** Typing a value in its row: checked against type and range at every key, taken by Enter, left by Esc. */
import { useId, useRef, useState, type ReactNode } from 'react';
import { validate, type Config, type Sym } from '@/kconfig';
import { useMenu, useWorkbench } from '../context';
import { closePane } from '../stores/menu/cursor';
import { commit } from '../stores/menu/edit';
import { say } from '../stores/menu/model';
import { limitsText, promptOf, shownUnit, typeText } from './words';

export function ValueEditor({ symbol }: { readonly symbol: Sym }): ReactNode {
  const config = useMenu((m) => m.version.config);
  const { text, problem, setText, take, drop, leave } = useTyping(config, symbol);
  const hint = useId();
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
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' && event.key !== 'Escape') return;
          event.preventDefault();
          event.stopPropagation();
          if (event.key === 'Enter') take();
          else drop();
        }}
        onBlur={leave}
      />
      <span id={hint} className={problem === null ? 'menu-hint muted' : 'menu-hint danger-text'} aria-live="polite">
        {problem ?? [typeText(config, symbol), limitsText(config, symbol), shownUnit(symbol)].filter(Boolean).join(' ')}
      </span>
    </span>
  );
}

interface Typing {
  readonly text: string;
  /** Why the text cannot be taken. */
  readonly problem: string | null;
  readonly setText: (text: string) => void;
  readonly take: () => void;
  readonly drop: () => void;
  /** A press elsewhere takes a good value and drops a bad one. */
  readonly leave: () => void;
}

function useTyping(config: Config, symbol: Sym): Typing {
  const { menu: store } = useWorkbench();
  const [text, setText] = useState(() => config.value(symbol));
  const done = useRef(false);
  const problem = validate(config, symbol, text);
  return {
    text,
    problem,
    setText,
    take() {
      if (problem !== null) return;
      done.current = true;
      store.act((menu) => {
        const next = commit(menu, symbol, text).menu;
        return { ...next, focus: next.focus + 1 };
      });
    },
    drop() {
      done.current = true;
      store.act(closePane);
    },
    leave() {
      if (done.current) return;
      done.current = true;
      store.act((menu) => {
        if (menu.editing !== symbol) return menu;
        if (problem === null) return commit(menu, symbol, text).menu;
        return say({ ...menu, editing: null }, `${symbol.name} stays ${config.value(symbol)}: ${problem}.`);
      });
    },
  };
}

/** A phone's number pad has no sign and no exponent. */
function needsDigitsOnly(config: Config, symbol: Sym): boolean {
  const range = symbol.type === 'int' ? config.activeRange(symbol) : null;
  return range !== null && range.low >= 0n;
}
