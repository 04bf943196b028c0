// 20 AdamW steps of `wb run` against PyTorch (tests/oracle/*_torch.py), for every shape and both backends.
//   node scripts/oracle.mjs [--backend webgpu|reference] [--shape NAME] [--write]     --write refreshes tests/oracle/fixtures.json
// Needs python3 with torch (Debian: apt-get install python3-torch). Exit 1 when a bound is missed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Every hyper-parameter that PyTorch is told, whatever the default preset says.
const COMMON = [
  'GPT2_DROPOUT=0',
  'LEARNING_RATE=1e-3',
  'MIN_LR=1e-4',
  'GRAD_CLIP=1',
  'WEIGHT_DECAY=0.1',
  'BETA1=0.9',
  'ADAM_EPS=1e-8',
  'MAX_ITERS=20',
  'WARMUP_STEPS=5',
  'EVAL_INTERVAL=0',
  'EVAL_BATCHES=1',
  'CHECKPOINT_INTERVAL=0',
  'BETA2=0.95',
];
/** Odd sizes; bias off; tanh GELU; accumulation 2; width 128 with 4 layers; byte vocabulary, untrained clip. */
export const SHAPES = {
  odd: ['GPT2_N_LAYER=2', 'GPT2_N_HEAD=3', 'GPT2_N_EMBD=48', 'GPT2_BLOCK_SIZE=33', 'GPT2_VOCAB_MULTIPLE=1', 'BATCH_SIZE=3'],
  'bias-off': ['GPT2_N_LAYER=2', 'GPT2_N_HEAD=2', 'GPT2_N_EMBD=40', 'GPT2_BLOCK_SIZE=17', 'GPT2_BIAS=n', 'BATCH_SIZE=5', 'SEED=2'],
  tanh: ['GPT2_N_LAYER=1', 'GPT2_N_HEAD=4', 'GPT2_N_EMBD=64', 'GPT2_BLOCK_SIZE=64', 'GPT2_GELU_TANH=y', 'BATCH_SIZE=4', 'SEED=3'],
  accumulation: ['GPT2_N_LAYER=2', 'GPT2_N_HEAD=1', 'GPT2_N_EMBD=24', 'GPT2_BLOCK_SIZE=20', 'GRADIENT_ACCUMULATION=2', 'BATCH_SIZE=2', 'SEED=4'],
  wide: ['GPT2_N_LAYER=4', 'GPT2_N_HEAD=4', 'GPT2_N_EMBD=128', 'GPT2_BLOCK_SIZE=128', 'BATCH_SIZE=2', 'SEED=5'],
  bytes: ['GPT2_N_LAYER=1', 'GPT2_N_HEAD=5', 'GPT2_N_EMBD=35', 'GPT2_BLOCK_SIZE=9', 'TOKENIZER_BYTE=y', 'BATCH_SIZE=7', 'GRAD_CLIP=0', 'GPT2_DROPOUT=0', 'SEED=6'],
  ra: ['GPT2_N_LAYER=3', 'GPT2_N_HEAD=3', 'GPT2_N_EMBD=24', 'GPT2_BLOCK_SIZE=19', 'ATTN_RA=y', 'RA_LAYERS=2', 'RA_HEADS=2', 'BATCH_SIZE=3', 'SEED=7'],
  gate: ['GPT2_N_LAYER=2', 'GPT2_N_HEAD=3', 'GPT2_N_EMBD=24', 'GPT2_BLOCK_SIZE=19', 'ATTN_GATE=y', 'POSITION_ROPE=y', 'BATCH_SIZE=3', 'SEED=8'],
  mla: ['GPT2_N_LAYER=2', 'GPT2_N_HEAD=3', 'GPT2_N_EMBD=24', 'GPT2_BLOCK_SIZE=19', 'ATTN_MLA=y', 'MLA_LATENT=9', 'BATCH_SIZE=3', 'SEED=9'],
  'kvs-head': ['GPT2_N_LAYER=3', 'GPT2_N_HEAD=3', 'GPT2_N_EMBD=24', 'GPT2_BLOCK_SIZE=19', 'ATTN_KVSPLICE=y', 'MLA_LATENT=9', 'KVSPLICE_RANK=5', 'KVSPLICE_LAYERS=2', 'BATCH_SIZE=3', 'SEED=10'],
  'kv-tying': ['GPT2_N_LAYER=2', 'GPT2_N_HEAD=3', 'GPT2_N_EMBD=24', 'GPT2_BLOCK_SIZE=19', 'ATTN_KV_TYING=y', 'BATCH_SIZE=3', 'SEED=11'],
}; // prettier-ignore
/** Shapes that tests/oracle/attention_torch.py states; the others are tests/oracle/gpt2_torch.py's. */
const VARIANTS = new Set(['ra', 'gate', 'mla', 'kvs-head', 'kv-tying']);
const BOUNDS = { webgpu: { loss: 2e-4, update: 0.01 }, reference: { loss: 1e-6, update: 1e-5 } };

const value = (overrides, name, fallback) =>
  overrides.findLast((o) => o.startsWith(`${name}=`))?.slice(name.length + 1) ?? fallback;

export function runShape(name, backend, directory) {
  const overrides = [...COMMON, ...SHAPES[name]];
  execFileSync(
    'bin/wb',
    [
      'run',
      ...overrides,
      '--backend',
      backend,
      '--save-init',
      '--save-batches',
      '--json',
      '--software',
      '--out',
      directory,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = readFileSync(join(directory, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l));
  return lines.filter((l) => l.event === 'step');
}

export function oracle(name, directory) {
  const o = [...COMMON, ...SHAPES[name]];
  const hyper = {
    n_head: Number(value(o, 'GPT2_N_HEAD', 4)), gelu: o.includes('GPT2_GELU_TANH=y') ? 'tanh' : 'erf', lr: 1e-3, min_lr: 1e-4,
    warmup: 5, total_steps: 20, beta1: 0.9, beta2: 0.95, eps: 1e-8, weight_decay: 0.1, grad_clip: Number(value(o, 'GRAD_CLIP', 1)),
    rope: ['POSITION_ROPE=y', 'ATTN_MLA=y', 'ATTN_KVSPLICE=y'].some((s) => o.includes(s)), ra_heads: Number(value(o, 'RA_HEADS', 1)),
  }; // prettier-ignore
  writeFileSync(join(directory, 'hparams.json'), JSON.stringify(hyper));
  const at = (file) => join(directory, file);
  const output = execFileSync(
    '/usr/bin/python3',
    [
      `tests/oracle/${VARIANTS.has(name) ? 'attention' : 'gpt2'}_torch.py`,
      at('init.safetensors'),
      at('batches.safetensors'),
      at('hparams.json'),
      '--final',
      at('checkpoints/20.safetensors'),
    ],
    { maxBuffer: 1 << 26 },
  );
  const lines = output
    .toString()
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l));
  return { steps: lines.slice(0, -1), final: lines.at(-1) };
}

if (process.argv[1]?.endsWith('oracle.mjs')) {
  const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : null);
  const only = option('--backend') ? [option('--backend')] : ['reference', 'webgpu'];
  const shapes = option('--shape') ? [option('--shape')] : Object.keys(SHAPES);
  const fixtures = JSON.parse(readFileSync('tests/oracle/fixtures.json', 'utf8'));
  let ok = true;
  for (const backend of only)
    for (const name of shapes) {
      const directory = mkdtempSync(join(tmpdir(), 'wb-oracle-'));
      const ours = runShape(name, backend, directory);
      const { steps, final } = oracle(name, directory);
      fixtures[name] = steps.map(({ loss, grad_norm, lr }) => ({ loss, grad_norm, lr }));
      const loss = Math.max(...steps.map((s, i) => Math.abs(ours[i].loss - s.loss) / s.loss));
      const norm = Math.max(...steps.map((s, i) => Math.abs(ours[i].grad_norm - s.grad_norm) / s.grad_norm));
      const [tensor, update] = Object.entries(final.relative_to_update).sort((a, b) => b[1] - a[1])[0];
      const pass =
        loss <= BOUNDS[backend].loss &&
        update <= BOUNDS[backend].update &&
        final.missing.length === 0 &&
        steps.length === 20;
      ok &&= pass;
      console.log(
        `${pass ? 'ok  ' : 'FAIL'} ${backend.padEnd(9)} ${name.padEnd(12)} loss ${loss.toExponential(1)}  norm ${norm.toExponential(1)}  update ${update.toExponential(1)} (${tensor})`,
      );
      rmSync(directory, { recursive: true });
    }
  if (process.argv.includes('--write')) writeFileSync('tests/oracle/fixtures.json', `${JSON.stringify(fixtures)}\n`);
  process.exit(ok ? 0 : 1);
}
