/**
 * What every head of a model attends to on one text: the rows of its attention, causal half only. Spec: attention-and-kv 2.2, 2.3.
 *   standard    P = softmax(q k^T s)
 *   reciprocal  P' = softmax(k q^T s) of the heads that have the branch
 *   mixed       a P + b P' where both weigh the same values: 0.9375, 0.0625 (fixed); 1 - tanh(a), tanh(a) (delta)
 * The learned form projects and normalises P' v before it adds it: no single map stands for its sum, so it has no mixed one.
 */
import type { EngineDevice } from '@/engine/device';
import { forEachRow } from '@/fisher/trace';
import { type ReciprocalForm, resolveAttention } from '@/models/attention/config';
import { FIXED_RECIPROCAL, FIXED_STANDARD } from '@/models/attention/reciprocal';
import type { Gpt2Config } from '@/models/config';
import { buildGpt2 } from '@/models/gpt2';
import type { NamedTensors } from './backend';
import { type AttentionNode, attentionNodes, queryKey } from './fisher-trace';
import { type TensorValues, openProbe } from './graph-probe';

export type MapKind = 'standard' | 'reciprocal' | 'mixed';

export interface HeadMap {
  readonly layer: number;
  /** Of the layer's heads, from 0. */
  readonly head: number;
  readonly kind: MapKind;
  /** Rows end to end: row i has i + 1 probabilities and starts at i (i + 1) / 2. */
  readonly rows: Float32Array;
}

export interface AttentionMapsRequest {
  /** null: the f64 reference. */
  readonly engine: EngineDevice | null;
  readonly model: Gpt2Config;
  readonly weights: NamedTensors;
  /** At most the block size. */
  readonly tokens: readonly number[];
}

function packedRows(of: AttentionNode, values: TensorValues, head: number): Float32Array {
  const qk = queryKey(of, values);
  const rows = new Float32Array((qk.seq * (qk.seq + 1)) / 2);
  forEachRow(qk, head, (p, i) => rows.set(p.subarray(0, i + 1), (i * (i + 1)) / 2));
  return rows;
}

/** Shares of P and P' in the mixed map; null where there is none. */
function mixture(form: ReciprocalForm, layer: number, weights: NamedTensors): readonly [number, number] | null {
  switch (form) {
    case 'fixed':
      return [FIXED_STANDARD, FIXED_RECIPROCAL];
    case 'delta': {
      const [name] = [...weights.keys()].filter((n) => n.endsWith(`h.${layer}.attn.ra_logit`));
      const beta = Math.tanh(name === undefined ? 0 : weights.get(name)!.data[0]!);
      return [1 - beta, beta];
    }
    case 'learned':
    case 'fold':
    case 'lens':
    case 'leak':
      return null;
  }
}

/** Maps of all layers and heads, without dropout. Throws WeightsError or DeviceError. */
export async function attentionMaps({
  engine,
  model,
  weights,
  tokens,
}: AttentionMapsRequest): Promise<readonly HeadMap[]> {
  const { graph, ids } = buildGpt2(model, 1, tokens.length);
  const layers = resolveAttention(model.attention, model);
  // The second attention of the leak form runs against time: it has no causal half to show.
  const nodes = attentionNodes(graph).filter(
    ({ layer, branch }) => branch === 'standard' || layers[layer]?.ra?.form !== 'leak',
  );
  const read = [...new Set(nodes.flatMap(({ node }) => node.inputs.slice(0, 2)))];
  const probe = await openProbe(engine, { graph, weights, read, seed: 0 });
  try {
    const values = await probe.run(new Map([[ids, Uint32Array.from(tokens)]]));
    const maps: HeadMap[] = [];
    for (const of of nodes) {
      const { layer, branch } = of;
      const { nHead } = of.node.attrs;
      const standard = maps.filter((m) => m.layer === layer && m.kind === 'standard');
      const first = branch === 'standard' ? 0 : standard.length - nHead;
      const mix = branch === 'reciprocal' ? mixture(layers[layer]!.ra!.form, layer, weights) : null;
      for (let h = 0; h < nHead; h++) {
        const rows = packedRows(of, values, h);
        maps.push({ layer, head: first + h, kind: branch, rows });
        if (!mix) continue;
        const own = standard[first + h]!.rows;
        maps.push({ layer, head: first + h, kind: 'mixed', rows: rows.map((p, i) => mix[0] * own[i]! + mix[1] * p) });
      }
    }
    return maps;
  } finally {
    probe.destroy();
  }
}
