/** Runs a decode experiment: what the page and `wb decode preset` both call. */
import type { Corpus } from '@/data/corpus';
import { SAMPLE_MS } from '@/engine/probe';
import type { KernelProgram } from '@/engine/kernel';
import type { ExperimentConfig } from './config';
import type { Measurement } from './decode-presets';
import {
  ASYMMETRY_PAIRS,
  type Subject,
  asymmetry,
  calibration,
  contextScaling,
  fusion,
  heldOut,
  injectKeyBias,
  saturation,
} from './kv-experiments';
import { kernelRecords } from './manifest/kernels';
import { measureRoofline } from './roofline';
import { type StreamShare, measureShare } from './stream-share';
import type { Watch } from './watch';

export interface Material {
  readonly subject: Subject;
  readonly config: ExperimentConfig;
  readonly corpus: Corpus;
}

/** Held-out windows of a scoring batch. */
const ROWS = 8;

async function outcome({ subject, config, corpus }: Material, what: Measurement, watch: Watch) {
  const { model, engine } = subject;
  const heads = { heads: model.nHead, headDim: model.nEmbd / model.nHead };
  const { seed } = config.training;
  const windows = (n: number) => heldOut(corpus, [ROWS, model.blockSize], seed, n);
  switch (what.kind) {
    case 'roofline':
      return { kind: what.kind, ...(await measureRoofline(engine, config, corpus, watch)) };
    case 'bandwidth': {
      const { batch, context, rounds } = what;
      watch('attention, copy and sum in turn', 0, 1);
      const share: StreamShare = await measureShare(
        engine,
        { batch, context, ...heads },
        { rounds, sampleMs: SAMPLE_MS },
      );
      return { kind: what.kind, ...share };
    }
    case 'saturation':
      return { kind: what.kind, ...(await saturation(subject, what.batches, what.samples, watch)) };
    case 'context': {
      const contexts = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => Math.max(1, Math.round((i * model.blockSize) / 8)));
      return { kind: what.kind, ...(await contextScaling(subject, what.batch, contexts, what.samples, watch)) };
    }
    case 'fusion': {
      const { batch, context } = what;
      return { kind: what.kind, ...(await fusion(subject, { batch, context, ...heads }, watch)) };
    }
    case 'asymmetry':
      return {
        kind: what.kind,
        tokens: what.batches * ROWS * model.blockSize,
        rows: await asymmetry(subject, ROWS, windows(what.batches), ASYMMETRY_PAIRS, {}, watch),
      };
    case 'calibration':
      return { kind: what.kind, ...(await calibration(subject, corpus, seed, what.prompts, watch)) };
    case 'store': {
      const { k, v, injectBias, preBiasK, batches, group, cap, asymmetric } = what;
      const weights = injectBias === 0 ? subject.weights : injectKeyBias(subject.weights, model.nEmbd, injectBias);
      const format = { preBiasK, group, cap, asymmetric };
      const rows = await asymmetry({ ...subject, weights }, ROWS, windows(batches), [[k, v]], format, watch);
      return { kind: what.kind, tokens: batches * ROWS * model.blockSize, rows };
    }
  }
}

export type Outcome = Awaited<ReturnType<typeof outcome>>;

/** A measurement and every kernel variant that it dispatched. */
export async function measured({ subject, ...material }: Material, what: Measurement, watch: Watch) {
  const programs: KernelProgram[] = [];
  const engine = { ...subject.engine, dispatched: (list: readonly KernelProgram[]) => void programs.push(...list) };
  const result = await outcome({ ...material, subject: { ...subject, engine } }, what, watch);
  return { result, kernels: kernelRecords(programs) };
}
