/** The Decode page's measurements on a device: results of a tiny model, cancelling, and what is refused. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openDevice } from '@/engine/device';
import { loadRunCorpus } from '@/experiment/open-run';
import { type MeasureHost, Measurer } from '@/worker/decode-measure';
import { measuringAlone } from '@/worker/store/locks';
import { DECODE_PRESETS, DEVICE_LOST, type Measurement, type MeasureRequest } from '@/worker/decode-protocol';
import { PRESETS } from '@/worker/presets';
import { testGpu } from '../support/gpu';

const overrides = { GPT2_N_LAYER: '1', GPT2_N_EMBD: '32', GPT2_N_HEAD: '2', GPT2_BLOCK_SIZE: '32', BATCH_SIZE: '2', DATASET_TASK_COPY: 'y' }; // prettier-ignore
const request = (what: Measurement, subject: MeasureRequest['subject'] = 'random'): MeasureRequest => ({
  subject,
  what,
  run: { preset: PRESETS[0]!.name, overrides },
});

const engine = openDevice(await testGpu());
const measurer = (busy = false, device = () => engine, alone: MeasureHost['alone'] = (body) => body()): Measurer =>
  new Measurer({
    engine: device,
    alone,
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
    const named = share.manifest.kernels.map(({ name, variant }) => `${name}/${variant}`);
    expect(named).toEqual([`attention_cached/${share.variant}`, 'attention_combine/rows']);
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
      if (stage.startsWith('2 sequences')) void m.cancelMeasurement();
    });
    await expect(m.measure(request({ kind: 'roofline' }), () => undefined)).rejects.toThrow('another measurement');
    await expect(ended).rejects.toThrow('cancelled');
    expect(stages).toEqual(['loading the text and the weights', '1 sequence, 32 tokens', '2 sequences, 32 tokens']);
    expect(m.active).toBe(false);
  });

  it('ends between two rounds as well, and counts up to the last', async () => {
    const m = measurer();
    const rounds: string[] = [];
    const ended = m.measure(request({ kind: 'context', batch: 1, samples: 3 }), ({ stage, done, total }) => {
      if (!stage.startsWith('round')) return;
      rounds.push(`${stage}: ${done} of ${total}`);
      if (rounds.length === 2) void m.cancelMeasurement();
    });
    await expect(ended).rejects.toThrow('cancelled');
    expect(rounds).toEqual(['round 1 of 3: 8 of 11', 'round 2 of 3: 9 of 11']);
    expect(m.active).toBe(false);
  });

  it('refuses beside a run, and weights that are not there', async () => {
    const what = { kind: 'context', batch: 1, samples: 1 } as const;
    await expect(measurer(true).measure(request(what), () => undefined)).rejects.toThrow('a run is going on');
    await expect(measurer().measure(request(what, 'run'), () => undefined)).rejects.toThrow('no finished run');
  });
});

describe('when something goes wrong', () => {
  it('a device that goes away ends the measurement by name, and the next one runs on another', async () => {
    const doomed = await openDevice(await testGpu());
    const devices = [doomed, await engine];
    const m = measurer(false, () => Promise.resolve(devices.shift()!));
    const what = { kind: 'saturation', batches: [1, 2, 4], samples: 1 } as const;
    const ended = m.measure(request(what), ({ stage }) => {
      if (stage.startsWith('2 sequences')) doomed.device.destroy();
    });
    await expect(ended).rejects.toMatchObject({ name: DEVICE_LOST, message: expect.stringContaining('was lost while measuring') as string }); // prettier-ignore
    expect(m.active).toBe(false);
    const again = await m.measure(request({ ...what, batches: [1] }), () => undefined);
    expect(again).toMatchObject({ kind: 'saturation', points: [{ batch: 1, context: 32 }] });
  });

  it('a cache that no buffer holds is refused before it is made, with bytes and limit', async () => {
    const { device } = await engine;
    const limit = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
    const context = 2 ** Math.ceil(Math.log2(limit / 128) + 1); // width 32: 128 bytes a token
    await expect(
      measurer().measure(request({ kind: 'bandwidth', batch: 1, context, rounds: 1 }), () => undefined),
    ).rejects.toThrow(`K of 1 x ${context} tokens takes ${128 * context} bytes, and`);
  });

  afterEach(() => vi.unstubAllGlobals());

  /** Locks of one origin: `names` are held by other tabs. */
  const heldElsewhere = (...names: string[]): void => {
    vi.stubGlobal('navigator', {
      locks: {
        query: () => Promise.resolve({ held: names.map((name) => ({ name })) }),
        request: async (name: string, _: unknown, body: (lock: object | null) => unknown) =>
          body(names.includes(name) ? null : {}),
      },
    });
  };

  it('another tab that trains or measures stands in the way, and is named', async () => {
    const what = { ...DECODE_PRESETS.store.what, k: 'f16', v: 'f16', batches: 1 } as const;
    const m = measurer(false, undefined, measuringAlone);
    heldElsewhere('knlp-run:run-7');
    await expect(m.measure(request(what), () => undefined)).rejects.toThrow('run-7 is being trained in another tab');
    heldElsewhere('knlp-measure');
    await expect(m.measure(request(what), () => undefined)).rejects.toThrow('another tab is measuring');
    heldElsewhere();
    await expect(m.measure(request(what), () => undefined)).resolves.toMatchObject({ kind: 'store' });
  });
});
