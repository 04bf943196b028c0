/**
 * A worker that trains nothing and says plausible things, by scenario (the worker's name):
 * live, mid (2,400 steps at once, then paused), pruned (the same, with masks and moment resets), finished, reference, refused, nan, lost, crash.
 */
import * as Comlink from 'comlink';
import type { AdapterInfo, PlanSummary, RunRequest, RunState, WorkerApi, WorkerEvent } from '@/worker/protocol';

import { KCONFIG_SOURCES } from '@/experiment/kconfig-tree';
import { PRESETS } from '@/worker/presets';
import { fakeAnalyses } from './fake-analyses';
import { fakeMeasure } from './fake-measure';

const scenario = self.name;
let sampling = false;
const MAX_ITERS = 4000;
const TOKENS = 1024;
const LONGEST_TEXT = 4096;
const SAMPLE =
  'whale was the sea, and the ship had been seen by the old man of the boat, who stood upon the deck with his lance in his hand. ' +
  '"What see ye?" cried Ahab, turning to the mast-head; and the Pequod, rolling in the long swell, gave no answer but the creak of her yards.\n';

const gpu: AdapterInfo = {
  kind: 'webgpu',
  vendor: 'google',
  architecture: 'swiftshader',
  device: 'SwiftShader Device (Subzero)',
  description: 'SwiftShader driver-5.0.0',
  software: true,
  features: ['timestamp-query', 'subgroups'],
  limits: { maxBufferSize: 268435456 },
};
const reference: AdapterInfo = {
  ...gpu,
  kind: 'reference',
  vendor: '',
  architecture: '',
  device: 'CPU reference',
  description: 'f64 in TypeScript',
  features: [],
  limits: {},
};

const MiB = 2 ** 20;
const categories = [
  { name: 'parameters', bytes: Math.round(3.12 * MiB) },
  { name: 'gradients', bytes: Math.round(3.12 * MiB) },
  { name: 'optimizer state', bytes: Math.round(6.24 * MiB) },
  { name: 'activations', bytes: Math.round(21.4 * MiB) },
  { name: 'data', bytes: Math.round(4.71 * MiB) },
  { name: 'staging', bytes: Math.round(0.05 * MiB) },
];
const totalBytes = categories.reduce((sum, c) => sum + c.bytes, 0);
const plan: PlanSummary = {
  parameters: 818_048,
  flopsPerToken: 5_276_160,
  tokensPerStep: TOKENS,
  dispatchesPerStep: 94,
  memory: {
    categories,
    totalBytes,
    largest: [
      { name: 'h.0.mlp.c_fc.out', bytes: 2 * MiB },
      { name: 'logits', bytes: Math.round(0.31 * MiB) },
    ],
  },
  cacheBytesPerToken: 4096,
  cache: {
    layers: [0, 1, 2, 3].map((layer) => ({
      layer,
      parts: [
        { part: 'k', width: 128 },
        { part: 'v', width: 128 },
      ],
    })),
    nEmbd: 128,
    blockSize: 128,
  },
};

let listener: (event: WorkerEvent) => void = () => undefined;
let state: RunState = 'idle';
let step = 0;
let seed = 12345;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Mulberry32, so that every screenshot is the same. */
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const gauss = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
const emit = (event: WorkerEvent): void => listener(event);
const setState = (next: RunState, reason?: string): void => {
  state = next;
  emit({ type: 'state', state: next, ...(reason ? { reason } : {}) });
};

const mean = (s: number): number => 1.42 + 2.75 * Math.exp(-s / 90) * 0.62 + 2.75 * 0.38 * Math.exp(-s / 900);
const lr = (s: number): number =>
  s < 100 ? (1e-3 * (s + 1)) / 100 : 1e-4 + 0.45e-3 * (1 + Math.cos((Math.PI * (s - 100)) / (MAX_ITERS - 100)));

function emitStep(): void {
  const broken = scenario === 'nan' && step === 1480;
  const spike = step === 1130 ? 0.9 : 0;
  const stepMs = 760 + 40 * gauss() + (step % 400 === 0 ? 220 : 0);
  emit({
    type: 'step',
    step,
    loss: broken ? Number.NaN : mean(step) + 0.05 * gauss() + spike,
    lr: lr(step),
    gradNorm: broken ? Number.NaN : (0.42 + 2.8 * Math.exp(-step / 60)) * Math.exp(0.22 * gauss()) * (spike ? 14 : 1),
    tokens: (step + 1) * TOKENS,
    time: { elapsedMs: step * 765, stepMs, tokensPerSecond: (TOKENS / stepMs) * 1000 },
  });
  if (step % 200 === 0) {
    const loss = mean(step) + 0.06 + 0.01 * gauss();
    emit({ type: 'eval', step, split: 'val', loss, perplexity: Math.exp(loss) });
  }
  if (step % 200 === 0) emitHistograms();
  if (step % 40 === 0) emitTimeline(stepMs);
  if (scenario === 'pruned') emitMethods();
  if (step > 0 && step % 800 === 0) {
    emit({ type: 'checkpoint', step, path: `checkpoints/${step}.safetensors`, best: true, bytes: categories[0].bytes });
  }
  step++;
  if (broken) {
    clearTimeout(timer);
    emit({
      type: 'error',
      message:
        'The loss became NaN at step 1,480. The first op with a non-finite value is h.2.attn.softmax. The checkpoint of step 800 is kept; lower LEARNING_RATE or GRAD_CLIP and run again.',
      detail: 'h.2.attn.softmax: 3 of 131,072 values are NaN\ninputs: max |q.k| = 3.1e38',
    });
    setState('failed', 'NaN loss');
  }
}

/** A device that waits a little, evaluations now and then, and a heap that the collector empties. */
function emitTimeline(stepMs: number): void {
  const evaluating = step % 200 === 0 ? 900 : 0;
  const wall = 40 * stepMs + evaluating + 200;
  const gpuBytes = Object.fromEntries(categories.map(({ name, bytes }) => [name, bytes]));
  emit({
    type: 'timeline',
    step,
    sample: {
      step,
      elapsed_ms: step * 765,
      steps: 40,
      ms: { submit: 2 * 40, wait: 38 * stepMs, eval: evaluating, observe: evaluating / 10, save: step % 800 === 0 ? 150 : 0, paused: 0, wall, other: 50, idle: 0.03 * wall },
      gpu_bytes: gpuBytes,
      gpu_peak_bytes: totalBytes,
      heap_bytes: (18 + ((step / 40) % 7)) * MiB,
      ...(step === 1200 ? { resumed: true as const } : {}),
    },
  }); // prettier-ignore
}

/** Bell shapes on a logarithmic axis, drifting with the steps. */
function emitHistograms(): void {
  const bell = (centre: number, spread: number) => ({
    zeros: 0,
    first: Math.round(4 * (centre - 3 * spread)),
    counts: Array.from({ length: 24 * spread }, (_, i) => Math.round(9000 * Math.exp(-0.5 * ((i / 4 - 3 * spread) / spread) ** 2))),
  }); // prettier-ignore
  const drift = step / MAX_ITERS;
  emit({
    type: 'metric',
    metric: {
      event: 'optimizer', step, sampled: 131_072, of: 818_048,
      w: bell(-1.6, 0.5), g: bell(-4.2 - drift, 1), m: bell(-4.5 - drift, 1), v: bell(-8 - 2 * drift, 1.5), update: bell(-3.6 - drift, 0.75),
    },
  }); // prettier-ignore
}

/** A mask event every 40 steps along a cubic ramp to 70 % at step 2,000; a reset every 1,000 steps and one spike. */
function emitMethods(): void {
  const spam = { event: 'spam', step, z: 2.4, frac_clipped: 0 } as const;
  if (step === 1130) emit({ type: 'metric', metric: { ...spam, kind: 'spike' } });
  if (step > 0 && step % 1000 === 0) emit({ type: 'metric', metric: { ...spam, kind: 'reset' } });
  if (step < 200 || step > 2000 || step % 40 !== 0) return;
  const at = (s: number): number => 0.7 * ((s - 200) / 1800) ** 3;
  const prunable = 786_432;
  const tensors = [0, 1, 2, 3].flatMap((l) =>
    ['attn.c_attn', 'attn.c_proj', 'mlp.c_fc', 'mlp.c_proj'].map((n, i) => [`transformer.h.${l}.${n}.weight`, 0.7 + 0.15 * i + 0.05 * l] as const),
  ); // prettier-ignore
  emit({
    type: 'metric',
    metric: {
      event: 'prune', step, target: at(step), actual: at(step), pruned: Math.round(at(step) * prunable), prunable,
      churn: at(step) - at(Math.max(200, step - 40)), regrown: 0, monotone: true,
      jaccard_magnitude: 0.84 - 0.1 * at(step), sat_frac: 0.02 + 0.3 * (step / 2000) ** 2, non_finite: 0,
      score: { q10: at(step) > 0.1 ? -1 : 2e-4, q50: at(step) > 0.5 ? -1 : 8e-4, q90: 3e-3 }, mask_hash: '0badc0de',
      density: Object.fromEntries(tensors.map(([name, share]) => [name, 1 - at(step) * share])),
      bytes: { weights: 3.12 * MiB, gradients: 3.12 * MiB, optimizer: 6.24 * MiB, masks: 0.0975 * MiB },
    },
  }); // prettier-ignore
}

function begin(preset: string): void {
  step = 0;
  seed = 12345;
  setState('running');
  emit({
    type: 'started',
    runId: 'moby-0001',
    id: null,
    fromStep: 0,
    preset,
    maxIters: MAX_ITERS,
    plan,
    allocatedBytes: totalBytes,
    references: [
      { id: 'ln-v', label: 'ln V', value: Math.log(77) },
      { id: 'bigram', label: 'bigram entropy', value: 2.442 },
    ],
    datasetName: 'Moby-Dick',
    trainTokens: 1_115_394,
    valTokens: 123_933,
    description:
      'A GPT-2 with 4 layers, 4 heads and width 128 learns to predict the next character. It reads Moby-Dick in windows of 128 characters, 8 at a time. Watch the validation points pass below the bigram entropy.',
  });
}

function burst(until: number): void {
  while (step < until && state === 'running') emitStep();
  emit({ type: 'memory', gpuBytes: totalBytes, jsHeapBytes: Math.round(18.3 * MiB) });
  emit({
    type: 'profile',
    ops: [
      { name: 'gemm nt (mlp)', dispatches: 12, ms: 221.4 },
      { name: 'gemm tn (weights)', dispatches: 17, ms: 187.2 },
      { name: 'gemm nn', dispatches: 16, ms: 141.9 },
      { name: 'flash attention, backward', dispatches: 12, ms: 88.1 },
      { name: 'flash attention', dispatches: 4, ms: 41.3 },
      { name: 'layer norm, backward', dispatches: 9, ms: 22.8 },
      { name: 'layer norm', dispatches: 9, ms: 11.2 },
      { name: 'classifier', dispatches: 1, ms: 9.7 },
      { name: 'adamw', dispatches: 1, ms: 6.1 },
      { name: 'embedding', dispatches: 2, ms: 1.9 },
      { name: 'global norm', dispatches: 2, ms: 1.2 },
    ],
  });
}

function live(): void {
  if (state !== 'running') return;
  emitStep();
  if (step % 50 === 5) burst(step);
  timer = setTimeout(live, 20);
}

const api: WorkerApi = {
  ...fakeMeasure(scenario),
  ...fakeAnalyses(() => step),
  subscribe(next) {
    listener = next;
    return Promise.resolve();
  },
  init() {
    const adapter = scenario === 'reference' ? reference : gpu;
    emit({ type: 'adapter', adapter });
    if (scenario !== 'reference') emit({ type: 'roof', roof: { fmaGflops: 12.86, bandwidthGBs: 9.8 } });
    return Promise.resolve(adapter);
  },
  presets: () => Promise.resolve(PRESETS),
  kconfig: () => Promise.resolve(KCONFIG_SOURCES),
  plan: () =>
    scenario === 'refused'
      ? Promise.reject(
          new Error(
            'The plan needs 3.92 GiB in one buffer; this adapter allows 256 MiB.\nLargest tensors: logits 3.14 GiB, h.0.mlp.c_fc.out 384 MiB.\nSmaller: BATCH_SIZE (64), GPT2_BLOCK_SIZE (1024), TOKENIZER_CHAR in place of TOKENIZER_GPT2.',
          ),
        )
      : Promise.resolve(plan),
  matrix: () => Promise.reject(new Error('the recorded worker has no matrix')),
  start(request: RunRequest) {
    setState('preparing');
    for (let i = 1; i <= 3; i++) emit({ type: 'progress', stage: 'compiling pipelines', done: i * 10, total: 35 });
    timer = setTimeout(() => {
      begin(request.preset);
      const after = (work: () => void): void => void setTimeout(work, 50);
      switch (scenario) {
        case 'mid':
        case 'pruned':
          burst(2400);
          break;
        case 'finished':
          burst(MAX_ITERS);
          setState('finished');
          break;
        case 'nan':
          burst(MAX_ITERS);
          break;
        case 'lost':
          burst(900);
          emit({ type: 'device-lost', reason: 'unknown', message: 'The driver was reset' });
          setState('failed', 'device lost');
          break;
        case 'crash':
          burst(600);
          after(() => {
            throw new Error('out of memory');
          });
          break;
        default:
          live();
      }
    }, 60);
    return Promise.resolve();
  },
  continueRun: () => Promise.reject(new Error('a recorded worker continues nothing')),
  replay: () => Promise.reject(new Error('a recorded worker replays nothing')),
  saveSoon: () => Promise.resolve(),
  pageHeap: () => Promise.resolve(),
  pause() {
    clearTimeout(timer);
    setState('paused');
    return Promise.resolve();
  },
  resume() {
    setState('running');
    live();
    return Promise.resolve();
  },
  stop() {
    clearTimeout(timer);
    setState('stopped');
    return Promise.resolve();
  },
  cancelSample() {
    sampling = false;
    return Promise.resolve();
  },
  sample({ requestId, tokens, texts = 1 }) {
    sampling = true;
    const text = SAMPLE.repeat(Math.ceil(tokens / SAMPLE.length)).slice(0, tokens);
    let sent = 0;
    const stream = (): void => {
      // The longest text is never done: whoever stops it has all the time there is.
      sent = Math.min(tokens < LONGEST_TEXT ? text.length : text.length - 1, sent + 16);
      const others = Array.from({ length: texts - 1 }, () => text.slice(0, sent).toUpperCase());
      const cut = sampling ? {} : { cut: `stopped after ${sent} tokens` };
      emit({
        type: 'sample', requestId, text: text.slice(0, sent), others, done: !sampling || sent === text.length, ...cut,
        decode: { tokensPerSecond: 212.4, cacheBytes: 524_288, fallback: null },
      }); // prettier-ignore
      if (sampling && sent < text.length) setTimeout(stream, 10);
    };
    stream();
    return Promise.resolve();
  },
  attention(prompt) {
    const tokens = [...prompt].slice(0, 48);
    const peak = (i: number, j: number, head: number): number => Math.exp(-Math.abs(i - j - head) * (0.4 + 0.2 * head));
    const maps = [0, 1, 2, 3].flatMap((layer) =>
      [0, 1, 2, 3].flatMap((head) =>
        (layer === 2 && head === 3 ? (['standard', 'reciprocal', 'mixed'] as const) : (['standard'] as const)).map(
          (kind) => {
            const rows = tokens.flatMap((_, i) => {
              const p = Array.from(
                { length: i + 1 },
                (_, j) => peak(i, j, kind === 'reciprocal' ? layer : head) + 0.02,
              );
              const sum = p.reduce((a, b) => a + b, 0);
              return p.map((v) => v / sum);
            });
            return { layer, head, kind, rows: Float32Array.from(rows) };
          },
        ),
      ),
    );
    return tokens.length > 0
      ? Promise.resolve({ tokens, cut: prompt.length - tokens.length, maps })
      : Promise.reject(new Error('the prompt is empty: type at least one character'));
  },
  file: (name) => Promise.resolve(new TextEncoder().encode(`recorded ${name}\n`)),
};

Comlink.expose(api);
