/** Which layers or heads an idea is applied to. Spec: attention-and-kv 2.2 (centre), 5.4, 6.4. */
import { ModelConfigError } from '../errors';

export type LayerPolicy =
  | { readonly kind: 'all' }
  | { readonly kind: 'first' | 'last' | 'centre'; readonly count: number }
  | { readonly kind: 'random'; readonly count: number; readonly seed: number }
  /** The layers with the lowest or highest value of a signal measured on a checkpoint, one value a layer. */
  | {
      readonly kind: 'lowest' | 'highest';
      readonly count: number;
      readonly signal: string;
      readonly values: readonly number[] | null;
    };

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** A 32-bit mixer (Steele, Lea and Flood's SplitMix finaliser): word number `index` of a stream. */
function mixed(seed: number, index: number): number {
  let z = (Math.imul(seed, 0x9e3779b9) + Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

/** Fisher-Yates: a function of (seed, nLayer). */
function shuffled(nLayer: number, seed: number): number[] {
  const order = range(0, nLayer);
  for (let i = nLayer - 1; i > 0; i--) {
    const j = Math.floor((mixed(seed, i) / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

function ranked(policy: Extract<LayerPolicy, { kind: 'lowest' | 'highest' }>, nLayer: number, symbol: string) {
  const { values, signal, kind } = policy;
  if (!values)
    throw new ModelConfigError(
      `${symbol}: the policy ranks layers by ${signal}, and no checkpoint to measure it was given`,
    );
  if (values.length !== nLayer)
    throw new ModelConfigError(
      `${symbol}: ${signal} was measured on ${values.length} layers, and the model has ${nLayer}`,
    );
  const sign = kind === 'lowest' ? 1 : -1;
  return range(0, nLayer).sort((a, b) => sign * (values[a]! - values[b]!) || a - b);
}

/**
 * The layers that a policy selects of `nLayer`, ascending and distinct. `symbol` is the option that gives the count, for
 * messages. Throws ModelConfigError when it selects none, more than there are, or needs a signal that was not measured.
 */
export function selectLayers(policy: LayerPolicy, nLayer: number, symbol: string): readonly number[] {
  if (policy.kind === 'all') return range(0, nLayer);
  const { count } = policy;
  if (!Number.isInteger(count) || count < 1)
    throw new ModelConfigError(`${symbol}=${count} selects no layer; give 1 to ${nLayer}, or turn the option off`);
  if (count > nLayer)
    throw new ModelConfigError(`${symbol}=${count} selects more layers than the ${nLayer} of GPT2_N_LAYER=${nLayer}`);
  const order = (): number[] => {
    switch (policy.kind) {
      case 'first':
        return range(0, count);
      case 'last':
        return range(nLayer - count, count);
      case 'centre':
        return range(Math.max(0, Math.floor(nLayer / 2) - Math.floor(count / 2)), count);
      case 'random':
        return shuffled(nLayer, policy.seed).slice(0, count);
      case 'lowest':
      case 'highest':
        return ranked(policy, nLayer, symbol).slice(0, count);
    }
  };
  return order().sort((a, b) => a - b);
}
