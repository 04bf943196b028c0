/** The properties below an entry: type, prompt, default, depends on, select, imply, range, help, options. */
import type { Builder } from './builder';
import { itemName } from './builder';
import type { Location } from './errors';
import { appendAnd } from './expr';
import type { ChoiceNode, CommentNode, MenuBlock, SymbolNode, SymbolType } from './model';
import type { Statement } from './statement';
import { trim } from './text';

/** An entry that may have properties. */
export type PropertyNode = SymbolNode | ChoiceNode | MenuBlock | CommentNode;

/** What properties need besides the builder. */
export interface PropertyContext {
  readonly builder: Builder;
  readonly env: (name: string) => string | undefined;
  readonly helpText: () => string;
}

/** Adds a property to a node, or returns false when the statement starts something else. */
export function parseProperty(context: PropertyContext, node: PropertyNode, statement: Statement): boolean {
  const { builder } = context;
  const { word, location } = statement;
  switch (word) {
    case 'bool':
    case 'tristate':
    case 'int':
    case 'hex':
    case 'string':
      setType(context, node, statement, word);
      if (!statement.done) parsePrompt(builder, node, statement);
      return true;
    case 'prompt':
      parsePrompt(builder, node, statement);
      return true;
    case 'depends':
      if (!statement.take('on')) statement.fail("expected 'on' after 'depends'");
      node.dep = node.ownDep = appendAnd(builder, node.dep, statement.wholeExpr());
      return true;
    case 'default':
      parseDefault(node, statement);
      return true;
    case 'def_bool':
    case 'def_tristate':
    case 'def_int':
    case 'def_hex':
    case 'def_string':
      setType(context, node, statement, word.slice(4) as SymbolType);
      parseDefault(node, statement);
      return true;
    case 'select':
    case 'imply': {
      if (node.kind !== 'symbol') statement.fail(`only symbols can ${word}`);
      const target = statement.variable(`expected a symbol after '${word}'`);
      const cond = statement.condition();
      (word === 'select' ? node.selects : node.implies).push({ target, cond, own: cond });
      return true;
    }
    case 'range': {
      const low = statement.symbol();
      const high = statement.symbol();
      const cond = statement.condition();
      node.ranges.push({ low, high, cond, own: cond });
      return true;
    }
    case 'visible': {
      if (!statement.take('if')) statement.fail("expected 'if' after 'visible'");
      if (node.kind !== 'menu') return statement.fail("'visible if' is only valid for menus");
      node.visibleIf = appendAnd(builder, node.visibleIf, statement.wholeExpr());
      return true;
    }
    case 'help':
      parseHelp(context, node, location);
      return true;
    case 'option':
      parseOption(context, node, statement);
      return true;
    case 'optional':
      if (node.kind !== 'choice') return statement.fail('"optional" is only valid for choices');
      node.item.optional = true;
      return true;
    default:
      return false;
  }
}

function nodeName(node: PropertyNode): string {
  return node.kind === 'symbol' || node.kind === 'choice' ? itemName(node.item) : node.kind;
}

function setType({ builder }: PropertyContext, node: PropertyNode, statement: Statement, type: SymbolType): void {
  if (node.kind !== 'symbol' && node.kind !== 'choice') return statement.fail(`a ${node.kind} has no type`);
  builder.setType(node.item, type, statement.location);
}

function parsePrompt(builder: Builder, node: PropertyNode, statement: Statement): void {
  const { location } = statement;
  if (node.prompt !== null) {
    builder.warn('prompt', `${nodeName(node)} defined with multiple prompts in single location`, location);
  }
  const text = statement.text('a prompt');
  const clean = trim(text);
  if (clean !== text) {
    builder.warn('prompt', `${nodeName(node)} has leading or trailing whitespace in its prompt`, location);
  }
  const cond = statement.condition();
  node.prompt = { text: clean, cond, own: cond };
}

function parseDefault(node: PropertyNode, statement: Statement): void {
  const value = statement.expr(false);
  const cond = statement.condition();
  node.defaults.push({ value, cond, own: cond, location: statement.location });
}

function parseHelp({ builder, helpText }: PropertyContext, node: PropertyNode, location: Location): void {
  if (node.help !== null) {
    builder.warn('help', `${nodeName(node)} defined with more than one help text, the last one is used`, location);
  }
  node.help = helpText();
  if (node.help === '') builder.warn('help', `${nodeName(node)} has 'help' but empty help text`, location);
}

function parseOption({ builder, env }: PropertyContext, node: PropertyNode, statement: Statement): void {
  const { location } = statement;
  if (statement.take('env')) {
    if (!statement.takeEquals()) statement.fail("expected '=' after 'env'");
    const name = statement.text('a variable');
    statement.end();
    if (node.kind !== 'symbol') return statement.fail("the 'env' option is only valid for symbols");
    node.item.envVar = name;
    const value = env(name);
    if (value === undefined) {
      builder.warn('option', `${node.item.name} has 'option env="${name}"', but ${name} is not set`, location);
    } else {
      const { yes } = builder;
      node.defaults.push({ value: builder.constant(value), cond: yes, own: yes, location });
    }
  } else if (statement.take('defconfig_list')) {
    if (node.kind !== 'symbol') return statement.fail("the 'defconfig_list' option is only valid for symbols");
    if (builder.defconfigList === null) builder.defconfigList = node.item;
    else builder.warn('option', `'option defconfig_list' set on multiple symbols, only the first is used`, location);
  } else if (statement.take('modules')) {
    if (node.kind !== 'symbol' || node.item !== builder.modules) {
      builder.warn('option', `'option modules' has no effect: the modules symbol is always MODULES`, location);
    }
  } else if (statement.take('allnoconfig_y')) {
    if (node.kind !== 'symbol') return statement.fail("the 'allnoconfig_y' option is only valid for symbols");
    node.item.allnoconfigY = true;
  } else statement.fail('unrecognized option');
}
