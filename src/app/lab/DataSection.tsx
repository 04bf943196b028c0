/** The training text: the preset's own, or a file or paste of the reader's. It never leaves the browser. */
import { useRef, useState, type ReactNode } from 'react';
import { useRun, useSetup, useWorkbench } from '../context';
import { bytes, count } from '../format';
import { usesCustomText } from '../stores/setup';

export function DataSection(): ReactNode {
  const { session } = useWorkbench();
  const custom = useSetup((s) => s.customText);
  const error = useSetup((s) => s.textError);
  const used = useSetup(usesCustomText);
  const dataset = useRun((s) => s.started);
  const picker = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [pasting, setPasting] = useState(false);

  const take = async (file: File | undefined): Promise<void> => {
    if (file) await session.useText(file.name, new Uint8Array(await file.arrayBuffer()));
  };
  return (
    <section
      className="section drop"
      data-over={over}
      aria-labelledby="data-title"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void take(event.dataTransfer.files[0]);
      }}
    >
      <h3 id="data-title">Text</h3>
      {custom ? (
        <dl className="facts">
          <div>
            <dt className="ellipsis">{custom.name}</dt>
            <dd className="num">{count(custom.text.length)} characters</dd>
          </div>
          {!used && <div className="muted">Kept, but not used: the menu has another dataset.</div>}
        </dl>
      ) : (
        <p className="muted">
          {dataset
            ? `${dataset.datasetName}: ${count(dataset.trainTokens)} training and ${count(dataset.valTokens)} held-out tokens.`
            : 'The preset\u2019s own corpus. Drop a UTF-8 text file here to train on yours; it stays in this browser.'}
        </p>
      )}
      {error && (
        <p className="callout danger" role="alert">
          {error}
        </p>
      )}
      <div className="row">
        <input
          ref={picker}
          id="text-file"
          type="file"
          accept="text/*,.txt,.md,.csv,.json,.py,.ts,.c"
          className="visually-hidden"
          tabIndex={-1}
          aria-label="Text file"
          onChange={(event) => {
            void take(event.target.files?.[0]);
            event.target.value = '';
          }}
        />
        <button type="button" onClick={() => picker.current?.click()}>
          Choose a file
        </button>
        <button type="button" aria-expanded={pasting} onClick={() => setPasting(!pasting)}>
          Paste
        </button>
        {custom && (
          <button type="button" className="quiet" onClick={() => void session.clearText()}>
            Use the preset&rsquo;s text
          </button>
        )}
      </div>
      {pasting && <Paste onDone={() => setPasting(false)} />}
    </section>
  );
}

function Paste({ onDone }: { readonly onDone: () => void }): ReactNode {
  const { session } = useWorkbench();
  const [text, setText] = useState('');
  return (
    <form
      className="paste"
      onSubmit={(event) => {
        event.preventDefault();
        void session.useText('pasted text', new TextEncoder().encode(text)).then(onDone);
      }}
    >
      <textarea
        autoFocus
        rows={6}
        aria-label="Text to train on"
        placeholder="Paste text to train on"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="row">
        <button type="submit" disabled={text.length === 0}>
          Use this text
        </button>
        <span className="num muted">{bytes(text.length)}</span>
      </div>
    </form>
  );
}
