/** What a decoder of this model keeps of every token, layer by layer, against multi-head attention. */
import { type ReactNode, useState } from 'react';
import type { CachePart, CacheSummary } from '@/worker/protocol';
import { bytes, count, significant } from '../../format';
import { Fact } from '../AdapterSection';

type Layers = Extract<CacheSummary, { layers: unknown }>['layers'];
type Parts = Layers[number]['parts'];

const F32 = 4;

/** Names and fixed colours: a part looks the same in every model. */
const PARTS: Readonly<Record<CachePart, readonly [name: string, fill: number]>> = {
  k: ['keys', 0],
  v: ['values', 1],
  kv: ['keys = values', 2],
  q: ['queries', 3],
  latent: ['latent', 4],
  code: ['code', 5],
  key_lane: ['keys\u2019 latent', 0],
  value_lane: ['values\u2019 latent', 1],
};

const elements = (parts: Parts): number => parts.reduce((sum, p) => sum + p.width, 0);

/** Neighbouring layers that keep the same, as one row. */
export function layerGroups(layers: Layers): readonly { readonly name: string; readonly parts: Parts }[] {
  const key = (parts: Parts): string => parts.map((p) => `${p.part} ${p.width}`).join();
  const groups: { first: number; last: number; parts: Parts }[] = [];
  for (const { layer, parts } of layers) {
    const open = groups.at(-1);
    if (open && key(open.parts) === key(parts)) open.last = layer;
    else groups.push({ first: layer, last: layer, parts });
  }
  return groups.map(({ first, last, parts }) => ({
    name: first === last ? `layer ${first}` : `layers ${first}\u2013${last}`,
    parts,
  }));
}

export function CacheComposition({ layers, nEmbd, blockSize }: Extract<CacheSummary, { layers: unknown }>): ReactNode {
  const perToken = F32 * layers.reduce((sum, { parts }) => sum + elements(parts), 0);
  const mha = F32 * 2 * nEmbd * layers.length;
  const widest = Math.max(2 * nEmbd, ...layers.map(({ parts }) => elements(parts)));
  const used = [...new Set(layers.flatMap(({ parts }) => parts.map((p) => p.part)))];
  return (
    <>
      <table className="table cache-table">
        <thead className="visually-hidden">
          <tr>
            <th scope="col">Layers</th>
            <th scope="col">Kept of a token, against multi-head attention</th>
            <th scope="col">Bytes a token and layer</th>
          </tr>
        </thead>
        <tbody>
          {layerGroups(layers).map(({ name, parts }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="cache-cell">
                <div
                  className="stack cache-bar"
                  role="img"
                  aria-label={parts.map((p) => `${PARTS[p.part][0]} ${p.width} elements`).join(', ')}
                >
                  {parts.map((p) => (
                    <div
                      key={p.part}
                      className={`fill-${PARTS[p.part][1]}`}
                      style={{ width: `${(100 * p.width) / widest}%` }}
                    />
                  ))}
                </div>
              </td>
              <td className="num">{count(F32 * elements(parts))} B</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="cache-legend muted">
        {used.map((part) => (
          <span key={part}>
            <i className={`swatch fill-${PARTS[part][1]}`} aria-hidden="true" />
            {PARTS[part][0]}
          </span>
        ))}
      </p>
      <dl className="facts">
        <Fact name="A token (f32)" value={`${count(perToken)} B`} />
        <Fact
          name="Multi-head attention"
          value={mha === perToken ? 'the same' : `${count(mha)} B, ${significant(mha / perToken, 3)} \u00d7`}
        />
      </dl>
      <AtContext key={blockSize} perToken={perToken} mha={mha} blockSize={blockSize} />
    </>
  );
}

/** The whole cache of one sequence of any length; starts at what the model is trained on. */
function AtContext(props: { readonly perToken: number; readonly mha: number; readonly blockSize: number }): ReactNode {
  const { perToken, mha, blockSize } = props;
  const [context, setContext] = useState(blockSize);
  return (
    <div className="cache-context">
      <label className="field">
        <span>Tokens</span>
        <input
          className="num"
          title="Length of the sequence"
          type="number"
          min={1}
          step={1}
          value={context}
          onChange={({ target }) => setContext(Math.max(1, Math.round(Number(target.value)) || 1))}
        />
      </label>
      <output className="num" aria-live="polite">
        {bytes(perToken * context)}
        {mha !== perToken && <span className="muted"> of {bytes(mha * context)}</span>}
      </output>
    </div>
  );
}
