/** Hooks of the component that is being drawn. Same rules and meanings as React's. */

export interface EffectSlot {
  deps: readonly unknown[] | undefined;
  /** Set when it is to run after the drawing; what it returns, if a function, undoes it. */
  run: (() => unknown) | null;
  cleanup: (() => void) | undefined;
}

export interface Host {
  readonly slots: unknown[];
  readonly effects: Set<EffectSlot>;
  /** Draws the component again, soon. */
  invalidate(): void;
  /** A number of its own among the components of its root. */
  readonly id: () => number;
}

let current: Host | null = null;
let at = 0;

export function withHooks<T>(host: Host, draw: () => T): T {
  const before = [current, at] as const;
  [current, at] = [host, 0];
  try {
    return draw();
  } finally {
    [current, at] = before;
  }
}

function slot<T>(make: (host: Host) => T): T {
  if (current === null) throw new Error('a hook was called outside a component');
  if (at === current.slots.length) current.slots.push(make(current));
  return current.slots[at++] as T;
}

export function useReducer<S, A>(reduce: (state: S, action: A) => S, initial: S): readonly [S, (action: A) => void] {
  const cell = slot((host) => {
    const made = {
      state: initial,
      dispatch: (action: A): void => {
        const next = reduce(made.state, action);
        if (Object.is(next, made.state)) return;
        made.state = next;
        host.invalidate();
      },
    };
    return made;
  });
  return [cell.state, cell.dispatch];
}

type Update<S> = S | ((state: S) => S);
const apply = <S>(state: S, update: Update<S>): S =>
  typeof update === 'function' ? (update as (state: S) => S)(state) : update;

export function useState<S>(initial: S | (() => S)): readonly [S, (update: Update<S>) => void] {
  const first = slot(() => ({ value: typeof initial === 'function' ? (initial as () => S)() : initial }));
  return useReducer<S, Update<S>>(apply, first.value);
}

export const useRef = <T>(initial: T): { current: T } => slot(() => ({ current: initial }));

function remember<T>(make: () => T, deps: readonly unknown[]): T {
  const cell = slot<{ value: T; deps: readonly unknown[] | null }>(() => ({ value: undefined as T, deps: null }));
  if (cell.deps === null || changed(cell.deps, deps)) {
    cell.value = make();
    cell.deps = deps;
  }
  return cell.value;
}

export const useMemo = remember;
export const useCallback = <T>(callback: T, deps: readonly unknown[]): T => remember(() => callback, deps);

export function useEffect(run: () => unknown, deps?: readonly unknown[]): void {
  const effect = slot<EffectSlot>((host) => {
    const made = { deps: undefined, run: null, cleanup: undefined };
    host.effects.add(made);
    return made;
  });
  if (effect.deps === undefined || deps === undefined || changed(effect.deps, deps)) effect.run = run;
  effect.deps = deps ?? undefined;
}
export const useLayoutEffect = useEffect;

export const useId = (): string => slot((host) => `_w${host.id()}_`);

const changed = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length !== b.length || a.some((v, i) => !Object.is(v, b[i]));
