/** Placement of a model's modules over memory tiers, and what one dense forward pays for it. Source: optimizers-pruning-fisher 5. */
import { mulberry32 } from '../maths/statistics';

export interface Tier {
  readonly bandwidth_gb_per_s: number;
  readonly latency_us: number;
}

export interface Module {
  readonly bytes: number;
  readonly importance: number;
}

export const RANKINGS = ['importance', 'reverse', 'random', 'depth'] as const;
export type Ranking = (typeof RANKINGS)[number];

export const CUTS = ['bytes', 'modules'] as const;
export type Cut = (typeof CUTS)[number];

/** Indices of the modules, the one for the fastest tier first. Equal importance keeps the order of depth. */
export function rank(modules: readonly Module[], by: Ranking): number[] {
  const depth = modules.map((_, i) => i);
  const falling = (a: number, b: number): number => modules[b].importance - modules[a].importance;
  switch (by) {
    case 'importance':
      return depth.sort(falling);
    case 'reverse':
      return depth.sort((a, b) => falling(b, a));
    case 'random': {
      const random = mulberry32(3);
      const keys = depth.map(random);
      return depth.sort((a, b) => keys[a] - keys[b]);
    }
    case 'depth':
      return depth;
  }
}

/**
 * Tier of each module.
 * @param upTo cumulative shares of all tiers but the last, rising, 0 to 1
 * @param cut 'bytes': a module goes where its middle byte falls, so each tier has its share within one module;
 *   'modules': whole modules are counted and rounded down, as the source does
 */
export function place(
  modules: readonly Module[],
  order: readonly number[],
  upTo: readonly number[],
  cut: Cut,
): number[] {
  const size = (i: number): number => (cut === 'bytes' ? modules[i].bytes : 1);
  const total = order.reduce((sum, i) => sum + size(i), 0);
  const ends = upTo.map((share) => (cut === 'bytes' ? share * total : Math.floor(share * total + 1e-9)));
  const tiers = new Array<number>(modules.length);
  let before = 0;
  for (const i of order) {
    const tier = ends.findIndex((end) => before + size(i) / 2 < end);
    tiers[i] = tier < 0 ? ends.length : tier;
    before += size(i);
  }
  return tiers;
}

/** t = setup + bytes / bandwidth, in ms. */
export const transferMs = (bytes: number, tier: Tier): number =>
  tier.latency_us / 1e3 + bytes / (tier.bandwidth_gb_per_s * 1e6);

/** Every weight is fetched once, one module after the other, in ms. */
export const serialMs = (modules: readonly Module[], placed: readonly number[], tiers: readonly Tier[]): number =>
  modules.reduce((sum, { bytes }, i) => sum + transferMs(bytes, tiers[placed[i]]), 0);

/** The source's simulator: 12 ms and the mean over modules of an assumed delay of their tier (0, 0.5 and 2 ms). */
export const simulatorMs = (placed: readonly number[]): number =>
  12 + placed.reduce((sum, tier) => sum + [0, 0.5, 2][tier], 0) / placed.length;
