/** All widgets, each behind its own import so that a page loads only what it shows. */
import type { Widget } from './widget/define';

export interface Entry {
  readonly tag: string;
  readonly title: string;
  readonly load: () => Promise<Widget>;
}

const entry = (tag: string, title: string, load: () => Promise<{ readonly widget: unknown }>): Entry => ({
  tag,
  title,
  // The component's props follow from its own attributes; the registry only needs the names.
  load: async () => (await load()).widget as Widget,
});

export const WIDGETS: readonly Entry[] = [
  entry('wb-spearman', 'Rank correlation', () => import('./spearman')),
  entry('wb-kv-calculator', 'KV cache calculator', () => import('./kv-calculator')),
  entry('wb-roofline', 'Roofline', () => import('./roofline')),
  entry('wb-kv-bandwidth', 'Decode bandwidth', () => import('./kv-bandwidth')),
  entry('wb-decode-bottleneck', 'The decode bottleneck', () => import('./decode-bottleneck')),
  entry('wb-kv-quant', 'Cache quantisation', () => import('./kv-quant')),
  entry('wb-fisher-adam', 'Fisher and Adam', () => import('./fisher-adam')),
  entry('wb-pruning', 'Pruning', () => import('./pruning')),
  entry('wb-reciprocal-attention', 'Reciprocal Attention', () => import('./reciprocal-attention')),
  entry('wb-kvsplice', 'KVSplice', () => import('./kvsplice')),
  entry('wb-tiering', 'Memory tiers', () => import('./tiering')),
];

export const findWidget = (tag: string): Entry | undefined =>
  WIDGETS.find((w) => w.tag === tag || w.tag === `wb-${tag}`);
