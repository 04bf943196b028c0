/** "Why can't I change this?" and "what would change if I flip it?". */
import { useState, type ReactNode } from 'react';
import {
  conditionInfo,
  explain,
  isLogical,
  TRI_TEXT,
  validate,
  whatIf,
  type Choice,
  type Config,
  type MenuNode,
  type Obstacle,
  type Sym,
} from '@/kconfig';
import { Blockers, Condition } from './Condition';
import { DiffTable } from './DiffTable';
import { JumpButton } from './JumpButton';
import { promptOf, shownValue } from './words';

export function Why({ config, node }: { readonly config: Config; readonly node: MenuNode }): ReactNode {
  switch (node.kind) {
    case 'symbol':
      return <SymbolWhy config={config} symbol={node.item} />;
    case 'choice':
      return <ChoiceWhy config={config} choice={node.item} node={node} />;
    case 'menu':
    case 'comment':
    case 'if': {
      const info = conditionInfo(config, node.prompt?.cond ?? node.dep);
      return info === null ? null : (
        <>
          <h3>Shown while this holds</h3>
          <Condition info={info} />
        </>
      );
    }
  }
}

function SymbolWhy({ config, symbol }: { readonly config: Config; readonly symbol: Sym }): ReactNode {
  const { changeable, obstacles } = explain(config, symbol);
  return (
    <>
      {!changeable && <h3>Why can&rsquo;t I change this?</h3>}
      {obstacles.map((obstacle) => (
        <ObstacleText key={obstacle.kind} config={config} obstacle={obstacle} />
      ))}
      {!changeable && obstacles.length === 0 && <p>Its dependencies leave only the value {config.value(symbol)}.</p>}
      {changeable && <Trials config={config} symbol={symbol} />}
    </>
  );
}

function ObstacleText({ config, obstacle }: { readonly config: Config; readonly obstacle: Obstacle }): ReactNode {
  switch (obstacle.kind) {
    case 'no-type':
      return <p>It has no type.</p>;
    case 'no-prompt':
      return <p>It has no prompt: its value follows from others.</p>;
    case 'selected':
      return (
        <div>
          <p>It is held at {TRI_TEXT[obstacle.strength]} or above, because it is selected by:</p>
          <p className="row jumps">
            {obstacle.by.map((sym) => (
              <JumpButton key={sym.name} item={sym} text={`${sym.name} = ${config.value(sym)}`} />
            ))}
          </p>
        </div>
      );
    case 'hidden':
    case 'limited':
      return (
        <div>
          <p>
            {obstacle.kind === 'hidden'
              ? 'It is hidden. To bring it up, change:'
              : 'It cannot be y. To allow it, change:'}
          </p>
          <Blockers blockers={obstacle.blockers} />
        </div>
      );
  }
}

/** Members of a choice that could be picked instead. */
function ChoiceWhy({
  config,
  choice,
  node,
}: {
  readonly config: Config;
  readonly choice: Choice;
  readonly node: MenuNode;
}): ReactNode {
  const picked = config.selection(choice);
  const others = choice.members.filter((sym) => sym !== picked && config.visibility(sym) > 0);
  const [wanted, setWanted] = useState<Sym | null>(others[0] ?? null);
  if (config.visibility(choice) === 0) {
    const info = conditionInfo(config, node.prompt?.cond ?? node.dep);
    return info === null ? null : (
      <>
        <h3>Shown while this holds</h3>
        <Condition info={info} />
      </>
    );
  }
  if (wanted === null) return null;
  return (
    <>
      <h3>What would change?</h3>
      <label className="field">
        <span>If it were</span>
        <select
          value={wanted.name}
          onChange={(event) => setWanted(others.find((sym) => sym.name === event.target.value) ?? null)}
        >
          {others.map((sym) => (
            <option key={sym.name} value={sym.name}>
              {promptOf(sym)}
            </option>
          ))}
        </select>
      </label>
      <Trial config={config} symbol={wanted} value="y" />
    </>
  );
}

function Trials({ config, symbol }: { readonly config: Config; readonly symbol: Sym }): ReactNode {
  if (!isLogical(symbol.type)) return <TypedTrial config={config} symbol={symbol} />;
  const values = symbol.choice === null ? config.assignable(symbol) : ([2] as const);
  const others = values.filter((value) => value !== config.tri(symbol));
  return (
    <>
      {others.length > 0 && <h3>What would change?</h3>}
      {others.map((value) => (
        <div key={value}>
          <p>If it were {TRI_TEXT[value]}:</p>
          <Trial config={config} symbol={symbol} value={TRI_TEXT[value]} />
        </div>
      ))}
    </>
  );
}

function TypedTrial({ config, symbol }: { readonly config: Config; readonly symbol: Sym }): ReactNode {
  const [text, setText] = useState(config.value(symbol));
  const problem = validate(config, symbol, text);
  return (
    <>
      <h3>What would change?</h3>
      <label className="field">
        <span>If it were</span>
        <input
          className="num"
          value={text}
          aria-invalid={problem !== null}
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      {problem !== null ? (
        <p className="danger-text">{problem}</p>
      ) : (
        text !== config.value(symbol) && <Trial config={config} symbol={symbol} value={text} />
      )}
    </>
  );
}

function Trial({
  config,
  symbol,
  value,
}: {
  readonly config: Config;
  readonly symbol: Sym;
  readonly value: string;
}): ReactNode {
  const { result, changes: all, shown, hidden, overridden } = whatIf(config, symbol, value);
  const changes = all.filter(({ before, after }) => before.value !== after.value);
  if (!result.ok) return <p className="danger-text">{result.reason}</p>;
  const names = (symbols: readonly Sym[]): string => symbols.map((sym) => sym.name).join(', ');
  return (
    <>
      {changes.length === 0 ? (
        <p className="muted">Nothing would change.</p>
      ) : (
        <DiffTable entries={changes} before="Now" after="Then" />
      )}
      {shown.length > 0 && <p>It would bring up {names(shown)}.</p>}
      {hidden.length > 0 && <p>It would hide {names(hidden)}.</p>}
      {overridden !== null && (
        <p>
          It would not become {shownValue(value)}: {overridden}.
        </p>
      )}
    </>
  );
}
