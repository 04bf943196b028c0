/** What a layer must keep of every past token to decode the next one. Spec: attention-and-kv 5.6, 2.2 (RA), 7 (tying). */
import { type LayerAttention, isScoreForm } from './config';

export type CachePart = 'k' | 'v' | 'kv' | 'latent' | 'code' | 'q' | 'key_lane' | 'value_lane';

export interface LayerCache {
  readonly layer: number;
  /** Elements per token of each part. */
  readonly parts: readonly {
    readonly part: CachePart;
    readonly width: number;
    /** Bits an element could be packed into without changing what attention reads; absent: as stored. */
    readonly bits?: number;
  }[];
}

function partsOf(layer: LayerAttention, nEmbd: number): LayerCache['parts'] {
  const { core, ra, nHead } = layer;
  if (core.kind === 'mla')
    return core.splice ? [{ part: 'code', width: core.splice.rank }] : [{ part: 'latent', width: core.latent }];
  if (core.kind === 'askv')
    return [
      { part: 'key_lane', width: core.keyLatent },
      { part: 'value_lane', width: core.valueLatent, bits: core.bits },
    ];
  if (core.kind === 'single') return [{ part: 'code', width: core.rank }];
  // Tied k and v are one tensor unless the keys are rotated.
  const own: LayerCache['parts'] =
    core.kvTying && !layer.rope
      ? [{ part: 'kv', width: nEmbd }]
      : [
          { part: 'k', width: nEmbd },
          { part: 'v', width: nEmbd },
        ];
  // The reciprocal branch attends to past queries.
  if (!ra || ra.form === 'fold') return own; // folded keys hold what they need of the queries
  return [...own, { part: 'q', width: isScoreForm(ra.form) ? nEmbd : (ra.heads * nEmbd) / nHead }];
}

export const layerCaches = (layers: readonly LayerAttention[], nEmbd: number): readonly LayerCache[] =>
  layers.map((layer, index) => ({ layer: index, parts: partsOf(layer, nEmbd) }));

/** Why a model cannot decode, and so has no cache; null where it can. */
export const undecodable = (layers: readonly LayerAttention[]): string | null =>
  layers.some(({ ra }) => ra?.form === 'leak') ? 'RA_FORM_LEAK attends to the future and cannot decode' : null;

/** Bytes per token over the whole model, with `bytes` per stored element. */
export const cacheBytesPerToken = (layers: readonly LayerAttention[], nEmbd: number, bytes = 4): number =>
  layerCaches(layers, nEmbd).reduce((sum, { parts }) => sum + parts.reduce((s, p) => s + p.width, 0), 0) * bytes;

/** The same with every part packed as far as it may be (scales not counted), `bytes` for the others. */
export const packedBytesPerToken = (layers: readonly LayerAttention[], nEmbd: number, bytes = 2): number =>
  layerCaches(layers, nEmbd).reduce(
    (sum, { parts }) => sum + parts.reduce((s, p) => s + (p.width * (p.bits ?? 8 * bytes)) / 8, 0),
    0,
  );
