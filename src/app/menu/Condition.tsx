/** A condition split at its top operator, each part with its value, and every operand with a way to it. */
import type { ReactNode } from 'react';
import { TRI_TEXT, type Blocker, type ConditionInfo, type Operand } from '@/kconfig';
import { JumpButton } from './JumpButton';
import { shownValue } from './words';

export function Condition({ info }: { readonly info: ConditionInfo }): ReactNode {
  const joint = info.operator === 'or' ? '||' : '&&';
  return (
    <div className="condition">
      <ul>
        {info.parts.map((part, i) => (
          <li key={part.text} data-value={TRI_TEXT[part.value]}>
            <code>
              {i > 0 && <span className="muted">{joint} </span>}
              {part.text}
            </code>
            <Truth value={part.value} />
          </li>
        ))}
      </ul>
      <Operands operands={info.operands} />
    </div>
  );
}

/** n, m or y, in words that need no colour. */
export function Truth({ value }: { readonly value: 0 | 1 | 2 }): ReactNode {
  return <span className={`truth truth-${TRI_TEXT[value]}`}>is {TRI_TEXT[value]}</span>;
}

export function Operands({ operands }: { readonly operands: readonly Operand[] }): ReactNode {
  const known = operands.filter(({ item }) => item.kind === 'choice' || (!item.constant && item.nodes.length > 0));
  if (known.length === 0) return null;
  return (
    <p className="row jumps">
      {known.map(({ item, text, value }) => (
        <JumpButton key={text} item={item} text={`${text} = ${shownValue(value)}`} />
      ))}
    </p>
  );
}

/** The smallest set of conditions that would have to change. */
export function Blockers({ blockers }: { readonly blockers: readonly Blocker[] }): ReactNode {
  return (
    <ul className="blockers">
      {blockers.map((blocker) => (
        <li key={blocker.text}>
          <code>{blocker.text}</code> <Truth value={blocker.value} />; it has to be {blocker.needed ? 'true' : 'false'}.
          <Operands operands={blocker.operands} />
        </li>
      ))}
    </ul>
  );
}
