/**
 * What the widgets use of React, in 3 kB instead of 60: the embed build takes these modules for `react`, `react/jsx-runtime` and
 * `react-dom/client` (`vite.embed.config.ts`). The site runs the same widgets on React itself; a test holds the two drawings equal.
 * A name that is missing here stops the embed build.
 */
import type { ClassInstance, Element, Props } from './element';
import { jsx } from './element';

export { Fragment, jsx, jsx as jsxs } from './element';
export { useCallback, useEffect, useId, useLayoutEffect, useMemo, useReducer, useRef, useState } from './hooks';
export { createRoot } from './root';

export class Component implements ClassInstance {
  static readonly isComponentClass = true;
  state: Props = {};
  constructor(public props: Props) {}
  render(): unknown {
    return null;
  }
}

export function createElement(type: Element['type'], props: Props | null, ...children: unknown[]): Element {
  const { key, ...others } = props ?? {};
  const given = children.length > 0 ? { children: children.length === 1 ? children[0] : children } : {};
  return jsx(type, { ...others, ...given }, key as string | undefined);
}
