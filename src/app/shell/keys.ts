/** Single keys and `g` sequences for the page; typing in a field never triggers them. */
import { useEffect } from 'react';

export interface Binding {
  /** One key, or `g` and a letter. */
  readonly keys: readonly string[];
  readonly title: string;
  readonly group: string;
  readonly run: () => void;
}

/** How long `g` waits for its letter. */
const SEQUENCE_MS = 1200;

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.matches('input:not([type=range], [type=checkbox], [type=radio]), textarea, select'));

export function useKeys(bindings: readonly Binding[], enabled: () => boolean): void {
  useEffect(() => {
    let prefix: string | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && isField(event.target)) return (event.target as HTMLElement).blur();
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (isField(event.target) || !enabled() || document.querySelector('dialog[open]')) return;
      const pressed = prefix === null ? [event.key] : [prefix, event.key];
      prefix = null;
      clearTimeout(timer);
      const hit = bindings.find((b) => b.keys.length === pressed.length && b.keys.every((k, i) => k === pressed[i]));
      if (hit) {
        event.preventDefault();
        hit.run();
      } else if (pressed.length === 1 && bindings.some((b) => b.keys.length === 2 && b.keys[0] === event.key)) {
        prefix = event.key;
        timer = setTimeout(() => (prefix = null), SEQUENCE_MS);
      }
    };
    addEventListener('keydown', onKey);
    return () => {
      clearTimeout(timer);
      removeEventListener('keydown', onKey);
    };
  }, [bindings, enabled]);
}
