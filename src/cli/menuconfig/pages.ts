/** The pages behind `?` and `w`: everything about a row with the values of all operands, and why it cannot be changed. */
import {
  blockerText,
  explain,
  isLogical,
  locationText,
  originText,
  plainHelp,
  conditionInfo,
  symbolInfo,
  TRI_TEXT,
  whatIf,
} from '@/kconfig';
import type { ConditionInfo, Config, MenuNode, Sym } from '@/kconfig';

export interface Page {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Everything about a row. */
export function infoPage(config: Config, node: MenuNode): Page {
  if (node.kind === 'symbol') return symbolPage(config, node.item);
  const help = node.help === null ? ['There is no help for this.'] : helpLines(node.help);
  const picked = node.kind === 'choice' ? config.selection(node.item) : null;
  return {
    title: node.prompt?.text ?? node.kind,
    lines: [
      ...help,
      '',
      ...(picked === null ? [] : [`Selection: ${picked.name}`]),
      ...(node.kind === 'choice' ? [`Members: ${node.item.members.map((sym) => sym.name).join(', ')}`] : []),
      ...condition('Depends on', conditionInfo(config, node.dep)),
      `Defined at ${locationText(node.location)}`,
    ],
  };
}

function helpLines(help: string): string[] {
  return plainHelp(help).trimEnd().split('\n');
}

function condition(label: string, info: ConditionInfo | null): string[] {
  if (info === null) return [];
  const head = `${label} (now ${TRI_TEXT[info.value]}):`;
  if (info.parts.length < 2) return [head, `    ${info.annotated}`];
  const joint = info.operator === 'or' ? '||' : '&&';
  const parts = info.parts.map((part, i) => `    ${i === 0 ? '  ' : joint} ${part.text}  is ${TRI_TEXT[part.value]}`);
  const operands = info.operands
    .filter((operand) => operand.text !== operand.value)
    .map((operand) => `        ${operand.text} = ${operand.value === '' ? '""' : operand.value}`);
  return [head, ...parts, ...operands];
}

function symbolPage(config: Config, symbol: Sym): Page {
  const info = symbolInfo(config, symbol);
  const prompts = info.places.flatMap((place) => place.prompt ?? []);
  const help = info.places.map((place) => place.help).find((text) => text !== null);
  const active = (is: boolean): string => (is ? '  (in force)' : '');
  const when = (cond: ConditionInfo | null): string => (cond === null ? '' : ` if ${cond.annotated}`);
  const list = (label: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`${label}:`, ...lines.map((line) => `    ${line}`)];
  return {
    title: `${config.tree.prefix}${info.name}`,
    lines: [
      ...(help === undefined ? ['There is no help for this.'] : help.trimEnd().split('\n')),
      '',
      `Name:   ${info.name}`,
      ...prompts.map((prompt) => `Prompt: ${prompt}`),
      `Type:   ${info.type}${info.typeNow === info.type ? '' : ` (now ${info.typeNow})`}`,
      `Value:  ${info.value === '' ? '""' : info.value}  (${originText(info.origin)})`,
      ...(info.userValue !== null && info.userValue !== info.value ? [`Wanted: ${info.userValue}`] : []),
      ...(info.range === null ? [] : [`Range:  ${info.range}`]),
      ...(info.unit === null ? [] : [`Unit:   ${info.unit}`]),
      '',
      ...condition('Depends on', info.directDependency),
      ...list(
        'Defaults',
        info.defaults.map((item) => `${item.text}${when(item.condition)}${active(item.active)}`),
      ),
      ...list(
        'Ranges',
        info.ranges.map((item) => `${item.text}${when(item.condition)}${active(item.active)}`),
      ),
      ...list(
        'Selected by',
        info.selectedBy.map((item) => `${item.text}  is ${TRI_TEXT[item.value]}`),
      ),
      ...list(
        'Implied by',
        info.impliedBy.map((item) => `${item.text}  is ${TRI_TEXT[item.value]}`),
      ),
      ...list(
        'Selects',
        info.selects.map((item) => `${item.target.name}${when(item.condition)}`),
      ),
      ...list(
        'Implies',
        info.implies.map((item) => `${item.target.name}${when(item.condition)}`),
      ),
      ...info.places.map((place) => `Defined at ${locationText(place.location)}`),
    ],
  };
}

/** Why a row cannot be changed; for one that can, what the other values would change. */
export function whyPage(config: Config, node: MenuNode): Page {
  if (node.kind !== 'symbol')
    return {
      title: node.prompt?.text ?? node.kind,
      lines:
        node.kind === 'choice' && config.visibility(node.item) > 0
          ? ['This is a choice: Enter opens it.']
          : [
              'This has no value of its own.',
              ...condition('It shows while this holds', conditionInfo(config, node.prompt?.cond ?? node.dep)),
            ],
    };
  const symbol = node.item;
  const { changeable, obstacles, assignable } = explain(config, symbol);
  const lines: string[] = [`${symbol.name} ${changeable ? 'can be changed.' : 'cannot be changed now:'}`];
  for (const obstacle of obstacles) {
    switch (obstacle.kind) {
      case 'no-type':
        lines.push('It has no type.');
        break;
      case 'no-prompt':
        lines.push('It has no prompt: its value follows from others.');
        break;
      case 'selected':
        lines.push(`At least ${TRI_TEXT[obstacle.strength]}, selected by:`);
        for (const by of obstacle.by) lines.push(`    ${by.name} = ${config.value(by)}`);
        break;
      case 'hidden':
      case 'limited':
        lines.push(obstacle.kind === 'hidden' ? 'It is hidden because:' : 'It cannot be y because:');
        for (const blocker of obstacle.blockers)
          lines.push(`    ${blockerText(blocker)}; it has to be ${blocker.needed ? 'true' : 'false'}`);
        break;
    }
  }
  if (changeable && !isLogical(symbol.type)) {
    const { value, range, origin } = symbolInfo(config, symbol);
    lines.push(`It is ${value === '' ? '""' : value} (${originText(origin)}).`);
    if (range !== null) lines.push(`It takes values in ${range}.`);
  }
  if (changeable && isLogical(symbol.type)) {
    const values = symbol.choice === null ? assignable : ([2] as const);
    for (const value of values)
      if (config.tri(symbol) !== value) lines.push('', ...trial(config, symbol, TRI_TEXT[value]));
  }
  return { title: `Why: ${symbol.name}`, lines };
}

function trial(config: Config, symbol: Sym, value: string): string[] {
  const { changes, shown, hidden, overridden } = whatIf(config, symbol, value);
  return [
    `Setting it to ${value} would change:`,
    ...changes.map((entry) => `    ${entry.name}: ${entry.before.value || '""'} -> ${entry.after.value || '""'}`),
    ...(shown.length > 0 ? [`  and show: ${shown.map((sym) => sym.name).join(', ')}`] : []),
    ...(hidden.length > 0 ? [`  and hide: ${hidden.map((sym) => sym.name).join(', ')}`] : []),
    ...(overridden === null ? [] : [`  but: ${overridden}`]),
  ];
}
