/** Props of an element to its attributes, properties and listeners, with React's names. */
import type { Props } from './element';

const NAMES: Readonly<Record<string, string>> = { className: 'class', htmlFor: 'for', tabIndex: 'tabindex' };
/** SVG attributes that keep their capitals. */
const CAMEL = new Set([
  'viewBox',
  'preserveAspectRatio',
  'gradientUnits',
  'markerWidth',
  'markerHeight',
  'refX',
  'refY',
]);
const PROPERTIES = new Set(['value', 'checked']);
/** Set when the children stand, because a select takes the value of an option it has. */
const LAST = new Set(['value']);

type Target = HTMLElement | SVGElement;
const handlers = new WeakMap<Target, Map<string, EventListener>>();

export function patch(dom: Target, before: Props, after: Props): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (name === 'children' || name === 'key' || name === 'ref' || LAST.has(name)) continue;
    if (before[name] === after[name]) continue;
    if (/^on[A-Z]/.test(name)) listen(dom, name, after[name] as EventListener | undefined);
    else if (name === 'style') style(dom, (after[name] ?? {}) as Props);
    else set(dom, name, after[name]);
  }
}

/** What the user changed goes back to what the props say, as in React. */
export function patchValue(dom: Target, props: Props): void {
  if ('value' in props && 'value' in dom && dom.value !== String(props.value)) dom.value = String(props.value);
}

function set(dom: Target, name: string, value: unknown): void {
  if (PROPERTIES.has(name)) {
    Object.assign(dom, { [name]: value ?? false });
    return;
  }
  const attribute = NAMES[name] ?? (dom instanceof SVGElement && !CAMEL.has(name) ? kebab(name) : name);
  const bare = name.startsWith('aria-') || name.startsWith('data-');
  if (value === null || value === undefined || (value === false && !bare)) dom.removeAttribute(attribute);
  else dom.setAttribute(attribute, value === true && !bare ? '' : String(value));
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** Through the CSSOM, which a strict Content-Security-Policy allows. */
function style(dom: Target, styles: Props): void {
  dom.removeAttribute('style');
  for (const [name, value] of Object.entries(styles)) {
    const text = typeof value === 'number' && name !== 'opacity' ? `${value}px` : String(value);
    dom.style.setProperty(name.startsWith('--') ? name : kebab(name), text);
  }
}

function listen(dom: Target, name: string, handler: EventListener | undefined): void {
  const event = name === 'onChange' && !(dom instanceof HTMLSelectElement) ? 'input' : name.slice(2).toLowerCase();
  const own = handlers.get(dom) ?? new Map<string, EventListener>();
  handlers.set(dom, own);
  if (!own.has(event)) dom.addEventListener(event, (e) => own.get(event)?.call(dom, e));
  if (handler) own.set(event, handler);
  else own.delete(event);
}
