import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { registerKconfig } from '@/cli/kconfig';

let folder = '';
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kconfig-'));
  mkdirSync(file('sub'));
  writeFileSync(
    file('Kconfig'),
    'config A\n\tbool "A"\n\nconfig N\n\tint "N"\n\trange 1 9\n\tdefault $(NDEF)\n\tdepends on A\n\nsource "sub/Kconfig.*"\n',
  );
  writeFileSync(file('sub/Kconfig.x'), 'config S\n\tstring "S"\n\tdefault "$(filename)"\n');
  writeFileSync(file('a.config'), 'CONFIG_A=y\nCONFIG_N=5\nCONFIG_GHOST=1\n');
  writeFileSync(file('bad'), 'source "worse"\n');
  writeFileSync(file('worse'), 'config A\n\tbool "A\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `wb kconfig ...` in this process. */
function wb(...args: string[]): Result {
  let [out, err] = ['', ''];
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
  process.exitCode = 0;
  try {
    const program = new Command().exitOverride();
    registerKconfig(program);
    program.parse(['kconfig', ...args], { from: 'user' });
    return { code: Number(process.exitCode), out, err };
  } finally {
    process.exitCode = 0;
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

const tree = (): string[] => ['--kconfig', file('Kconfig'), '--env', 'NDEF=3'];

describe('wb kconfig', () => {
  it('dump --json gives type, value, visibility, assignable, user value', () => {
    const { code, out } = wb('dump', ...tree(), '--config', file('a.config'), '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      A: ['bool', 'y', 2, [0, 2], 2],
      N: ['int', '5', 2, [], '5'],
      S: ['string', 'sub/Kconfig.x', 2, [], null],
    });
  });

  it('olddefconfig completes and says what it ignored', () => {
    const { code, out, err } = wb('olddefconfig', ...tree(), '--config', file('a.config'), '--out', file('full'));
    expect([code, out]).toEqual([0, '']);
    expect(readFileSync(file('full'), 'utf8')).toBe('CONFIG_A=y\nCONFIG_N=5\nCONFIG_S="sub/Kconfig.x"\n');
    expect(err).toBe(`${file('a.config')}:3: ignored: no symbol 'GHOST' in the tree\n`);
  });

  it('savedefconfig, all*config, listnewconfig, merge, set', () => {
    expect(wb('savedefconfig', ...tree(), '--config', file('full')).out).toBe('CONFIG_A=y\nCONFIG_N=5\n');
    expect(wb('allyesconfig', ...tree()).out).toContain('CONFIG_A=y\nCONFIG_N=3\n');
    expect(wb('allnoconfig', ...tree()).out).toContain('# CONFIG_A is not set\n');
    expect(wb('listnewconfig', ...tree()).out).toBe('CONFIG_A=n\nCONFIG_S="sub/Kconfig.x"\n');
    writeFileSync(file('b.config'), 'CONFIG_N=6\n');
    expect(wb('merge', ...tree(), file('a.config'), file('b.config')).out).toContain('CONFIG_N=6\n');
    expect(wb('set', ...tree(), 'A=y', 'N=7', 'S=x y').out).toBe('CONFIG_A=y\nCONFIG_N=7\nCONFIG_S="x y"\n');
    expect(wb('set', ...tree(), 'N=7')).toMatchObject({
      code: 1,
      err: 'error: N=7 has no effect, the value is empty: hidden because A is n\n',
    });
  });

  it('diff gives reasons', () => {
    const { out } = wb('diff', ...tree(), file('a.config'), file('b.config'), '--json', '--quiet');
    expect(JSON.parse(out)).toEqual([
      {
        name: 'A',
        before: { value: 'y', visible: true, reason: 'set by the user' },
        after: { value: 'n', visible: true, reason: 'no default' },
      },
      {
        name: 'N',
        before: { value: '5', visible: true, reason: 'set by the user' },
        after: { value: '', visible: false, reason: 'no default' },
      },
    ]);
  });

  it('explain, info, search, lint', () => {
    expect(wb('explain', ...tree(), 'N').out).toBe('N=: cannot be changed; hidden: A has to be true\n');
    expect(JSON.parse(wb('info', ...tree(), 'N', '--json').out)).toMatchObject([
      { name: 'N', type: 'int', dependsOn: 'A (=n)' },
    ]);
    expect(wb('search', ...tree(), '^s$').out).toBe('sub/Kconfig.x:1: symbol S "S"\n');
    expect(wb('lint', ...tree(), file('a.config'))).toMatchObject({ code: 1 });
  });

  it('answers errors with one line that names the place, and exit code 1 or 2', () => {
    expect(wb('dump', '--kconfig', file('bad'))).toEqual({
      code: 1,
      out: '',
      err: `worse:2: error: couldn't parse 'bool "A': unterminated string (included from bad:1)\n`,
    });
    expect(wb('dump', '--kconfig', file('nowhere'))).toMatchObject({
      code: 1,
      err: `error: cannot read ${file('nowhere')}\n`,
    });
    expect(wb('merge', ...tree()).code).toBe(2);
  });
});
