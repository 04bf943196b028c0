/** Where the keyboard focus goes in the menu. */
import { useCallback, useEffect, useRef } from 'react';
import type { Menu } from '../stores/menu/model';

/**
 * Moves the focus to the chosen row after a key, a press, or a step that asks for it; never on its own. Belongs to what
 * outlives the rows: they make way for the search.
 * @returns call it before a step after which the row should have the focus
 */
export function useRowFocus({ focus, editing, pane }: Menu): () => void {
  const claimed = useRef(false);
  const seen = useRef(focus);
  useEffect(() => {
    const wanted = claimed.current || seen.current !== focus;
    claimed.current = false;
    seen.current = focus;
    if (!wanted || editing !== null || pane.kind !== 'none') return;
    const rows = document.getElementById('menu-rows');
    (rows?.querySelector<HTMLElement>('[role=treeitem][tabindex="0"]') ?? rows)?.focus();
  });
  return useCallback(() => {
    claimed.current = true;
  }, []);
}
