/**
 * A modal over the page that belongs to the menu: Esc closes it, and the focus goes back to where it was. What has
 * `data-first-focus` takes it at first, else the close button.
 */
import { useId, useLayoutEffect, useRef, type ReactNode } from 'react';
import { useWorkbench } from '../context';
import { closePane } from '../stores/menu/cursor';

interface MenuDialogProps {
  readonly title: ReactNode;
  readonly size?: 'narrow' | 'wide';
  readonly children: ReactNode;
}

export function MenuDialog({ title, size = 'narrow', children }: MenuDialogProps): ReactNode {
  const { menu } = useWorkbench();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    element?.querySelector<HTMLElement>('[data-first-focus]')?.focus();
    return () => element?.close();
  }, []);
  const close = (): void => menu.act(closePane);
  return (
    <dialog
      ref={dialog}
      className={`help menu-dialog ${size}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <header className="help-head">
        <h2 id={id}>{title}</h2>
        <button type="button" onClick={close}>
          Close
        </button>
      </header>
      <div className="menu-dialog-body">{children}</div>
    </dialog>
  );
}
