import { describe, expect, it } from 'vitest';
import { edit, explain, loadConfig, symbolInfo, validate, whatIf } from '@/kconfig';
import type { Config } from '@/kconfig';
import { configOf, sym } from './support/tree';

const TREE = `
config A
	bool "A"
config B
	bool "B"
config C
	bool "C"
config MODEL
	string "Model"
	default "gpt2"
config HIDDEN
	bool "Hidden"
	depends on (A && B && C) || (MODEL = "ra" && !D)
config D
	bool "D"
	default y
	select PINNED
config PINNED
	bool "Pinned"
config DERIVED
	bool
	default A
choice
	prompt "Pick" if A
config P1
	bool "P1"
config P2
	bool "P2"
	depends on B
endchoice
config LR
	string "Rate"
	default "0.1"
	help
	  @real (0, 1)
config N
	int "N (tokens)"
	range 1 8 if !A
	range 1 16
	default 4
`;

function blockers(config: Config, name: string): string[] {
  return explain(config, sym(config, name)).obstacles.flatMap((obstacle) =>
    'blockers' in obstacle ? obstacle.blockers.map((one) => `${one.text}->${one.needed ? 'y' : 'n'}`) : [obstacle.kind],
  );
}

describe('explain', () => {
  it('finds the smallest set of conditions', () => {
    const config = configOf(TREE);
    expect(blockers(config, 'HIDDEN')).toEqual(['MODEL = "ra"->y', 'D->n']);
    config.set(sym(config, 'A'), 'y');
    config.set(sym(config, 'B'), 'y');
    expect(blockers(config, 'HIDDEN')).toEqual(['C->y']);
  });

  it('gives the values of operands', () => {
    const config = configOf(TREE);
    const [obstacle] = explain(config, sym(config, 'HIDDEN')).obstacles;
    expect(
      obstacle.kind === 'hidden' && obstacle.blockers[0].operands.map((one) => `${one.text}:${one.value}`),
    ).toEqual(['MODEL:gpt2', '"ra":ra']);
  });

  it('sees through a choice to what hides it', () => {
    const config = configOf(TREE);
    expect(blockers(config, 'P2')).toEqual(['B->y', 'A->y']);
  });

  it('names selects and missing prompts', () => {
    const config = configOf(TREE);
    const pinned = explain(config, sym(config, 'PINNED'));
    expect(pinned.changeable).toBe(false);
    expect(pinned.obstacles).toEqual([{ kind: 'selected', by: [sym(config, 'D')], strength: 2 }]);
    expect(blockers(config, 'DERIVED')).toEqual(['no-prompt']);
    expect(explain(config, sym(config, 'A'))).toMatchObject({ changeable: true, obstacles: [] });
  });
});

describe('whatIf', () => {
  it('reports every consequence on a copy', () => {
    const config = configOf(TREE);
    const trial = whatIf(config, sym(config, 'D'), 'n');
    expect(trial.changes.map((change) => `${change.name} ${change.before.value}->${change.after.value}`)).toEqual([
      'D y->n',
      'PINNED y->n',
    ]);
    expect(config.value(sym(config, 'D'))).toBe('y');
    const shown = whatIf(config, sym(config, 'A'), 'y').shown.map((one) => one.name);
    expect(shown).toEqual(['P1']);
    expect(whatIf(config, sym(config, 'PINNED'), 'n').overridden).toBe('selected by D');
    expect(whatIf(config, sym(config, 'N'), 'x').result.ok).toBe(false);
  });
});

describe('editing', () => {
  it('validates types, ranges and reals', () => {
    const config = configOf(TREE);
    expect(validate(config, sym(config, 'N'), '9')).toBe('9 is outside the range [1, 8]');
    config.set(sym(config, 'A'), 'y');
    expect(validate(config, sym(config, 'N'), '9')).toBeNull();
    expect(validate(config, sym(config, 'LR'), '1')).toBe('1 is outside the range (0, 1)');
    expect(validate(config, sym(config, 'LR'), '1e-3')).toBeNull();
    expect(edit(config, sym(config, 'LR'), 'fast')).toEqual({ ok: false, reason: "'fast' is not a number" });
  });

  it('goes back to a snapshot', () => {
    const config = configOf(TREE);
    loadConfig(config, 'CONFIG_A=y\nCONFIG_B=y\nCONFIG_P2=y\n');
    const before = config.snapshot();
    config.set(sym(config, 'P1'), 'y');
    config.set(sym(config, 'N'), '3');
    config.restore(before);
    expect([config.value(sym(config, 'P2')), config.userValue(sym(config, 'N'))]).toEqual(['y', null]);
  });

  it('describes a symbol', () => {
    const config = configOf(TREE);
    const info = symbolInfo(config, sym(config, 'N'));
    expect(info).toMatchObject({ value: '4', range: '[1, 8]', unit: 'tokens', origin: { kind: 'default' } });
    expect(symbolInfo(config, sym(config, 'HIDDEN')).directDependency?.annotated).toBe(
      '(A (=n) && B (=n) && C (=n)) || (MODEL (="gpt2") = "ra" && !D (=y))',
    );
  });
});
