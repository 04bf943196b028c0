/** What a layer must keep of every past token to decode the next one. Spec: attention-and-kv 5.6, 2.2 (RA), 7 (tying). */
import type { LayerAttention } from './config';

export type CachePart = 'k' | 'v' | 'kv' | 'latent' | 'code' | 'q';

export interface LayerCache {
  readonly layer: number;
  /** Elements per token of each part. */
  readonly parts: readonly { readonly part: CachePart; readonly width: number }[];
}

function partsOf(layer: LayerAttention, nEmbd: number): LayerCache['parts'] {
  const { core, ra, nHead } = layer;
  if (core.kind === 'mla')
    return core.splice ? [{ part: 'code', width: core.splice.rank }] : [{ part: 'latent', width: core.latent }];
  // Tied k and v are one tensor unless the keys are rotated.
  const own: LayerCache['parts'] =
    core.kvTying && !layer.rope
      ? [{ part: 'kv', width: nEmbd }]
      : [
          { part: 'k', width: nEmbd },
          { part: 'v', width: nEmbd },
        ];
  // The reciprocal branch attends to past queries.
  return ra ? [...own, { part: 'q', width: (ra.heads * nEmbd) / nHead }] : own;
}

export const layerCaches = (layers: readonly LayerAttention[], nEmbd: number): readonly LayerCache[] =>
  layers.map((layer, index) => ({ layer: index, parts: partsOf(layer, nEmbd) }));

/** Bytes per token over the whole model, with `bytes` per stored element. */
export const cacheBytesPerToken = (layers: readonly LayerAttention[], nEmbd: number, bytes = 4): number =>
  layerCaches(layers, nEmbd).reduce((sum, { parts }) => sum + parts.reduce((s, p) => s + p.width, 0), 0) * bytes;
