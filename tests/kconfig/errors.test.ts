import { describe, expect, it } from 'vitest';
import { KconfigError, loadTree, memoryReader, shellTable, writeConfig, Config } from '@/kconfig';
import type { TreeOptions } from '@/kconfig';

function errorOf(files: Record<string, string>, options: Partial<TreeOptions> = {}): KconfigError {
  try {
    loadTree({ reader: memoryReader(files), ...options });
  } catch (error) {
    if (error instanceof KconfigError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('errors', () => {
  it('carry file, line and the include stack', () => {
    const error = errorOf({ Kconfig: 'source "a"\n', a: '\n\nsource "b"\n', b: 'config X\n\tbool "x" @\n' });
    expect(error.message).toBe(
      `b:2: couldn't parse 'bool "x" @': unknown tokens in line\n  included from a:3\n  included from Kconfig:1`,
    );
    expect(error.location).toMatchObject({
      file: 'b',
      line: 2,
      includes: [
        { file: 'Kconfig', line: 1 },
        { file: 'a', line: 3 },
      ],
    });
  });

  it('name include cycles, also behind detours', () => {
    expect(errorOf({ Kconfig: 'source "sub/a"\n', 'sub/a': 'rsource "../sub/../Kconfig"\n' }).reason).toBe(
      "recursive 'source': Kconfig -> sub/a -> sub/../sub/../Kconfig",
    );
  });

  it('name dependency cycles', () => {
    const text = 'config A\n\tbool "A"\n\tdepends on C\nconfig B\n\tbool "B" if A\n\tselect C\nconfig C\n\tbool "C"\n';
    expect(errorOf({ Kconfig: text }).reason).toMatch(
      /^dependency loop: (\w) \(Kconfig:\d\) depends on (\w) \(Kconfig:\d\) depends on (\w) \(Kconfig:\d\) depends on \1 \(/,
    );
  });

  it('come instead of a hang or a stack overflow', () => {
    const deep = `config A\n\tbool "A"\n\tdepends on ${'('.repeat(5000)}A\n`;
    expect(errorOf({ Kconfig: deep }).reason).toContain('nested too deeply');
    expect(errorOf({ Kconfig: 'menu "m"\n'.repeat(5000) }).reason).toContain('nested too deeply');
    expect(errorOf({ Kconfig: `x := aa\n${'x := $(x)$(x)\n'.repeat(60)}` }).reason).toContain('too large');
    const tree = `f = $(f,$(1)x)$(f,$(1)y)\nconfig A\n\tstring\n\tdefault "$(f,a)"\n`;
    expect(errorOf({ Kconfig: tree }).reason).toMatch(/stuck|too deeply|too large/);
  });
});

describe('chains that would overflow a recursive evaluator', () => {
  it('20,000 symbols that depend on each other, defined backwards', () => {
    const count = 20_000;
    const lines: string[] = [];
    for (let i = count; i > 0; i--) lines.push(`config S${i}`, `\tdef_bool S${i - 1}`);
    lines.push('config S0', '\tbool "start"', '\tdefault y');
    const config = new Config(loadTree({ reader: memoryReader({ Kconfig: `${lines.join('\n')}\n` }) }));
    const [last, start] = [config.find(`S${count}`), config.find('S0')];
    if (last === null || start === null) throw new Error('missing');
    expect(config.value(last)).toBe('y');
    config.set(start, 'n');
    expect(config.value(last)).toBe('n');
  });

  it('3,000 siblings that depend on the one before', () => {
    const lines = ['config S0', '\tbool "s"', '\tdefault y'];
    for (let i = 1; i < 3000; i++) lines.push(`config S${i}`, '\tbool "s"', `\tdepends on S${i - 1}`, '\tdefault y');
    const config = new Config(loadTree({ reader: memoryReader({ Kconfig: `${lines.join('\n')}\n` }) }));
    expect(writeConfig(config).split('\n').length).toBe(3001);
  });
});

describe('hosts', () => {
  const text =
    'X := $(shell,scripts/check-set.sh VALUE)\nY := $(shell,rm -rf /)\nconfig A\n\tstring\n\tdefault "$(X)|$(Y)"\n';

  it('answer $(shell) from a table; unknown commands warn', () => {
    const shell = shellTable({ 'check-set': ([name]) => `got ${name}\n` });
    const tree = loadTree({ reader: memoryReader({ Kconfig: text }), shell });
    expect(writeConfig(new Config(tree))).toBe('CONFIG_A="got VALUE|"\n');
    expect(tree.warnings.map((warning) => warning.code)).toEqual(['shell']);
  });

  it('turn failures of their functions into positioned errors', () => {
    const fail = {
      minArgs: 0,
      maxArgs: 0,
      call: () => {
        throw new Error('no luck');
      },
    };
    expect(errorOf({ Kconfig: '\n$(bad)\n' }, { functions: { bad: fail } }).message).toBe('Kconfig:2: $(bad): no luck');
  });
});
