/**
 * The decode experiments: what each measures, as data. The page draws a panel for each, `wb decode preset NAME` runs one in the
 * terminal, and its document (decode-document.ts) says which it was. Spec: attention-and-kv 8.2.
 */
import type { KvDtype } from '@/graph';

export type Measurement =
  | { readonly kind: 'roofline' }
  | { readonly kind: 'bandwidth'; readonly batch: number; readonly context: number; readonly rounds: number }
  | { readonly kind: 'saturation'; readonly batches: readonly number[]; readonly samples: number }
  | { readonly kind: 'context'; readonly batch: number; readonly samples: number }
  | { readonly kind: 'fusion'; readonly batch: number; readonly context: number }
  | { readonly kind: 'asymmetry'; readonly batches: number }
  | { readonly kind: 'calibration'; readonly prompts: number }
  | {
      readonly kind: 'store';
      readonly k: KvDtype;
      readonly v: KvDtype;
      /** Neighbouring channels that share a scale: 8, 16 or 32. */
      readonly group: number;
      /** Outlier cap of symmetric formats, in means of the smaller magnitudes; 0: off. */
      readonly cap: number;
      /** Scale and zero point instead of a scale. */
      readonly asymmetric: boolean;
      /** Added to every key bias first. */
      readonly injectBias: number;
      readonly preBiasK: boolean;
      readonly batches: number;
    };

export type MeasurementKind = Measurement['kind'];
export type MeasurementOf<K extends MeasurementKind> = Extract<Measurement, { kind: K }>;

export interface DecodePreset<What extends Measurement = Measurement> {
  readonly name: string;
  readonly title: string;
  /** What is measured and how to read it. */
  readonly about: string;
  readonly what: What;
}

/** One a kind. */
export const DECODE_PRESETS: { readonly [K in MeasurementKind]: DecodePreset<MeasurementOf<K>> } = {
  roofline: {
    name: 'decode-roofline',
    title: 'Roofline of this adapter',
    about:
      "Stream copy and FMA chains give the roof; then every distinct kernel of the configured training step and of decode is repeated until a sample outlasts the clock by far, and compared with its slow twin. Times come from the GPU's timestamps where it has them; else they are fenced by the queue and include the launch.",
    what: { kind: 'roofline' },
  },
  bandwidth: {
    name: 'decode-bandwidth',
    title: 'Attention against the stream',
    about:
      "How fast one query a sequence reads its f32 cache, the model's heads, beside a copy of the same bytes in the same buffers and beside a sum that only reads them. The three take turns. 4 sequences of 2,048 tokens.",
    what: { kind: 'bandwidth', batch: 4, context: 2048, rounds: 5 },
  },
  saturation: {
    name: 'decode-batch-saturation',
    title: 'Batch saturation',
    about:
      "Tokens per second against sequences decoded together, each at the model's full context. A weight is read once for the whole batch, a cache once per sequence. All batches take turns.",
    what: { kind: 'saturation', batches: [1, 2, 4, 8, 16], samples: 8 },
  },
  context: {
    name: 'decode-context-scaling',
    title: 'Context scaling',
    about:
      'Time of one token against the tokens before it, one sequence, all contexts in turn. The slope of the affine fit is the cost of a cached token.',
    what: { kind: 'context', batch: 1, samples: 8 },
  },
  fusion: {
    name: 'decode-fusion',
    title: 'Fusion',
    about:
      "One attention over the same K and V: as f32, as f16, as int4 unpacked by a kernel of its own first, and as int4 unpacked in registers. The four take turns. 4 sequences of 1,024 tokens, the model's heads.",
    what: { kind: 'fusion', batch: 4, context: 1024 },
  },
  asymmetry: {
    name: 'decode-kv-asymmetry',
    title: 'K/V precision asymmetry',
    about:
      'Held-out perplexity with keys and values stored in eight pairs of formats. An error in a key moves the softmax, an error in a value is averaged. Random weights attend to nothing in particular: train a model first.',
    what: { kind: 'asymmetry', batches: 2 },
  },
  calibration: {
    name: 'decode-calibration',
    title: 'Calibration ratio',
    about:
      'One token behind each of five held-out prompts, with the cached keys rounded to 6 and to 8 bits: the largest change of a logit, and the ratio of the two. Above 3 the keys should stay exact, by the rule of the source, found on models of billions of parameters.',
    what: { kind: 'calibration', prompts: 5 },
  },
  store: {
    name: 'decode-quantised-kv',
    title: 'Quantised KV',
    about:
      "One pair of formats beside f32. A constant on every key bias changes nothing that attention sees without rotary positions; a quantiser's scale sees it. Stored before the bias, keys lose it again.",
    what: {
      kind: 'store', k: 'int4', v: 'int4', group: 32, cap: 10, asymmetric: false, injectBias: 0, preBiasK: false, batches: 2,
    }, // prettier-ignore
  },
};
