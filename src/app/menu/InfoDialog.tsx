/** Everything about a row: value and where it comes from, conditions with the values of all operands, relations, reasons. */
import type { ReactNode } from 'react';
import {
  conditionInfo,
  locationText,
  originText,
  symbolInfo,
  type ConditionInfo,
  type Config,
  type MenuNode,
  type Sym,
  type SymbolInfo,
} from '@/kconfig';
import { useMenu } from '../context';
import { Condition, Truth } from './Condition';
import { HelpText } from './HelpPane';
import { JumpButton } from './JumpButton';
import { MenuDialog } from './MenuDialog';
import { Why } from './Why';
import { shownValue } from './words';

interface InfoDialogProps {
  readonly node: MenuNode;
  readonly part: 'all' | 'why';
}

export function InfoDialog({ node, part }: InfoDialogProps): ReactNode {
  const config = useMenu((menu) => menu.version.config);
  const title = node.prompt?.text ?? (node.kind === 'symbol' ? node.item.name : node.kind);
  return (
    <MenuDialog title={title}>
      {part === 'all' && (
        <>
          <HelpText node={node} />
          {node.kind === 'symbol' ? (
            <SymbolFacts config={config} symbol={node.item} />
          ) : (
            <NodeFacts config={config} node={node} />
          )}
        </>
      )}
      <Why config={config} node={node} />
      {part === 'all' && node.kind === 'symbol' && <Relations info={symbolInfo(config, node.item)} />}
    </MenuDialog>
  );
}

function Facts({ rows }: { readonly rows: readonly (readonly [name: string, value: string | null])[] }): ReactNode {
  return (
    <dl className="info-facts">
      {rows.map(
        ([name, value]) =>
          value !== null && (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="num">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function SymbolFacts({ config, symbol }: { readonly config: Config; readonly symbol: Sym }): ReactNode {
  const info = symbolInfo(config, symbol);
  const wanted = info.userValue !== null && info.userValue !== info.value ? info.userValue : null;
  return (
    <Facts
      rows={[
        ['Symbol', `${config.tree.prefix}${info.name}`],
        ['Type', symbol.real === null ? info.type : 'real (a checked string)'],
        ['Value', `${shownValue(info.value)}, ${originText(info.origin)}`],
        ['Set, without effect', wanted],
        ['Range', info.range],
        ['Unit', info.unit],
      ]}
    />
  );
}

function NodeFacts({ config, node }: { readonly config: Config; readonly node: MenuNode }): ReactNode {
  const dep = conditionInfo(config, node.dep);
  return (
    <>
      {node.kind === 'choice' && (
        <p className="row jumps">
          {node.item.members.map((sym) => (
            <JumpButton key={sym.name} item={sym} text={`${sym.name} = ${config.value(sym)}`} />
          ))}
        </p>
      )}
      <Titled title="Depends on" info={dep} />
      <p className="muted">Defined at {locationText(node.location)}</p>
    </>
  );
}

function Titled({ title, info }: { readonly title: string; readonly info: ConditionInfo | null }): ReactNode {
  if (info === null) return null;
  return (
    <>
      <h3>
        {title} <Truth value={info.value} />
      </h3>
      <Condition info={info} />
    </>
  );
}

/** `text if condition`, with the values of the condition's operands. */
function Conditional({
  text,
  condition,
  active = false,
}: {
  readonly text: ReactNode;
  readonly condition: ConditionInfo | null;
  readonly active?: boolean;
}): ReactNode {
  return (
    <li>
      {text}
      {condition !== null && (
        <>
          {' '}
          if <code>{condition.annotated}</code> <Truth value={condition.value} />
        </>
      )}
      {active && <strong> in force</strong>}
    </li>
  );
}

function List({ title, children }: { readonly title: string; readonly children: readonly ReactNode[] }): ReactNode {
  if (children.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className="info-list">{children}</ul>
    </>
  );
}

function Relations({ info }: { readonly info: SymbolInfo }): ReactNode {
  return (
    <>
      <Titled title="Depends on" info={info.directDependency} />
      <List title="Defaults">
        {info.defaults.map((item, i) => (
          <Conditional key={i} text={<code>{item.text}</code>} condition={item.condition} active={item.active} />
        ))}
      </List>
      <List title="Ranges">
        {info.ranges.map((item, i) => (
          <Conditional key={i} text={<code>{item.text}</code>} condition={item.condition} active={item.active} />
        ))}
      </List>
      {(
        [
          ['Selected by', info.selectedBy],
          ['Implied by', info.impliedBy],
        ] as const
      ).map(([title, sources]) => (
        <List key={title} title={title}>
          {sources.map((source) => (
            <li key={source.text}>
              <code>{source.text}</code> <Truth value={source.value} />
            </li>
          ))}
        </List>
      ))}
      {(
        [
          ['Selects', info.selects],
          ['Implies', info.implies],
        ] as const
      ).map(([title, targets]) => (
        <List key={title} title={title}>
          {targets.map((target) => (
            <Conditional
              key={target.target.name}
              text={<JumpButton item={target.target} />}
              condition={target.condition}
            />
          ))}
        </List>
      ))}
      <Dependents info={info} />
      {info.places.map(({ location }) => (
        <p key={locationText(location)} className="muted">
          Defined at {locationText(location)}
          {location.includes.length > 0 &&
            `, included from ${location.includes.map((frame) => `${frame.file}:${frame.line}`).join(', ')}`}
        </p>
      ))}
    </>
  );
}

function Dependents({ info }: { readonly info: SymbolInfo }): ReactNode {
  const known = info.dependents.filter((item) => item.nodes.some((node) => node.prompt !== null));
  if (known.length === 0) return null;
  return (
    <>
      <h3>Others that look at it</h3>
      <p className="row jumps">
        {known.map((item) => (
          <JumpButton key={item.id} item={item} />
        ))}
      </p>
    </>
  );
}
