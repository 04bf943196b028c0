/** Keys, and the switch that turns single keys off (speech input types letters). */
import { Fragment, useEffect, useRef, type ReactNode } from 'react';
import { useUi, useWorkbench } from '../context';
import { keyName, MENU_KEYS } from '../menu/keys';
import type { Binding } from './keys';

/** Keys that belong to one control and work while it has the focus. */
const LOCAL: readonly (readonly [string, string])[] = [
  ['\u2190 \u2192', 'Move the crosshair; with Shift, farther'],
  ['+ \u2212', 'Zoom about the crosshair'],
  ['0', 'Show everything'],
  ['Drag', 'Zoom to a stretch; double-click shows everything'],
];

export function HelpDialog({ bindings }: { readonly bindings: readonly Binding[] }): ReactNode {
  const { ui } = useWorkbench();
  const open = useUi((s) => s.helpOpen);
  const singleKeys = useUi((s) => s.singleKeys);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  const close = (): void => ui.setState({ helpOpen: false });
  const groups = [...new Set(bindings.map((b) => b.group))];
  return (
    <dialog ref={dialog} className="help" aria-labelledby="help-title" onClose={close}>
      <header className="help-head">
        <h2 id="help-title">Keys and help</h2>
        <button type="button" onClick={close}>
          Close
        </button>
      </header>
      <div className="help-body">
        {groups.map((group) => (
          <Fragment key={group}>
            <h3>{group}</h3>
            <dl>
              {bindings
                .filter((b) => b.group === group)
                .map((b) => (
                  <div key={b.title}>
                    <dt>
                      {b.keys.map((k) => (
                        <kbd key={k}>{k}</kbd>
                      ))}
                    </dt>
                    <dd>{b.title}</dd>
                  </div>
                ))}
            </dl>
          </Fragment>
        ))}
        <h3>In the menu</h3>
        <dl>
          {MENU_KEYS.map(({ keys, title }) => (
            <div key={title}>
              <dt>
                {keys.map((k) => (
                  <kbd key={k}>{keyName(k)}</kbd>
                ))}
              </dt>
              <dd>{title}</dd>
            </div>
          ))}
        </dl>
        <h3>In a plot</h3>
        <dl>
          {LOCAL.map(([key, title]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{title}</dd>
            </div>
          ))}
        </dl>
        <label className="check">
          <input
            type="checkbox"
            checked={singleKeys}
            onChange={(event) => ui.setState({ singleKeys: event.target.checked })}
          />
          Single keys act on the page
        </label>
      </div>
    </dialog>
  );
}
