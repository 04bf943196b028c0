/** Bytes of a key-value cache and what reading them costs. Source: workflow-and-explainers 4.4, 5; attention-and-kv 5.6, 8.1. */

export interface AttentionShape {
  readonly layers: number;
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/** Stored numbers of one token in one layer. `splice` gives each layer its own latent width. */
export type CacheKind =
  | { readonly kind: 'heads' }
  | { readonly kind: 'mla'; readonly latent: number }
  | { readonly kind: 'kvsplice'; readonly latent: number; readonly spliced: number; readonly splicedLayers: number };

export interface KvFormat {
  readonly name: string;
  /** Bits an element, scales included. */
  readonly keyBits: number;
  readonly valueBits: number;
}

/** Groups of 32 carry one f16 scale: 4 + 16/32 and 8 + 16/32 bits. */
export const FORMATS: readonly KvFormat[] = [
  { name: 'f32', keyBits: 32, valueBits: 32 },
  { name: 'f16', keyBits: 16, valueBits: 16 },
  { name: 'K16/V8', keyBits: 16, valueBits: 8 },
  { name: 'int8', keyBits: 8, valueBits: 8 },
  { name: 'int4', keyBits: 4, valueBits: 4 },
  { name: 'int4 g32', keyBits: 4.5, valueBits: 4.5 },
];

/**
 * Bytes a token. A latent serves keys and values at once and is stored at the key width.
 * @throws RangeError when more layers are spliced than the model has.
 */
export function kvBytesPerToken(shape: AttentionShape, cache: CacheKind, format: KvFormat): number {
  switch (cache.kind) {
    case 'heads':
      return (shape.layers * shape.kvHeads * shape.headDim * (format.keyBits + format.valueBits)) / 8;
    case 'mla':
      return (shape.layers * cache.latent * format.keyBits) / 8;
    case 'kvsplice': {
      const plain = shape.layers - cache.splicedLayers;
      if (plain < 0) throw new RangeError(`${cache.splicedLayers} spliced layers, but the model has ${shape.layers}`);
      return ((plain * cache.latent + cache.splicedLayers * cache.spliced) * format.keyBits) / 8;
    }
  }
}

/** Bytes of a batch: a fraction `prefix` of the context is stored once for all sequences. */
export const cacheBytes = (perToken: number, context: number, batch: number, prefix = 0): number =>
  perToken * context * (prefix + (1 - prefix) * batch);

/** Lower bound of one decode step in ms when only the cache is read, at `bandwidth` GB/s. */
export const readTimeMs = (bytes: number, bandwidth: number): number => bytes / (bandwidth * 1e6);

/** Upper bound of tokens per second for a batch, cache traffic alone. */
export const tokensPerSecond = (bytes: number, bandwidth: number, batch: number): number =>
  (1000 * batch) / readTimeMs(bytes, bandwidth);

/** Cache positions read while `generated` tokens follow a context of `start`: G C0 + G(G-1)/2. */
export const totalReads = (start: number, generated: number): number =>
  generated * start + (generated * (generated - 1)) / 2;

/** GB/s that a single sequence needs to keep `rate` tokens per second. */
export const bandwidthDemand = (context: number, perToken: number, rate: number): number =>
  (context * perToken * rate) / 1e9;

/** Speed-up of decode when cache traffic shrinks to `ratio` and the cache is the share `f` of all bytes (Amdahl). */
export const trafficSpeedup = (f: number, ratio: number): number => 1 / (1 - f * (1 - ratio));
