/** Analyses of trained weights as a recorded worker gives them: plausible shapes, after a moment. */
import { type AnalysisApi, SUPERSEDED } from '@/worker/analysis-protocol';
import { ONE_SHOT_SCORES } from '@/experiment/one-shot';

const PRUNABLE = 786_432;
const MATRICES = ['attn.c_attn', 'attn.c_proj', 'mlp.c_fc', 'mlp.c_proj'];
/** How much worse than magnitude. */
const HARM: Readonly<Record<string, number>> = { random: 4, wanda: 0.9, fisher: 0.8 };

export function fakeAnalyses(step: () => number): AnalysisApi {
  let newest = 0;
  return {
    oneShot(request, onProgress) {
      const ticket = ++newest;
      const { score, sparsity } = request;
      onProgress({ stage: 'evaluating', done: 0, total: 1 });
      const loss = 1.8 + (HARM[score] ?? 1) * (0.9 * sparsity ** 4 + 0.02 * sparsity);
      const density = [0, 1, 2, 3].flatMap((l) =>
        MATRICES.map((m, i) => [`transformer.h.${l}.${m}.weight`, 1 - sparsity * (0.7 + 0.08 * i + 0.02 * l)] as const),
      );
      return new Promise((resolve, reject) =>
        setTimeout(() => {
          if (ticket !== newest) return reject(new Error(SUPERSEDED));
          if (score === 'bitter6')
            return reject(new Error('bitter6 needs exp_avg, which is not kept with these weights'));
          resolve({
            request, subject: 'the Lab’s run', step: step(), scores: ONE_SHOT_SCORES, lossBefore: 1.8, loss,
            pruned: Math.round(sparsity * PRUNABLE), prunable: PRUNABLE, density: Object.fromEntries(density),
            jaccardMagnitude: score === 'magnitude' ? 1 : 0.84,
          }); // prettier-ignore
        }, 60),
      );
    },
    cancelOneShot: () => Promise.resolve(void newest++),
    fisherAdam({ sequences }, onProgress) {
      onProgress({ stage: 'one gradient a sequence', done: 1, total: sequences });
      // A ridge around the line of equality, over six decades.
      const points = Array.from({ length: 2000 }, (_, i) => {
        const [at, off] = [-9 + 6 * ((i * 0.618034) % 1), ((i * 0.414214) % 1) - 0.5];
        return [10 ** at, 10 ** (at + off * Math.abs(off) * 3)] as const;
      });
      const agreement = { n: 2000, spearman: 0.978, logPearson: 0.961, ratio: 0.978 };
      const tensors = ['transformer.wte.weight', 'transformer.h.0.attn.c_attn.weight', 'transformer.h.0.mlp.c_fc.bias'];
      return Promise.resolve({
        ...{ sequences, batch: 8, parameters: 818_048, pooled: agreement, meanShare: 0.014, bottom: [] },
        ...{ overBatch: [], overBeta2: [], points, step: step(), beta2: 0.99 },
        tensors: tensors.map((name) => ({ name, ...agreement, sumV: 1, sumF: 8 })),
      });
    },
    cancelFisherAdam: () => Promise.resolve(),
  };
}
