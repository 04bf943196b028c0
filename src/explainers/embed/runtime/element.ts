/** Elements as the JSX transform makes them. */

export type Props = Readonly<Record<string, unknown>>;
export type Render = (props: Props) => unknown;

export interface ClassInstance {
  props: Props;
  state: Props;
  render(): unknown;
}
export interface ComponentClass {
  new (props: Props): ClassInstance;
  readonly isComponentClass: true;
  readonly getDerivedStateFromError?: (error: unknown) => Props;
}

export interface Element {
  readonly type: string | Render | ComponentClass;
  readonly props: Props;
  readonly key: string | null;
}

export const Fragment: Render = (props) => props.children;

export function jsx(type: Element['type'], props: Props, key?: string | number): Element {
  return { type, props, key: key === undefined ? null : String(key) };
}

export const isElement = (node: unknown): node is Element =>
  typeof node === 'object' && node !== null && 'type' in node && 'props' in node;

export const isClass = (type: Element['type']): type is ComponentClass =>
  typeof type === 'function' && 'isComponentClass' in type;

/** A child as it is drawn: an element, or text. Null, undefined and booleans draw nothing; their place is kept for keys. */
export type Child = { readonly key: string; readonly node: Element | string };

/** Children in order, each with its key or else its place, so that an absent one does not shift those after it. */
export function flatten(node: unknown, prefix = '', out: Child[] = []): Child[] {
  if (Array.isArray(node)) {
    node.forEach((each, i) => {
      const named = isElement(each) && each.key !== null;
      flatten(each, `${prefix}${named ? `$${each.key}` : i}/`, out);
    });
  } else if (isElement(node)) out.push({ key: prefix, node });
  else if (typeof node === 'string' || typeof node === 'number') out.push({ key: prefix, node: String(node) });
  return out;
}
