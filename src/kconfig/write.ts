/** Writers: `.config`, the minimal configuration of savedefconfig, and single lines. */
import type { Config } from './config';
import { isLogical, TRI_TEXT } from './model';
import type { MenuNode, Sym, Tri } from './model';
import { escapeString } from './text';

/** A symbol's line in a `.config`, with its newline; empty when the symbol is not written. */
export function configLine(config: Config, sym: Sym): string {
  const value = config.value(sym);
  if (!config.isWritten(sym)) return '';
  const name = config.tree.prefix + sym.name;
  switch (sym.type) {
    case 'bool':
    case 'tristate':
      return value === 'n' ? `# ${name} is not set\n` : `${name}=${value}\n`;
    case 'int':
    case 'hex':
      return `${name}=${value}\n`;
    case 'string':
      return `${name}="${escapeString(value)}"\n`;
    case 'unknown':
      return '';
  }
}

/** True for a menu or a comment that shows in a written file. */
function hasBanner(config: Config, node: MenuNode): boolean {
  if (node.kind === 'comment') return config.evaluate(node.dep) > 0;
  return node.kind === 'menu' && config.evaluate(node.dep) > 0 && config.evaluate(node.visibleIf) > 0;
}

/**
 * The full configuration: every written symbol once, in menu order, with banners for menus and comments.
 * @param header text at the top, as it is; by default what the environment of the tree gives
 */
export function writeConfig(config: Config, header = config.tree.header): string {
  const { root } = config.tree;
  const chunks = [header];
  const seen = new Set<Sym>();
  let afterEnd = false;
  const open: { node: MenuNode; next: number }[] = [{ node: root, next: 0 }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.next === top.node.children.length) {
      open.pop();
      if (top.node !== root && top.node.kind === 'menu' && top.next > 0 && hasBanner(config, top.node)) {
        chunks.push(`# end of ${top.node.prompt?.text ?? ''}\n`);
        afterEnd = true;
      }
      continue;
    }
    const node = top.node.children[top.next++];
    open.push({ node, next: 0 });
    if (node.kind === 'symbol') {
      if (seen.has(node.item)) continue;
      seen.add(node.item);
      const line = configLine(config, node.item);
      if (line === '') continue;
      chunks.push(afterEnd ? `\n${line}` : line);
      afterEnd = false;
    } else if (hasBanner(config, node)) {
      chunks.push(`\n#\n# ${node.prompt?.text ?? ''}\n#\n`);
      afterEnd = false;
    }
  }
  return chunks.join('');
}

/** The value without the user: as the C tools compute it for savedefconfig, that is without clamping to the range. */
function plainDefault(config: Config, sym: Sym): string {
  if (isLogical(sym.type)) {
    let value: Tri = 0;
    if (sym.choice === null) {
      for (const prop of sym.defaults) {
        const cond = config.evaluate(prop.cond);
        if (cond === 0) continue;
        value = Math.min(config.evaluate(prop.value), cond) as Tri;
        break;
      }
      value = Math.max(config.evaluate(sym.revDep), config.evaluate(sym.weakRevDep), value) as Tri;
      if (value === 1 && config.type(sym) === 'bool') value = 2;
    }
    return TRI_TEXT[value];
  }
  if (sym.type === 'unknown') return '';
  for (const { value, cond } of sym.defaults) {
    if (config.evaluate(cond) > 0) return value.kind === 'symbol' ? config.value(value) : '';
  }
  return '';
}

/** True when a symbol's line has to stand in a minimal configuration. */
export function inMinimalConfig(config: Config, sym: Sym): boolean {
  if (sym.choice === null && config.visibility(sym) <= config.evaluate(sym.revDep)) return false;
  if (config.value(sym) === plainDefault(config, sym)) return false;
  const isDefaultMember =
    sym.choice !== null &&
    !sym.choice.optional &&
    sym.type === 'bool' &&
    config.tri(sym) === 2 &&
    config.defaultSelection(sym.choice) === sym;
  return !isDefaultMember;
}

/** The minimal configuration: only what differs from the defaults, in definition order. */
export function writeMinConfig(config: Config, header = config.tree.header): string {
  const lines = config.tree.defined.filter((sym) => inMinimalConfig(config, sym)).map((sym) => configLine(config, sym));
  return header + lines.join('');
}
