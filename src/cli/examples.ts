/** The examples that `wb COMMAND --help` ends with. A test parses every one against the command that it is for (tests/cli/help.test.ts). */
import type { Command } from 'commander';

/** Command lines by the command's words after `wb`; at least two each. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  run: [
    'wb run --defconfig gpt2-vanilla-baseline LEARNING_RATE=3e-3 --out runs/a',
    'wb run --defconfig gpt2-vanilla-baseline-ci --backend reference MAX_ITERS=30 --out runs/tiny',
    'wb run EARLY_STOP_PATIENCE=5 TIME=600 TRACKER=tensorboard --out runs/b',
  ],
  continue: ['wb continue', 'wb continue runs/a', 'wb continue runs/m -j 2'],
  replay: ['wb replay runs/a', 'wb replay a.zip', 'wb replay manifest.json --tolerance 1e-4 --out runs/again'],
  matrix: [
    'wb matrix LEARNING_RATE=1e-3,3e-3 GPT2_N_LAYER=2:2:8 --seeds 3 --out runs/m',
    'wb matrix --defconfig gpt2-optimizer-matrix-ci --dry-run',
    'wb matrix LEARNING_RATE=1e-3,3e-3 BASELINE=runs/a TIME=600 --out runs/m',
    'wb matrix --defconfig gpt2-optimizer-matrix --emit slurm --shards 8 > job.sh',
  ],
  sweep: ['wb sweep ranges.config --seeds 3 --out runs/sweep', 'wb sweep ranges.config GPT2_N_LAYER=2 --dry-run'],
  rerun: ['wb rerun runs/m --filter status=failed', 'wb rerun runs/m --filter LEARNING_RATE=3e-3 seed=1338'],
  merge: ['wb merge runs/m part0 part1 part2 part3', 'wb merge runs/m runs/m-shard-0 runs/m-shard-1'],
  estimate: ['wb estimate runs/m', 'wb estimate runs/m --json'],
  report: [
    'wb report runs/m --group LEARNING_RATE --out figure.png',
    'wb report runs/a runs/b runs/c --metric best_val_loss --format csv',
  ],
  graphs: ['wb graphs runs/m', 'wb graphs runs/m --metric best_val_loss --no-png'],
  show: ['wb show runs/a', 'wb show runs/m/cells/sgd_s1337-0a1b2c --json'],
  ls: ['wb ls', 'wb ls runs/m/cells --json'],
  eval: ['wb eval runs/a', 'wb eval runs/a --weights last --batches 64 --out eval.json'],
  ab: [
    'wb ab --b ATTN_RA=y --rounds 8',
    'wb ab --a GPT2_N_HEAD=4 --b GPT2_N_HEAD=8 --clock cpu --software',
    'wb ab --b ATTN_RA=y --out runs/ab && wb report runs/ab/a runs/ab/b',
  ],
  'tracker test': ['wb tracker test --out runs/tracker-test', 'wb tracker test --out /tmp/t && wb ls /tmp/t'],
  export: ['wb export runs/a --out a.zip', 'wb export runs/m --out m.zip --without-state'],
  import: ['wb import a.zip --out runs/b', 'wb import a.zip --out runs/b --max-bytes 100000000'],
  'manifest check': ['wb manifest check runs/a', 'wb manifest check eval.json --json'],
  'manifest schema': ['wb manifest schema', 'wb manifest schema > wb-manifest-1.json'],
  clean: ['wb clean', 'wb clean runs/m --weights --dry-run', 'wb clean runs/old --all --yes'],
  check: ['wb check --defconfig gpt2-mla', 'wb check GPT2_N_LAYER=12 BATCH_SIZE=64 --json', 'wb check --all-presets'],
  menuconfig: ['wb menuconfig', 'wb defconfig gpt2-mla && wb menuconfig'],
  defconfig: ['wb defconfig gpt2-ra-sdpa', 'wb defconfig --list'],
  savedefconfig: ['wb savedefconfig', 'wb savedefconfig --config runs/a/config.full --out mine'],
  generate: [
    'wb generate --run runs/a --prompt "Call me" --tokens 100',
    'wb generate --run runs/a --prompt "The whale" --tokens 64 --temperature 0.8 --top-k 20 --seed 7',
  ],
  'decode saturation': ['wb decode saturation --run runs/a', 'wb decode saturation --run runs/a --batch 1,4,16 --json'],
  'decode context': ['wb decode context --run runs/a', 'wb decode context --run runs/a --contexts 32,64,128 --batch 4'],
  'decode fusion': ['wb decode fusion --run runs/a', 'wb decode fusion --run runs/a --context 4096 --batch 1'],
  'decode asymmetry': ['wb decode asymmetry --run runs/a', 'wb decode asymmetry --run runs/a --group 16 --pre-bias'],
  'decode calibrate': ['wb decode calibrate --run runs/a', 'wb decode calibrate --run runs/a --prompts 10 --json'],
  'decode list': ['wb decode list', 'wb decode list --json'],
  'decode preset': ['wb decode preset decode-fusion --run runs/a', 'wb decode preset decode-saturation --run runs/a --json'], // prettier-ignore
  'kv-quant': ['wb kv-quant --run runs/a --k int8 --v int4', 'wb kv-quant --run runs/a --k f16 --v int8 --batches 8'],
  doctor: ['wb doctor', 'wb doctor --software --json'],
  roofline: ['wb roofline --defconfig gpt2-vanilla-baseline', 'wb roofline GPT2_N_EMBD=256 --sample-ms 100 --json'],
  bench: ['wb bench --engines workbench,jax-js', 'wb bench --size large --steps 10 --json'],
  'bench prune': ['wb bench prune', 'wb bench prune --rounds 5 --batch 4'],
  'bench decode': ['wb bench decode', 'wb bench decode --context 512 --rounds 5'],
  'bpa smoke': ['wb bpa smoke --out runs/lane0', 'wb bpa smoke --out runs/lane0 --dry-run'],
  'bpa matrix': [
    'wb bpa matrix --out runs/lane',
    'wb bpa matrix --out runs/lane --batches 1,2,4 --contexts 128,512 --rerun-status failed',
  ],
  'bpa experiment': [
    'wb bpa experiment decode-fusion --run runs/a --out runs/lane',
    'wb bpa experiment decode-saturation --run runs/a --out runs/lane --json',
  ],
  'bpa fit': ['wb bpa fit runs/lane', 'wb bpa matrix --out runs/lane && wb bpa fit runs/lane'],
  'bpa package': ['wb bpa package runs/lane --out lane.zip', 'wb bpa fit runs/lane && wb bpa package runs/lane --out lane.zip'], // prettier-ignore
  fisher: ['wb fisher --run runs/a', 'wb fisher --run runs/a --sequences 32 --spectrum --json'],
  prune: [
    'wb prune --run runs/a --sparsity 0.7',
    'wb prune --run runs/a --score magnitude,fisher,bitter7 --scope tensor',
  ],
  'fisher-adam': ['wb fisher-adam --run runs/a', 'wb fisher-adam --run runs/a --sequences 64 --beta2 0.99,0.999'],
  'kvs-spline': ['wb kvs-spline --run runs/a', 'wb kvs-spline --run runs/a --rank 4 --knots 5 --rows 512'],
  'kconfig olddefconfig': ['wb kconfig olddefconfig --config .config --out .config', 'wb kconfig olddefconfig defconfigs/gpt2-mla'], // prettier-ignore
  'kconfig defconfig': ['wb kconfig defconfig defconfigs/gpt2-mla --out .config', 'wb kconfig defconfig defconfigs/gpt2-mla --json'], // prettier-ignore
  'kconfig savedefconfig': ['wb kconfig savedefconfig --config .config', 'wb kconfig savedefconfig runs/a/config.full --out mine'], // prettier-ignore
  'kconfig alldefconfig': ['wb kconfig alldefconfig', 'wb kconfig alldefconfig --out .config'],
  'kconfig allyesconfig': ['wb kconfig allyesconfig', 'wb kconfig allyesconfig --out .config --quiet'],
  'kconfig allnoconfig': ['wb kconfig allnoconfig', 'wb kconfig allnoconfig --out .config --quiet'],
  'kconfig allmodconfig': ['wb kconfig allmodconfig', 'wb kconfig allmodconfig --out .config'],
  'kconfig listnewconfig': ['wb kconfig listnewconfig --config .config', 'wb kconfig listnewconfig old.config --json'],
  'kconfig merge': ['wb kconfig merge base.config more.config --out .config', 'wb kconfig merge --config a --config b'],
  'kconfig set': ['wb kconfig set --config .config SEED=7 --out .config', 'wb kconfig set MAX_ITERS=100 GRAD_CLIP=0.5'],
  'kconfig diff': ['wb kconfig diff .config', 'wb kconfig diff runs/a/config.full runs/b/config.full --json'],
  'kconfig dump': ['wb kconfig dump --json', 'wb kconfig dump --config .config'],
  'kconfig lint': ['wb kconfig lint', 'wb kconfig lint defconfigs/gpt2-mla defconfigs/gpt2-sgd'],
  'kconfig explain': ['wb kconfig explain EARLY_STOP_PATIENCE', 'wb kconfig explain ATTN_RA --config .config'],
  'kconfig info': ['wb kconfig info LEARNING_RATE', 'wb kconfig info SEED --json'],
  'kconfig search': ['wb kconfig search learning rate', 'wb kconfig search checkpoint --json'],
};

/** Commands that do something: `wb decode` alone does not. Words and command. */
export function leafCommands(program: Command, words: readonly string[] = []): (readonly [string, Command])[] {
  return program.commands.flatMap((command) => {
    const name = [...words, command.name()];
    const below = leafCommands(command, name);
    const acts = command.commands.length === 0 || command.registeredArguments.length > 0 || command.options.length > 0;
    return acts ? [[name.join(' '), command] as const, ...below] : below;
  });
}

export function addExamples(program: Command): void {
  for (const [name, command] of leafCommands(program)) {
    const lines = EXAMPLES[name] ?? [];
    if (lines.length > 0) command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`);
  }
}
