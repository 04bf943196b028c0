/** What each measurement of the Decode page computes, from the functions that the commands call. */
import type { Corpus } from '@/data/corpus';
import type { ExperimentConfig } from '@/experiment/config';
import {
  ASYMMETRY_PAIRS,
  type Subject,
  asymmetry,
  contextScaling,
  fusion,
  heldOut,
  injectKeyBias,
  saturation,
} from '@/experiment/kv-experiments';
import { measureRoofline } from '@/experiment/roofline';
import type { Watch } from '@/experiment/watch';
import type { MeasureRequest } from './decode-protocol';

export interface Material {
  readonly subject: Subject;
  readonly config: ExperimentConfig;
  readonly corpus: Corpus;
}

/** Held-out windows of a scoring batch. */
const ROWS = 8;

export async function outcome({ subject, config, corpus }: Material, { what }: MeasureRequest, watch: Watch) {
  const { model, engine } = subject;
  const windows = (n: number) => heldOut(corpus, [ROWS, model.blockSize], config.training.seed, n);
  switch (what.kind) {
    case 'roofline':
      return { kind: what.kind, ...(await measureRoofline(engine, config, corpus, watch)) };
    case 'saturation':
      return { kind: what.kind, ...(await saturation(subject, what.batches, what.samples, watch)) };
    case 'context': {
      const contexts = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => Math.max(1, Math.round((i * model.blockSize) / 8)));
      return { kind: what.kind, ...(await contextScaling(subject, what.batch, contexts, what.samples, watch)) };
    }
    case 'fusion': {
      const { batch, context } = what;
      const shape = { batch, heads: model.nHead, headDim: model.nEmbd / model.nHead, context };
      return { kind: what.kind, ...(await fusion(subject, shape, watch)) };
    }
    case 'asymmetry':
      return {
        kind: what.kind,
        tokens: what.batches * ROWS * model.blockSize,
        rows: await asymmetry(subject, ROWS, windows(what.batches), ASYMMETRY_PAIRS, {}, watch),
      };
    case 'store': {
      const { k, v, injectBias, preBiasK, batches } = what;
      const weights = injectBias === 0 ? subject.weights : injectKeyBias(subject.weights, model.nEmbd, injectBias);
      const rows = await asymmetry({ ...subject, weights }, ROWS, windows(batches), [[k, v]], { preBiasK }, watch);
      return { kind: what.kind, tokens: batches * ROWS * model.blockSize, rows };
    }
  }
}
