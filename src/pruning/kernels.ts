/**
 * Pruning over the flat arenas: scores, exact selection by four 8-bit radix digits, ties by index, masks. Slow twins: scores.ts,
 * select.ts. Every kernel is one workgroup a chunk of at most 8,192 elements of one tensor.
 */
import applySource from '@shaders/pruning/apply.wgsl?raw';
import compareSource from '@shaders/pruning/compare.wgsl?raw';
import drawSource from '@shaders/pruning/draw.wgsl?raw';
import descendSource from '@shaders/pruning/descend.wgsl?raw';
import histogramSource from '@shaders/pruning/histogram.wgsl?raw';
import maskWriteSource from '@shaders/pruning/mask_write.wgsl?raw';
import movementSource from '@shaders/pruning/movement.wgsl?raw';
import sampleSource from '@shaders/pruning/sample.wgsl?raw';
import scoreSource from '@shaders/pruning/score.wgsl?raw';
import tieScanSource from '@shaders/pruning/tie_scan.wgsl?raw';
import tiesSource from '@shaders/pruning/ties.wgsl?raw';
import philox from '@shaders/random/philox.wgsl?raw';
import { type Operand, sizeOf, spread } from '@/engine/kernel';
import { Accessors, flatMain } from '@/engine/kernels/access';
import { assemble, single } from '@/engine/kernels/make';
import { asRow } from '@/engine/kernels/optimizer';
import type { PrunableTensor } from './domains';
import { SCORE_NEEDS, type ScoreName, isSigned, structuralWeight } from './scores';

/** Philox purpose of random scores (word 1 of the key). */
export const PRUNE_PURPOSE = 6;
/** Most elements of a chunk. */
export const CHUNK = 8192;
const CHUNK_WORDS = 6;
export const STAT_WORDS = 8;
export const SELECTION_WORDS = 3;

/** Rows of the per-chunk statistics. */
export const STAT = { NON_FINITE: 0, SATURATED: 1, PRUNED: 2, CHANGED: 3, REGROWN: 4, MAGNITUDE: 5, BOTH: 6 } as const;

export interface ChunkTable {
  readonly data: Uint32Array<ArrayBuffer>;
  readonly chunks: number;
  /** Prunable elements. */
  readonly elements: number;
  /** Tensor of each chunk. */
  readonly tensorOf: readonly number[];
}

/** Chunks of the prunable tensors in tie order. */
export function chunkTable(tensors: readonly PrunableTensor[], domainOf: readonly number[]): ChunkTable {
  const words: number[] = [];
  const tensorOf: number[] = [];
  const sigma = new Uint32Array(Float32Array.from(tensors, ({ name }) => structuralWeight(name)).buffer);
  let key = 0;
  tensors.forEach(({ offset, size }, t) => {
    for (let at = 0; at < size; at += CHUNK) {
      const n = Math.min(CHUNK, size - at);
      words.push(offset + at, key, n, domainOf[t]!, sigma[t]!, t);
      tensorOf.push(t);
      key += n;
    }
  });
  return { data: Uint32Array.from(words), chunks: words.length / CHUNK_WORDS, elements: key, tensorOf };
}

/** The table of a sample: as many chunks, each with `drawCount(n)` draws of its elements. */
export function drawTable({ data, chunks, tensorOf }: ChunkTable, drawCount: (n: number) => number): ChunkTable {
  const draws = data.slice();
  let first = 0;
  for (let c = 0; c < chunks; c++) {
    const count = drawCount(data[CHUNK_WORDS * c + 2]!);
    draws.set([0, first, count], CHUNK_WORDS * c);
    first += count;
  }
  return { data: draws, chunks, elements: first, tensorOf };
}

interface Chunked {
  readonly label: string;
  /** ChunkTable.data. */
  readonly chunks: Operand;
}

/** Program of one workgroup a chunk. */
function chunked(
  family: string,
  source: string,
  { label, chunks }: Chunked,
  operands: Readonly<Record<string, Operand | null | undefined>>,
  extra: {
    readonly env?: Readonly<Record<string, number | string>>;
    readonly library?: string;
    readonly usesScalars?: boolean;
    readonly bytes: number;
  },
) {
  const n = sizeOf(chunks.shape) / CHUNK_WORDS;
  const accessors = new Accessors([]);
  accessors.add('chunks', asRow(chunks));
  for (const [name, operand] of Object.entries(operands)) if (operand) accessors.add(name, asRow(operand));
  return assemble({
    label, family, accessors, source, env: { CHUNKS: n, ...extra.env }, library: extra.library ?? '',
    usesScalars: extra.usesScalars ?? false, workgroups: spread(n), flops: 0, bytes: extra.bytes,
  }); // prettier-ignore
}

export interface ScoreArgs extends Chunked {
  readonly score: ScoreName;
  readonly w: Operand;
  readonly expAvg: Operand | null;
  readonly expAvgSq: Operand | null;
  readonly movement: Operand | null;
  readonly initial: Operand | null;
  readonly mask: Operand;
  /** [prunable elements] u32. */
  readonly keys: Operand;
  /** [chunks, 8] u32. */
  readonly stats: Operand;
}

export const scoreKeys = single<ScoreArgs>('prune_score', (args) => {
  const { score } = args;
  const needs = SCORE_NEEDS[score];
  const take = (need: (typeof needs)[number], operand: Operand | null): Operand | null => {
    if (!needs.includes(need)) return null;
    if (!operand) throw new Error(`score ${score} needs ${need}`);
    return operand;
  };
  const unsigned = !isSigned(score);
  const operands = {
    w: score === 'random' ? null : args.w,
    exp_avg: take('exp_avg', args.expAvg), exp_avg_sq: take('exp_avg_sq', args.expAvgSq), moved: take('movement', args.movement),
    initial: take('initial', args.initial), mask: unsigned ? args.mask : null, keys: args.keys, stats: args.stats,
  }; // prettier-ignore
  const env = {
    SCORE: score, PURPOSE: PRUNE_PURPOSE, UNSIGNED: unsigned ? 1 : 0, NEEDS_M: operands.exp_avg ? 1 : 0,
    NEEDS_V: operands.exp_avg_sq ? 1 : 0,
  }; // prettier-ignore
  const library = score === 'random' ? philox : '';
  return chunked('prune_score', scoreSource, args, operands, { env, library, usesScalars: true, bytes: 12 * sizeOf(args.keys.shape) }); // prettier-ignore
});

export interface SelectArgs extends Chunked {
  readonly keys: Operand;
  /** [domains] u32: how many elements go. */
  readonly budget: Operand;
  /** [domains, 256] u32, zero between selections. */
  readonly counts: Operand;
  /** [domains, 3] u32. */
  readonly selection: Operand;
  /** [chunks] u32. */
  readonly ties: Operand;
  /** The new keep bits, in arena layout. */
  readonly fresh: Operand;
  readonly shift: number;
}

export const histogram = single<SelectArgs>('prune_histogram', (args) => {
  const operands = { keys: args.keys, selection: args.shift < 24 ? args.selection : null, counts: args.counts };
  // The bins are atomics, which no accessor declares: `counts` is declared atomic by its buffer type below.
  const program = chunked('prune_histogram', histogramSource, args, operands, { env: { SHIFT: args.shift }, bytes: 4 * sizeOf(args.keys.shape) }); // prettier-ignore
  const code = program.code
    .replace(/(b_counts: array<)u32>/, '$1atomic<u32>>')
    .split('\n')
    .filter((line) => !/^fn counts/.test(line))
    .join('\n');
  return { ...program, code };
});

export const descend = single<SelectArgs>('prune_descend', ({ label, shift, ...args }) => {
  const domains = sizeOf(args.budget.shape);
  const accessors = new Accessors([]);
  if (shift === 24) accessors.add('budget', asRow(args.budget));
  accessors.add('counts', asRow(args.counts));
  accessors.add('selection', asRow(args.selection));
  return assemble({
    label, family: 'prune_descend', accessors, source: descendSource, env: { MAIN: flatMain(domains, 32), SHIFT: shift },
    workgroups: spread(Math.ceil(domains / 32)), flops: 0, bytes: 2048 * domains,
  }); // prettier-ignore
});

export const countTies = single<SelectArgs>('prune_ties', (args) =>
  chunked('prune_ties', tiesSource, args, { keys: args.keys, selection: args.selection, ties: args.ties }, { bytes: 4 * sizeOf(args.keys.shape) }),
); // prettier-ignore

export const scanTies = single<SelectArgs>('prune_tie_scan', ({ label, chunks, ties, budget }) => {
  const domains = sizeOf(budget.shape);
  const accessors = new Accessors([]);
  accessors.add('chunks', asRow(chunks));
  accessors.add('ties', asRow(ties));
  const env = { MAIN: flatMain(domains, 32), CHUNKS: sizeOf(chunks.shape) / CHUNK_WORDS };
  return assemble({
    label, family: 'prune_tie_scan', accessors, source: tieScanSource, env, workgroups: spread(Math.ceil(domains / 32)), flops: 0,
    bytes: 0,
  }); // prettier-ignore
});

export const writeMask = single<SelectArgs>('prune_mask', (args) =>
  chunked(
    'prune_mask',
    maskWriteSource,
    args,
    { keys: args.keys, selection: args.selection, ties: args.ties, fresh: args.fresh },
    { env: { ALL_TIES: 0 }, bytes: 4 * sizeOf(args.keys.shape) },
  ),
);

/** Keep bits under a sampled threshold: every key equal to it goes. */
export const writeSampledMask = single<Pick<SelectArgs, 'label' | 'chunks' | 'keys' | 'selection' | 'fresh'>>(
  'prune_sampled_mask',
  ({ keys, selection, fresh, ...args }) =>
    chunked(
      'prune_sampled_mask',
      maskWriteSource,
      args,
      { keys, selection, fresh },
      {
        env: { ALL_TIES: 1 },
        bytes: 4 * sizeOf(keys.shape),
      },
    ),
);

export interface DrawArgs extends Chunked {
  /** drawTable of `chunks`. */
  readonly draws: Operand;
  readonly keys: Operand;
  readonly drawn: Operand;
}

export const drawKeys = single<DrawArgs>(
  'prune_draw',
  ({ draws, keys, drawn, ...args }) =>
  chunked('prune_draw', drawSource, args, { draws, keys, drawn }, {
    env: { PURPOSE: PRUNE_PURPOSE }, library: philox, usesScalars: true, bytes: 8 * sizeOf(drawn.shape),
  }), // prettier-ignore
);

export interface CompareArgs extends Chunked {
  readonly mask: Operand;
  readonly fresh: Operand;
  /** Keep bits of the magnitude score under the same budget; may be `fresh`. */
  readonly magnitude: Operand;
  readonly stats: Operand;
}

export const compareMasks = single<CompareArgs>('prune_compare', ({ mask, fresh, magnitude, stats, ...args }) =>
  chunked('prune_compare', compareSource, args, { mask, fresh, magnitude, stats }, { bytes: sizeOf(mask.shape) * 12 }),
);

export interface SampleArgs {
  readonly label: string;
  readonly keys: Operand;
  readonly sample: Operand;
}

export const sampleKeys = single<SampleArgs>('prune_sample', ({ label, keys, sample }) => {
  const count = sizeOf(sample.shape);
  const accessors = new Accessors([]);
  accessors.add('keys', asRow(keys));
  accessors.add('sample', asRow(sample));
  return assemble({
    label, family: 'prune_sample', accessors, source: sampleSource,
    env: { MAIN: flatMain(count), STRIDE: Math.floor(sizeOf(keys.shape) / count) },
    workgroups: spread(Math.ceil(count / 64)), flops: 0, bytes: 8 * count,
  }); // prettier-ignore
});

export interface ApplyArgs extends Chunked {
  readonly mask: Operand;
  readonly fresh: Operand;
  /** Weights and optimizer state. */
  readonly arenas: readonly Operand[];
}

export const applyMask = single<ApplyArgs>('prune_apply', ({ mask, fresh, arenas, ...args }) => {
  const named = Object.fromEntries(arenas.map((operand, i) => [`arena${i}`, operand]));
  return chunked(
    'prune_apply',
    applySource,
    args,
    { mask, fresh, ...named },
    { env: { ARENAS: arenas.length }, bytes: 0 },
  );
});

export interface MovementArgs {
  readonly label: string;
  readonly w: Operand;
  readonly g: Operand;
  readonly movement: Operand;
  /** Output of the norm kernel. */
  readonly norm: Operand;
}

export const accumulateMovement = single<MovementArgs>('prune_movement', ({ label, w, g, movement, norm }) => {
  const n = sizeOf(w.shape);
  const accessors = new Accessors([w, g, movement].map(asRow));
  accessors.add('w', asRow(w));
  accessors.add('g', asRow(g));
  accessors.add('moved', asRow(movement));
  accessors.add('norm', asRow(norm));
  return assemble({
    label, family: 'prune_movement', accessors, source: movementSource, env: { MAIN: flatMain(n / 4) },
    workgroups: spread(Math.ceil(n / 4 / 64)), flops: 3 * n, bytes: 16 * n,
  }); // prettier-ignore
});
