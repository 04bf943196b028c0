/** Draws elements into a container and keeps it in step: keyed children, hooks, one error boundary above each component. */
import { patch, patchValue } from './attributes';
import { flatten, isClass, type Child, type ClassInstance, type Element, type Props } from './element';
import { withHooks, type EffectSlot, type Host } from './hooks';

const SVG = 'http://www.w3.org/2000/svg';

interface Instance extends Host {
  child: Child;
  readonly parent: Instance | null;
  /** The node of an element or text; null for a component. */
  readonly dom: Node | null;
  readonly made: ClassInstance | null;
  kids: Instance[];
  alive: boolean;
}

export interface Root {
  render(node: unknown): void;
  unmount(): void;
}

export function createRoot(container: globalThis.Element | ShadowRoot): Root {
  const drawer = new Drawer(container);
  return { render: (node) => drawer.render(node), unmount: () => drawer.render(null) };
}

class Drawer {
  readonly #container: Node;
  #kids: Instance[] = [];
  #dirty = new Set<Instance>();
  #mounted = new Set<Instance>();
  #ids = 0;

  constructor(container: Node) {
    this.#container = container;
  }

  render(node: unknown): void {
    this.#kids = this.#reconcile(this.#kids, flatten(node), null);
    this.#place(this.#container, this.#kids);
    this.#runEffects();
  }

  #flush = (): void => {
    for (const inst of this.#dirty) {
      this.#dirty.delete(inst);
      if (!inst.alive) continue;
      this.#guard(inst, () => {
        this.#draw(inst);
        this.#placeAbove(inst);
      });
    }
    this.#runEffects();
  };

  #invalidate(inst: Instance): void {
    if (this.#dirty.size === 0) queueMicrotask(this.#flush);
    this.#dirty.add(inst);
  }

  /** An error goes to the nearest boundary above; without one it is thrown. */
  #guard(inst: Instance, run: () => void): void {
    try {
      run();
    } catch (error) {
      for (let at: Instance | null = inst.parent; at; at = at.parent)
        if (this.#caught(at, error)) return this.#placeAbove(at);
      throw error;
    }
  }

  #caught(inst: Instance, error: unknown): boolean {
    const { node } = inst.child;
    const derive = typeof node !== 'string' && isClass(node.type) ? node.type.getDerivedStateFromError : undefined;
    if (!derive || !inst.made) return false;
    inst.made.state = { ...inst.made.state, ...derive(error) };
    for (const kid of inst.kids) this.#remove(kid);
    inst.kids = [];
    this.#draw(inst);
    return true;
  }

  #reconcile(before: readonly Instance[], after: readonly Child[], parent: Instance | null): Instance[] {
    const old = new Map(before.map((inst) => [inst.child.key, inst]));
    const kids = after.map((child) => {
      const inst = old.get(child.key);
      if (!inst || !sameType(inst.child.node, child.node)) return this.#create(child, parent);
      old.delete(child.key);
      const last = inst.child.node;
      inst.child = child;
      this.#update(inst, last);
      return inst;
    });
    for (const inst of old.values()) this.#remove(inst);
    return kids;
  }

  #create(child: Child, parent: Instance | null): Instance {
    const { node } = child;
    const inst: Instance = {
      child,
      parent,
      dom: domOf(node, parent),
      made: typeof node !== 'string' && isClass(node.type) ? new node.type(node.props) : null,
      kids: [],
      slots: [],
      effects: new Set<EffectSlot>(),
      alive: true,
      invalidate: () => this.#invalidate(inst),
      id: () => ++this.#ids,
    };
    if (inst.made) Object.assign(inst.made, { setState: (part: Props) => this.#setState(inst, part) });
    this.#update(inst, null);
    return inst;
  }

  #setState(inst: Instance, part: Props): void {
    inst.made!.state = { ...inst.made!.state, ...part };
    this.#invalidate(inst);
  }

  #update(inst: Instance, last: Element | string | null): void {
    const { node } = inst.child;
    if (typeof node === 'string') {
      if (node !== last) inst.dom!.nodeValue = node;
    } else if (typeof node.type === 'string') {
      const dom = inst.dom as HTMLElement;
      patch(dom, last === null || typeof last === 'string' ? {} : last.props, node.props);
      inst.kids = this.#reconcile(inst.kids, flatten(node.props.children), inst);
      this.#place(dom, inst.kids);
      patchValue(dom, node.props);
      if (last === null) setRef(node.props.ref, dom);
    } else this.#draw(inst);
  }

  /** Runs the component. Its nodes are placed by the element above it. */
  #draw(inst: Instance): void {
    const { type, props } = inst.child.node as Element;
    this.#mounted.add(inst);
    try {
      const made = inst.made;
      if (made) made.props = props;
      const output = withHooks(inst, () => (made ? made.render() : (type as (p: Props) => unknown)(props)));
      inst.kids = this.#reconcile(inst.kids, flatten(output), inst);
    } catch (error) {
      if (!this.#caught(inst, error)) throw error;
    }
  }

  /** Puts what a component drew by itself where it belongs. */
  #placeAbove(inst: Instance): void {
    const holder = hostOf(inst);
    if (holder) this.#place(holder.dom!, holder.kids);
    else this.#place(this.#container, this.#kids);
  }

  #place(parent: Node, kids: readonly Instance[]): void {
    let at = parent.firstChild;
    for (const dom of kids.flatMap(nodes)) {
      if (dom === at) at = at.nextSibling;
      else parent.insertBefore(dom, at);
    }
  }

  #remove(inst: Instance): void {
    inst.alive = false;
    for (const effect of inst.effects) effect.cleanup?.();
    for (const kid of inst.kids) this.#remove(kid);
    if (typeof inst.child.node !== 'string') setRef(inst.child.node.props.ref, null);
    inst.dom?.parentNode?.removeChild(inst.dom);
  }

  #runEffects(): void {
    const drawn = [...this.#mounted].filter((inst) => inst.alive);
    this.#mounted.clear();
    for (const inst of drawn) {
      for (const effect of inst.effects) {
        if (effect.run === null) continue;
        effect.cleanup?.();
        const run = effect.run;
        effect.run = null;
        this.#guard(inst, () => {
          const undo = run();
          effect.cleanup = typeof undo === 'function' ? (undo as () => void) : undefined;
        });
      }
    }
  }
}

const nodes = (inst: Instance): Node[] => (inst.dom ? [inst.dom] : inst.kids.flatMap(nodes));

function hostOf(inst: Instance): Instance | null {
  let at = inst.parent;
  while (at && !at.dom) at = at.parent;
  return at;
}

const sameType = (a: Element | string, b: Element | string): boolean =>
  typeof a === 'string' || typeof b === 'string' ? typeof a === typeof b : a.type === b.type && a.key === b.key;

function domOf(node: Element | string, parent: Instance | null): Node | null {
  if (typeof node === 'string') return document.createTextNode(node);
  if (typeof node.type !== 'string') return null;
  const above = parent && (parent.dom ? parent : hostOf(parent))?.dom;
  const svg = node.type === 'svg' || (above instanceof SVGElement && above.localName !== 'foreignObject');
  return svg ? document.createElementNS(SVG, node.type) : document.createElement(node.type);
}

function setRef(ref: unknown, dom: Node | null): void {
  if (typeof ref === 'function') (ref as (dom: Node | null) => void)(dom);
  else if (ref !== null && typeof ref === 'object') (ref as { current: Node | null }).current = dom;
}
