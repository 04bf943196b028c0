/** The Decode page's measurements on a device: results of a tiny model, cancelling, and what is refused. */
import { describe, expect, it } from 'vitest';
import { openDevice } from '@/engine/device';
import { loadRunCorpus } from '@/experiment/open-run';
import { Measurer } from '@/worker/decode-measure';
import { DECODE_PRESETS, type Measurement, type MeasureRequest } from '@/worker/decode-protocol';
import { PRESETS } from '@/worker/presets';
import { testGpu } from '../support/gpu';

const overrides = { GPT2_N_LAYER: '1', GPT2_N_EMBD: '32', GPT2_N_HEAD: '2', GPT2_BLOCK_SIZE: '32', BATCH_SIZE: '2', DATASET_TASK_COPY: 'y' }; // prettier-ignore
const request = (what: Measurement, subject: MeasureRequest['subject'] = 'random'): MeasureRequest => ({
  subject,
  what,
  run: { preset: PRESETS[0]!.name, overrides },
});

const engine = openDevice(await testGpu());
const measurer = (busy = false): Measurer =>
  new Measurer({
    engine: () => engine,
    busy: () => busy,
    platform: () => ({ version: '0', commit: 'c', os: 'o', browser: 'b' }),
    idle: () => null,
    corpus: ({ config }) => loadRunCorpus(config, { fetchText: () => Promise.reject(new Error('no text is needed')) }),
  });

describe('measuring', () => {
  it('scores a store beside f32 with the bytes of its buffers', async () => {
    const what = { ...DECODE_PRESETS.store.what, k: 'f16', v: 'f16', batches: 1 } as const;
    const result = await measurer().measure(request(what), () => undefined);
    if (result.kind !== 'store') throw new Error(result.kind);
    expect(result.rows.map((r) => r.cache_bytes)).toEqual([8 * 32 * 2 * 32 * 4, 8 * 32 * 2 * 32 * 2]);
    // Random weights know nothing: about ln of the vocabulary's used part, and halves do not change it.
    expect(Math.abs(result.rows[1]!.delta_perplexity_pct)).toBeLessThan(0.1);
    expect(result).toMatchObject({
      timing: 'fenced',
      subject: 'random initial weights',
      manifest: { schema: 'wb-decode/1', preset: 'decode-quantised-kv', what, app: { version: '0', commit: 'c' } },
    });
  });

  it('compares attention with the stream, and finds the calibration ratio', async () => {
    const share = await measurer().measure(request({ kind: 'bandwidth', batch: 1, context: 64, rounds: 2 }), () => undefined); // prettier-ignore
    if (share.kind !== 'bandwidth') throw new Error(share.kind);
    expect(share).toMatchObject({ bytes: 64 * 32 * 4 * 2, manifest: { preset: 'decode-bandwidth', model: PRESETS[0]!.name } }); // prettier-ignore
    expect(share.rounds).toHaveLength(2);
    const ratio = await measurer().measure(request({ kind: 'calibration', prompts: 2 }), () => undefined);
    if (ratio.kind !== 'calibration') throw new Error(ratio.kind);
    expect(ratio.ratio).toBeCloseTo(ratio.low / ratio.high, 12);
    expect(ratio.keepKeysExact).toBe(ratio.ratio > 3);
  });

  it('ends at the next point when it is cancelled, and is free again', async () => {
    const m = measurer();
    const stages: string[] = [];
    const ended = m.measure(request({ kind: 'saturation', batches: [1, 2, 4], samples: 1 }), ({ stage }) => {
      stages.push(stage);
      if (stage === '2 sequences') void m.cancelMeasurement();
    });
    await expect(m.measure(request({ kind: 'roofline' }), () => undefined)).rejects.toThrow('another measurement');
    await expect(ended).rejects.toThrow('cancelled');
    expect(stages).toEqual(['loading the text and the weights', '1 sequences', '2 sequences']);
    expect(m.active).toBe(false);
  });

  it('refuses beside a run, and weights that are not there', async () => {
    const what = { kind: 'context', batch: 1, samples: 1 } as const;
    await expect(measurer(true).measure(request(what), () => undefined)).rejects.toThrow('a run is going on');
    await expect(measurer().measure(request(what, 'run'), () => undefined)).rejects.toThrow('no finished run');
  });
});
