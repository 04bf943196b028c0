/** Saving and loading: slots in this browser, files, pasted text, and the address. */
import { useId, useState, type ReactNode } from 'react';
import { addressOf } from '../address';
import { useMenu, useMenuStore, useWorkbench } from '../context';
import { closePane } from '../stores/menu/cursor';
import { loadTarget, TARGETS } from '../stores/menu/load';
import { say } from '../stores/menu/model';
import { downloadDefconfig, downloadFull } from './files';
import { MenuDialog } from './MenuDialog';

/** More than any configuration; a file beyond it was picked by mistake. */
const MAX_FILE = 1 << 20;

export function FilesDialog({ part }: { readonly part: 'save' | 'load' }): ReactNode {
  return part === 'save' ? (
    <MenuDialog title="Save the configuration">
      <SaveSlot />
      <SaveFiles />
    </MenuDialog>
  ) : (
    <MenuDialog title="Load a configuration">
      <LoadSlots />
      <LoadFile />
      <LoadTargets />
    </MenuDialog>
  );
}

function SaveSlot(): ReactNode {
  const { menu } = useWorkbench();
  const preset = useMenu((m) => m.version.preset);
  const changed = useMenu((m) => m.changes.count);
  const slots = useMenuStore((s) => s.slots);
  const [name, setName] = useState(changed > 0 ? `${preset}-mine` : preset);
  const clean = name.trim();
  const replaces = slots.some((slot) => slot.name === clean);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        menu.act(closePane);
        menu.saveSlot(clean);
      }}
    >
      <h3>In this browser</h3>
      <div className="row">
        <input
          data-first-focus
          className="grow"
          aria-label="Name"
          value={name}
          spellCheck={false}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setName(event.target.value)}
        />
        <button type="submit" className="primary" disabled={clean === ''}>
          {replaces ? 'Replace' : 'Save'}
        </button>
      </div>
    </form>
  );
}

function SaveFiles(): ReactNode {
  const { menu: store } = useWorkbench();
  const menu = useMenu((m) => m);
  const [copied, setCopied] = useState('');
  const address = addressOf(menu);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(address);
      setCopied('Copied.');
    } catch {
      setCopied('The browser does not let the page copy: select the address above.');
    }
  };
  const then = (name: string): void => store.act((m) => say(closePane(m), `Downloaded ${name}.`));
  return (
    <>
      <h3>As a file</h3>
      <div className="row">
        <button type="button" onClick={() => then(downloadDefconfig(menu))}>
          Minimal (savedefconfig)
        </button>
        <button type="button" onClick={() => then(downloadFull(menu))}>
          Complete (.config)
        </button>
      </div>
      <h3>As an address</h3>
      <input className="num address" readOnly aria-label="Address" value={address} onFocus={(e) => e.target.select()} />
      <div className="row">
        <button type="button" onClick={() => void copy()}>
          Copy the address
        </button>
        <span className="muted" role="status">
          {copied || 'Opens this configuration here and elsewhere.'}
        </span>
      </div>
    </>
  );
}

function LoadSlots(): ReactNode {
  const { menu } = useWorkbench();
  const slots = useMenuStore((s) => s.slots);
  return (
    <>
      <h3>Saved in this browser</h3>
      {slots.length === 0 && <p className="muted">Nothing yet: s saves one.</p>}
      <ul className="slots">
        {slots.map(({ name, preset, text, savedAt }) => (
          <li key={name}>
            <span className="slot-name">
              {name}
              <span className="num muted">
                from {preset}, {savedAt.slice(0, 16).replace('T', ' ')} UTC
              </span>
            </span>
            <button type="button" aria-label={`Load ${name}`} onClick={() => menu.load(text, name, false)}>
              Load
            </button>
            <button type="button" className="quiet" aria-label={`Delete ${name}`} onClick={() => menu.deleteSlot(name)}>
              Delete
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function LoadFile(): ReactNode {
  const { menu } = useWorkbench();
  const [text, setText] = useState('');
  const [merge, setMerge] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const hint = useId();
  const take = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    if (file.size > MAX_FILE) return setProblem(`${file.name} is larger than 1 MiB: choose a .config or a defconfig.`);
    menu.load(await file.text(), file.name, merge);
  };
  return (
    <>
      <h3>From a file</h3>
      <input
        type="file"
        aria-label="Configuration file"
        className="file"
        onChange={(event) => {
          void take(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
      {problem !== null && (
        <p className="danger-text" role="alert">
          {problem}
        </p>
      )}
      <h3>From text</h3>
      <textarea
        rows={6}
        aria-label="Configuration text"
        aria-describedby={hint}
        placeholder={'CONFIG_NAME=value\n# CONFIG_OTHER is not set'}
        value={text}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
      />
      <label className="check">
        <input type="checkbox" checked={merge} onChange={(event) => setMerge(event.target.checked)} />
        Merge: keep what is set now and add to it
      </label>
      <div className="row">
        <button type="button" disabled={text.trim() === ''} onClick={() => menu.load(text, 'Pasted text', merge)}>
          Load the text
        </button>
        <span id={hint} className="muted">
          Every line without effect is reported with its reason.
        </span>
      </div>
    </>
  );
}

function LoadTargets(): ReactNode {
  const { menu } = useWorkbench();
  const names = Object.keys(TARGETS) as (keyof typeof TARGETS)[];
  return (
    <>
      <h3>From nothing</h3>
      <div className="row">
        {names.map((name) => (
          <button key={name} type="button" onClick={() => menu.act((m) => closePane(loadTarget(m, name)))}>
            {name}
          </button>
        ))}
      </div>
    </>
  );
}
