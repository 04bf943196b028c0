/** What scripts may rely on: exit codes, one line on stderr, one JSON document on stdout. Runs the built `bin/wb`. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const WB = resolve('bin/wb');
let dir = '';

beforeAll(() => {
  if (!existsSync('dist/cli/wb.js')) throw new Error('dist/cli/wb.js is missing: run "make build" first');
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wb-contract-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function wb(args: readonly string[], env: Record<string, string> = {}): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [WB, ...args], {
    cwd: dir,
    encoding: 'utf8',
    input: '',
    env: { ...process.env, KCONFIG_CONFIG: '', ...env },
  });
  return { code: status, out: stdout, err: stderr };
}

/** Expects a failure: nothing on stdout, exactly one line on stderr. */
function fails(args: readonly string[], code: number, line: RegExp | string, env?: Record<string, string>): void {
  const result = wb(args, env);
  expect(result).toMatchObject({ code, out: '' });
  expect(result.err.endsWith('\n') ? result.err.slice(0, -1) : result.err).not.toContain('\n');
  expect(result.err).toMatch(line);
}

const file = (name: string, text: string): void => writeFileSync(join(dir, name), text);
const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
const parameters = (args: readonly string[], env?: Record<string, string>): number => {
  const { code, out, err } = wb(['check', '--json', ...args], env);
  expect(err).toBe('');
  expect(code).toBe(0);
  return (JSON.parse(out) as { parameters: number }).parameters;
};

/** Parameters of a GPT-2 by its published formula; Moby-Dick's characters pad to 128 rows. */
const gpt2 = (layers: number, width: number, context: number, vocabulary: number): number =>
  layers * (12 * width ** 2 + 13 * width) + 2 * width + context * width + vocabulary * width;
const CI = gpt2(2, 32, 32, 128);
const DEFAULT = gpt2(4, 128, 128, 128);

describe('success', () => {
  it('states the cache of a context of any length: 2 C elements of four bytes a token and layer', () => {
    const { out } = wb(['check', '--json', '--context', '1000', '--defconfig', 'gpt2-vanilla-baseline-ci']);
    expect((JSON.parse(out) as { cache_bytes: number }).cache_bytes).toBe(1000 * 2 * 2 * 32 * 4);
  });

  it('exits 0, with help and version on stdout', () => {
    for (const args of [['--help'], ['--version'], ['check', '--help']]) {
      const { code, out, err } = wb(args);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).not.toBe('');
    }
    expect(wb(['check', '--help']).out.replace(/\s+/g, ' ')).toContain(
      'default: ./.config, else gpt2-vanilla-baseline',
    );
  });

  it('prints one JSON document: GPT-2 124M', () => {
    const sizes = ['GPT2_N_LAYER=12', 'GPT2_N_HEAD=12', 'GPT2_N_EMBD=768', 'GPT2_BLOCK_SIZE=1024'];
    expect(parameters([...sizes, 'TOKENIZER_GPT2=y'])).toBe(124475904);
    expect(gpt2(12, 768, 1024, 50304)).toBe(124475904);
  });
});

describe('failure', () => {
  it('2: the command line', () => {
    expect(wb([])).toMatchObject({ code: 2, out: '' }); // the usage, on stderr
    fails(['frobnicate'], 2, /^wb: unknown command 'frobnicate'/);
    fails(['check', '--frobnicate'], 2, /^wb check: unknown option '--frobnicate'/);
    fails(['run'], 2, /^wb run: required option '--out <dir>'/);
    fails(['check', 'GPT2_N_LAYER'], 2, /"GPT2_N_LAYER" is not SYMBOL=value/);
    fails(['check', '--defconfig', 'a', '--config', 'b'], 2, /--defconfig or --config, not both/);
    fails(['run', '--out', 'x', '--backend', 'abacus'], 2, /--backend abacus/);
    fails(['defconfig'], 2, /name a preset/);
  });

  it('2: the configuration, naming what is wrong', () => {
    fails(['check', '--context', '0'], 2, /--context 0: give a positive number of tokens/);
    fails(['check', 'GPT2_N_LAYERS=2'], 2, /no symbol GPT2_N_LAYERS; did you mean GPT2_N_LAYER\?/);
    fails(['check', 'GPT2_N_LAYER=0'], 2, /GPT2_N_LAYER=0: 0 is outside the range \[1, 96\]/);
    fails(['check', 'GPT2_N_LAYER=two'], 2, /GPT2_N_LAYER=two: 'two' is not an integer/);
    fails(['check', 'GPT2_N_HEAD=5'], 2, /GPT2_N_HEAD=5 does not divide GPT2_N_EMBD=128/);
    fails(['check', 'LEARNING_RATE=11'], 2, /LEARNING_RATE=11: .*\(0, 10\]/);
    fails(['check', 'DATASET_CUSTOM=y'], 2, /DATASET_CUSTOM_PATH/);
    fails(['check', 'DATASET_CUSTOM=y', 'DATASET_CUSTOM_PATH=gone.txt'], 2, /gone\.txt does not exist/);
  });

  it('2: a missing preset or file', () => {
    fails(
      ['check', '--defconfig', 'nope'],
      2,
      /no preset "nope"; did you mean gpt2-\S+\? "wb defconfig --list" shows all \d+/,
    );
    fails(['check', '--defconfig', '../Kconfig'], 2, /no preset/);
    fails(['defconfig', 'nope'], 2, /no preset "nope"/);
    fails(['check', '--all-presets', 'SEED=1'], 2, /--all-presets takes no configuration/);
    fails(['check', '--config', 'gone'], 2, /^wb: gone: no such file$/m);
    fails(['check', '--config', '.'], 2, /^wb: \.: cannot be read/);
    fails(['savedefconfig'], 2, /^wb: \.config: no such file/);
  });

  it('2: a .config, by file and line', () => {
    file('.config', 'CONFIG_SEED=1\nCONFIG_NOPE=1\n');
    fails(['check'], 2, /^wb: \.config:2: no symbol 'NOPE'/);
    file('mine', 'CONFIG_SEED=one\n');
    fails(['check', '--config', 'mine'], 2, /^wb: mine:1: .*SEED/);
    fails(['savedefconfig', '--config', 'mine'], 2, /^wb: mine:1: /);
  });

  it('1: data that cannot be used', () => {
    file('empty.txt', '');
    fails(['check', '--json', 'DATASET_CUSTOM=y', 'DATASET_CUSTOM_PATH=empty.txt'], 1, /^wb: empty\.txt is empty/);
  });

  it('1: a menu without a terminal, a file that cannot be written', () => {
    fails(['menuconfig'], 1, /^wb: menuconfig needs a terminal/);
    fails(['defconfig', 'gpt2-vanilla-baseline'], 1, /^wb: no\/where: cannot be written/, {
      KCONFIG_CONFIG: 'no/where',
    });
  });
});

describe('the workflow over .config', () => {
  it('takes ./.config when it is there, else the default preset', () => {
    const preset = parameters(['--defconfig', 'gpt2-vanilla-baseline']);
    expect(preset).toBe(DEFAULT);
    expect(parameters([])).toBe(preset);
    expect(wb(['defconfig', 'gpt2-vanilla-baseline-ci'])).toMatchObject({ code: 0, err: '' });
    expect(parameters([])).toBe(CI);
    expect(parameters(['--defconfig', 'gpt2-vanilla-baseline'])).toBe(preset);
    expect(parameters([], { KCONFIG_CONFIG: 'other' })).toBe(preset);
  });

  it('goes from preset to .config and back, keeping the file before', () => {
    wb(['defconfig', 'gpt2-vanilla-baseline-ci']);
    expect(wb(['savedefconfig'])).toMatchObject({ code: 0, err: '' });
    const short = read('defconfig');
    expect(short.split('\n').sort()).toEqual(
      readFileSync('defconfigs/gpt2-vanilla-baseline-ci', 'utf8')
        .split('\n')
        .filter((line) => !line.startsWith('#'))
        .sort(),
    );
    const before = read('.config');
    wb(['defconfig', 'gpt2-vanilla-baseline']);
    expect(read('.config.old')).toBe(before);
  });

  it('lists the presets', () => {
    expect(wb(['defconfig', '--list']).out).toMatch(
      /^gpt2-vanilla-baseline +GPT-2, 4 layers, 128 wide, on Moby-Dick$/m,
    );
  });
});

/** Keys through a pseudo-terminal (`script` of Debian's bsdutils, which is always installed). */
describe.skipIf(spawnSync('script', ['--version']).status !== 0)('wb menuconfig in a terminal', () => {
  /** Types once the menu shows: before that, the terminal itself would take Ctrl-C and Ctrl-U. */
  const typed = (keys: string): Promise<string> =>
    new Promise((done, fail) => {
      const command = `stty rows 24 cols 80; ${process.execPath} ${WB} menuconfig; echo "exit $?"; stty -a`;
      const env = { ...process.env, KCONFIG_CONFIG: '', SHELL: '/bin/sh' };
      const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: dir, env });
      let out = '';
      let sent = false;
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        if (sent || !out.includes('Main menu')) return;
        sent = true;
        child.stdin.write(keys);
      });
      child.on('error', fail).on('close', () => done(out));
    });

  it('finds, changes and saves, and gives the terminal back', async () => {
    const out = await typed('/n_layer\r\r\x157\rqy');
    expect(out).toContain('.config: saved');
    expect(out).toContain('exit 0');
    expect(out.lastIndexOf('\x1b[?1049l')).toBeGreaterThan(out.lastIndexOf('\x1b[?1049h'));
    expect(out).toMatch(/[^-]icanon/);
    expect(out).toMatch(/[^-]echo /);
    expect(read('.config')).toContain('CONFIG_GPT2_N_LAYER=7\n');
  });

  it('leaves the file alone on Ctrl-C', async () => {
    file('.config', 'CONFIG_SEED=5\n');
    const out = await typed('/n_layer\r\r\x157\r\x03');
    expect(out).toContain('exit 130');
    expect(out).toMatch(/[^-]icanon/);
    expect(read('.config')).toBe('CONFIG_SEED=5\n');
  });
});
