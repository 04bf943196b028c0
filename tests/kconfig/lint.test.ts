import { describe, expect, it } from 'vitest';
import { lintPreset, lintTree } from '@/kconfig';
import { configOf } from './support/tree';

const rules = (text: string, env = {}): string[] =>
  lintTree(configOf(text, env).tree).map((finding) => `${finding.line} ${finding.rule}`);

describe('lint of a tree', () => {
  it('finds a default that is never reached', () => {
    expect(rules('config A\n\tdef_bool y\n\nconfig A\n\tdefault n\n')).toEqual(['5 dead-default']);
    expect(rules('config X\n\tdef_bool y\nif X\nconfig A\n\tdef_bool y\n\tdefault n\nendif\n')).toEqual([
      '6 dead-default',
    ]);
  });

  it('finds macros that look like symbols, undefined symbols, numbers in strings, missing help', () => {
    const text = [
      'config MODEL',
      '\tstring "Model"',
      '\thelp',
      '\t  The model.',
      'config PROJECT',
      '\tstring',
      '\tdefault "p-$(MODEL)"',
      'config LR',
      '\tstring "LR"',
      '\tdefault "0.001"',
      '\tdepends on GHOST || PROJECT = "x"',
      'comment ""',
    ].join('\n');
    const expected = ['7 macro-names-symbol', '8 no-help', '8 undefined-symbol', '10 untyped-real', '12 empty-prompt'];
    expect(rules(`${text}\n`)).toEqual(expected);
  });

  it('checks @real lines', () => {
    const tree = (tag: string): string => `config R\n\tstring "R"\n\tdefault "2"\n\thelp\n\t  Text.\n\t  ${tag}\n`;
    expect(rules(tree('@real [0, 1]'))).toEqual(['3 tree-warning']);
    expect(rules(tree('@real whatever'))).toEqual(['1 tree-warning', '3 untyped-real']);
    expect(rules(tree('@real 0..inf'))).toEqual([]);
  });
});

describe('lint of a preset', () => {
  const { tree } = configOf(`
config A
	bool "A"
	help
	  A.
config B
	bool "B"
	depends on A
	help
	  B.
config N
	int "N"
	default 1
	help
	  N.
`);
  const found = (text: string): string[] => lintPreset(tree, text, 'p').map(({ line, rule }) => `${line} ${rule}`);

  it('accepts savedefconfig form below a header', () => {
    expect(found('# A preset\n# expect: n_cells=1 N=2\nCONFIG_A=y\nCONFIG_N=2\n')).toEqual([]);
  });

  it('finds ghosts, overridden values, lines that are not minimal, bad lines, broken expectations', () => {
    expect(found('CONFIG_GHOST=y\n')).toEqual(['1 unknown-symbol', '1 not-minimal']);
    expect(found('CONFIG_B=y\n')).toEqual(['1 no-effect', '1 not-minimal']);
    expect(found('CONFIG_A=y\nCONFIG_N=1\n')).toEqual(['2 not-minimal']);
    expect(found('CONFIG_N=2 # two\n')).toEqual(['1 bad-line', '1 not-minimal']);
    expect(found('# expect: N=3\nCONFIG_N=2\n')).toEqual(['1 expectation']);
  });
});
