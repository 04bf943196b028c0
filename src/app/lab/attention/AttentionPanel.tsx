/** What the heads attend to on the reader's own text, at the weights of the current step. */
import { type ReactNode, useState } from 'react';
import type { AttentionView, HeadMap } from '@/worker/protocol';
import { useRun, useUi, useWorkbench } from '../../context';
import { AttentionMap } from './AttentionMap';

type Loaded =
  | { readonly status: 'none' | 'waiting' }
  | { readonly status: 'failed'; readonly message: string }
  | { readonly status: 'ready'; readonly view: AttentionView; readonly step: number };

const distinct = <T,>(values: readonly T[]): readonly T[] => [...new Set(values)];

export function AttentionPanel(): ReactNode {
  const { session, run } = useWorkbench();
  const trained = useRun((s) => s.latest !== null && s.connection === 'ready');
  const sampled = useUi((s) => s.sample.prompt);
  const [typed, setTyped] = useState<string | null>(null);
  const [loaded, setLoaded] = useState<Loaded>({ status: 'none' });
  const prompt = typed ?? sampled;
  const load = async (): Promise<void> => {
    setLoaded({ status: 'waiting' });
    try {
      const view = await session.attention(prompt);
      setLoaded({ status: 'ready', view, step: run.getState().latest?.step ?? 0 });
    } catch (error) {
      setLoaded({ status: 'failed', message: error instanceof Error ? error.message : String(error) });
    }
  };
  return (
    <>
      <form
        className="attention-form"
        onSubmit={(event) => {
          event.preventDefault();
          void load();
        }}
      >
        <input
          className="num"
          aria-label="Text to attend over"
          value={prompt}
          onChange={(e) => setTyped(e.target.value)}
        />
        <button type="submit" disabled={!trained}>
          Show heads
        </button>
      </form>
      <div aria-live="polite">
        {loaded.status === 'none' && (
          <p className="muted">
            {trained ? 'Reads the heads of every layer on this text.' : 'Heads need weights: start a run first.'}
          </p>
        )}
        {loaded.status === 'waiting' && <p className="muted">Reading the heads between two steps.</p>}
        {loaded.status === 'failed' && <p className="warn-text">No maps: {loaded.message}</p>}
      </div>
      {loaded.status === 'ready' && <Heads view={loaded.view} step={loaded.step} />}
    </>
  );
}

interface ChoiceProps<T> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly T[];
  readonly onChange: (value: T) => void;
}

function Choice<T extends string | number>({ label, value, options, onChange }: ChoiceProps<T>): ReactNode {
  return (
    <label className="field">
      <span>{label}</span>
      <select aria-label={label} value={value} onChange={(e) => onChange(options[e.target.selectedIndex]!)}>
        {options.map((o) => (
          <option key={o} value={o}>
            {o}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A choice that a layer or head does not have falls back to its first. */
const orFirst = <T,>(wanted: T, options: readonly T[]): T => (options.includes(wanted) ? wanted : options[0]!);

function Heads({ view, step }: { readonly view: AttentionView; readonly step: number }): ReactNode {
  const { maps, tokens, cut } = view;
  const [wanted, want] = useState<Pick<HeadMap, 'layer' | 'head' | 'kind'>>({ layer: 0, head: 0, kind: 'standard' });
  const layers = distinct(maps.map((m) => m.layer));
  const layer = orFirst(wanted.layer, layers);
  const ofLayer = maps.filter((m) => m.layer === layer);
  const heads = distinct(ofLayer.map((m) => m.head));
  const head = orFirst(wanted.head, heads);
  const ofHead = ofLayer.filter((m) => m.head === head);
  const kinds = ofHead.map((m) => m.kind);
  const kind = orFirst(wanted.kind, kinds);
  const map = ofHead.find((m) => m.kind === kind)!;
  return (
    <>
      <div className="attention-picks">
        <Choice label="Layer" value={layer} options={layers} onChange={(l) => want({ ...wanted, layer: l })} />
        <Choice label="Head" value={head} options={heads} onChange={(h) => want({ ...wanted, head: h })} />
        <Choice label="Map" value={kind} options={kinds} onChange={(k) => want({ ...wanted, kind: k })} />
      </div>
      <AttentionMap map={map} tokens={tokens} />
      <p className="muted">
        Weights near step {step}.{cut > 0 && ` The last ${cut} tokens are left out.`}
      </p>
    </>
  );
}
