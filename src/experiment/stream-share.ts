/**
 * Decode attention against the stream copy, on the same bytes: the copy moves K to V in the very buffers that attention reads,
 * so both touch the same working set, and samples of the two alternate, so that a slow moment of the machine meets both.
 */
import { type AttentionShape, F32_FORM, REGION, attentionVariant, prepareAttention } from '@/decode/bandwidth';
import type { EngineDevice } from '@/engine/device';
import { type TimedRun, repeatsFor, streamCopy, streamRead, timed } from '@/engine/probe';
import { type Tuning, memoryTuneCache } from '@/engine/tuning';
import { type Spread, median, spread } from './stats/summary';

export interface ShareRound {
  /** GB/s read and written by the copy, mean time of the samples before and after attention. */
  readonly streamGBs: number;
  /** GB/s of K and V read once. */
  readonly attentionGBs: number;
  /** GB/s of K and V read once by a sum that does nothing else: what attention could reach. */
  readonly readGBs: number;
}

export interface StreamShare {
  readonly shape: AttentionShape;
  /** Of the split kernel, as dispatched. */
  readonly variant: string;
  /** K and V as stored. */
  readonly bytes: number;
  /** Milliseconds of one attention, median. */
  readonly ms: number;
  /** Attention over copy of the same round: median, least and greatest. */
  readonly share: Spread;
  /** Attention over the sum of the same round. */
  readonly ofRead: Spread;
  /** Attention over copy in processor time instead of elapsed time; null without such a clock. */
  readonly processorShare: Spread | null;
  /** Of each rate over the rounds. */
  readonly medians: ShareRound;
  readonly rounds: readonly ShareRound[];
}

export interface ShareOptions {
  readonly rounds: number;
  /** Smallest time of a sample, milliseconds. */
  readonly sampleMs: number;
  /** Processor milliseconds of this process so far: what a CPU adapter spends, whoever else keeps the machine busy. */
  readonly processorMs?: () => number;
}

/** Of one run, milliseconds. */
interface Cost {
  readonly ms: number;
  readonly processor: number;
}

/**
 * Split-K attention of one query a sequence to a full f32 cache, and the copy, `rounds` times in turn. The variant is the one that
 * autotune knows for the shape, or finds now.
 */
export async function measureShare(
  engine: EngineDevice,
  shape: AttentionShape,
  { rounds, sampleMs, processorMs }: ShareOptions,
): Promise<StreamShare> {
  const { device, traits } = engine;
  const tuning: Tuning = { cache: engine.tuning?.cache ?? memoryTuneCache(), measure: ['attention_cached'] };
  const { run: attention, buffers, bytes, programs, destroy } = await prepareAttention(engine, shape, F32_FORM, tuning);
  const [k, v] = [buffers.get(REGION.k)!, buffers.get(REGION.v)!];
  try {
    const copy = await timed(device, streamCopy(k, v, traits.software));
    const sum = await timed(device, streamRead(k, v, traits.software));
    const repeats = new Map<TimedRun, number>();
    for (const run of [attention, copy, sum]) repeats.set(run, await repeatsFor(run, sampleMs));
    const sample = async (run: TimedRun): Promise<Cost> => {
      const n = repeats.get(run)!;
      const begin = processorMs?.() ?? 0;
      const ms = (await run(n)) / n;
      return { ms, processor: ((processorMs?.() ?? 0) - begin) / n };
    };
    const times: number[] = [];
    const processorShares: number[] = [];
    const list: ShareRound[] = [];
    let before = await sample(copy);
    for (let round = 0; round < rounds; round++) {
      const { ms, processor } = await sample(attention);
      const after = await sample(copy);
      times.push(ms);
      list.push({
        streamGBs: (2 * bytes) / (before.ms + after.ms) / 1e6,
        attentionGBs: bytes / ms / 1e6,
        readGBs: bytes / (await sample(sum)).ms / 1e6,
      });
      processorShares.push((before.processor + after.processor) / (2 * processor));
      before = after;
    }
    const share = spread(list.map((r) => r.attentionGBs / r.streamGBs));
    const ofRead = spread(list.map((r) => r.attentionGBs / r.readGBs));
    const over = (key: keyof ShareRound): number => median(list.map((round) => round[key]));
    const medians = { streamGBs: over('streamGBs'), attentionGBs: over('attentionGBs'), readGBs: over('readGBs') };
    const variant = attentionVariant(programs);
    return {
      shape,
      variant,
      bytes,
      ms: median(times),
      share,
      ofRead,
      processorShare: processorMs ? spread(processorShares) : null,
      medians,
      rounds: list,
    };
  } finally {
    destroy();
  }
}
