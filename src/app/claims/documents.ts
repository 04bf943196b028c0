/** The document that explains the idea behind a claim; areas without one have no link. */
import type { Claim } from './ledger';

export interface Reading {
  readonly title: string;
  readonly href: string;
}

const doc = (title: string, path: string): Reading => ({ title, href: `#/docs/${path}` });
const TRACE = doc('Fisher trace', 'fisher-trace');
const TIERS = doc('Memory tiering', 'memory-tiering');

const AREAS: Readonly<Partial<Record<string, Reading>>> = {
  'reciprocal-attention': doc('Reciprocal attention', 'reciprocal-attention'),
  gate: doc('Output gate', 'output-gate'),
  'mla-kvsplice': doc('Latent attention and KVSplice', 'kvsplice'),
  ratio: doc('RATIO', 'ratio'),
  rmlp: doc('The reciprocal MLP', 'ratio/reciprocal-mlp'),
  pruning: doc('Pruning', 'pruning'),
  optimizer: doc('Optimizers', 'optimizers'),
  fisher: doc('Fisher and Adam', 'fisher-adam'),
  tiering: TIERS,
  'decode-bandwidth': doc('Decode and bandwidth', 'bandwidth'),
  'kv-quantization': doc('Fewer bits in the cache', 'bandwidth/fewer-bits-in-the-cache'),
  statistics: doc('Correlation and small samples', 'statistics'),
};

/** Claims whose document is not their area's. */
const OWN: Readonly<Partial<Record<string, Reading>>> = {
  'decode-tiering-bandwidth-need': TIERS,
  'unified-signal-all-applications': TIERS,
};

export const readingOf = ({ id, area }: Claim): Reading | undefined =>
  OWN[id] ?? (id.startsWith('fim-trace-') ? TRACE : AREAS[area]);
