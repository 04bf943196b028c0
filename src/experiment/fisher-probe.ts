/**
 * The trace as its source logged it: random tokens [4, 128], dropout on, first, middle and last layer, 64 of the pooled rows a
 * head. Spec: attention-and-kv 6.2. Kept to compare with published values; they lie within 0.003 of uniform attention.
 * Of a kvs-single layer we read the head that is used, the source read dead weights.
 */
import { FisherMatrix, type Spectrum, spectrumOf } from '@/fisher/trace-spectrum';
import { forEachRow } from '@/fisher/trace';
import { buildGpt2 } from '@/models/gpt2';
import type { FisherRequest } from './fisher-trace';
import { attentionNodes, queryKey } from './fisher-trace';
import { openProbe } from './graph-probe';
import { drawIndex } from './stats/summary';

const BATCH = 4;
const POSITIONS = 128;
const ROWS = 64;

export interface RepoProbe {
  readonly seq: number;
  readonly layers: readonly { readonly layer: number; readonly heads: readonly Spectrum[] }[];
}

/** `count` of 0 .. n - 1 without replacement. */
function sample(n: number, count: number, seed: number, stream: number): ReadonlySet<number> {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < Math.min(count, n); i++) {
    const j = i + drawIndex(seed, stream, i, n - i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return new Set(order.slice(0, count));
}

export async function repoProbe({ engine, model, weights, seed }: FisherRequest): Promise<RepoProbe> {
  const seq = Math.min(POSITIONS, model.blockSize);
  const { graph, ids } = buildGpt2(model, BATCH, seq, true);
  const probed = new Set([0, Math.floor(model.nLayer / 2), model.nLayer - 1]);
  const nodes = attentionNodes(graph).filter(({ layer, branch }) => branch === 'standard' && probed.has(layer));
  const read = [...new Set(nodes.flatMap(({ node }) => node.inputs.slice(0, 2)))];
  const probe = await openProbe(engine, { graph, weights, read, seed });
  try {
    const tokens = Uint32Array.from({ length: BATCH * seq }, (_, i) => drawIndex(seed, 0, i, model.vocabSize));
    const values = await probe.run(new Map([[ids, tokens]]));
    const layers = nodes.map((of) => {
      const qk = queryKey(of, values);
      const heads = Array.from({ length: qk.nHead }, (_, head) => {
        const chosen = sample(BATCH * seq, ROWS, seed, 1 + of.layer * qk.nHead + head);
        const sum = new FisherMatrix(seq);
        let row = 0;
        forEachRow(qk, head, (p, i) => void (chosen.has(row++) && sum.add(p, i)));
        return spectrumOf(sum.matrix);
      });
      return { layer: of.layer, heads };
    });
    return { seq, layers };
  } finally {
    probe.destroy();
  }
}
