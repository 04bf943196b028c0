/** The static graph: tensors, ops, differentiation, f64 reference. */
export * from './types';
export { Graph } from './graph';
export { gradients } from './autodiff';
export { runReference, type RefValues } from './reference';
export { matmul, matmulSizes, type MatmulAttrs } from './ops/matmul';
export * from './ops/elementwise';
export { rope, ropeFrequency, type RopeAttrs } from './ops/rope';
export { sumTo } from './ops/sum-to';
export { layerNorm, layerNormBackward, type LayerNormAttrs } from './ops/layer-norm';
export { attention, attentionBackward, attentionSizes, type AttentionAttrs } from './ops/attention';
export { embedding, embeddingBackward, positionBackward } from './ops/embedding';
export { attentionCached, cacheAppend, cachedAttentionSizes, keySplits, type CachedAttentionAttrs } from './ops/decode';
export { cacheAppendPacked, cacheUnpack, type KvAttrs } from './ops/kv-cache';
export * from './kv-format';
export { crossEntropy, crossEntropyBackward } from './ops/cross-entropy';
export { dropout, type DropoutAttrs } from './ops/dropout';
export { sliceLast, concatLast, type SliceAttrs } from './ops/views';
export { erf } from './math';
