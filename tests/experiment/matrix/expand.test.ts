/** Declaring and expanding a matrix; the rules of workflow-and-explainers 3.2 on a tree of their shape. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openConfig, openStrict } from '@/experiment/kconfig-tree';
import { MatrixError, type MatrixSpec, headerSpec, mergeSpecs, parseAxis } from '@/experiment/matrix/axes';
import { cellId, expandMatrix } from '@/experiment/matrix/expand';
import { sha256Text } from '@/data/hash';
import { Config, loadTree, memoryReader, presetHeader, writeMinConfig } from '@/kconfig';

/** Optimisers and prunings as the source project couples them: state pruning and adamwprune only with each other or with none. */
const KCONFIG = `
config SEED
	int "Seed"
	default 7

choice
	prompt "Optimizer"
config OPT_SGD
	bool "sgd"
config OPT_ADAMW
	bool "adamw"
config OPT_ADAMWPRUNE
	bool "adamwprune"
endchoice

choice
	prompt "Pruning"
config PRUNE_NONE
	bool "none"
config PRUNE_MAGNITUDE
	bool "magnitude"
	depends on !OPT_ADAMWPRUNE
config PRUNE_STATE
	bool "state"
	depends on OPT_ADAMWPRUNE
endchoice

config SPARSITY
	int "Sparsity"
	default 90
	range 0 99
	depends on !PRUNE_NONE
`;
const tree = loadTree({ reader: memoryReader({ Kconfig: KCONFIG }) });
const open = (): Config => new Config(tree);
const spec = (seeds: number, ...axes: string[]): MatrixSpec => ({ axes: axes.map((text) => parseAxis(text)!), seeds });
const OPTIMIZERS = 'OPT_SGD,OPT_ADAMW,OPT_ADAMWPRUNE=y';
const PRUNINGS = 'PRUNE_NONE,PRUNE_MAGNITUDE,PRUNE_STATE=y';
const names = (expansion: ReturnType<typeof expandMatrix>): string[] =>
  expansion.cells.map(({ axes }) => Object.values(axes).join(' '));

describe('axes', () => {
  it('reads values, ranges and switches', () => {
    expect(parseAxis('LR=1e-3,3e-3')).toEqual({
      name: 'LR',
      points: [
        { label: '1e-3', set: [['LR', '1e-3']] },
        { label: '3e-3', set: [['LR', '3e-3']] },
      ],
    });
    expect(parseAxis('N=2:2:8')?.points.map((p) => p.label)).toEqual(['2', '4', '6', '8']);
    expect(parseAxis('LR=0.1:0.1:0.5')?.points.map((p) => p.label)).toEqual(['0.1', '0.2', '0.3', '0.4', '0.5']);
    expect(parseAxis('N=8:-4:0')?.points.map((p) => p.label)).toEqual(['8', '4', '0']);
    expect(parseAxis(OPTIMIZERS)).toMatchObject({
      name: 'OPT',
      points: [{ label: 'sgd' }, { label: 'adamw' }, { label: 'adamwprune' }],
    });
    expect(parseAxis('LR=1e-3')).toBeNull();
    expect(parseAxis('PATH=a:b:c')).toBeNull();
  });

  it.each([
    ['LR=1,1'],
    ['LR=1,'],
    ['lr=1,2'],
    ['A,b=y'],
    ['A,B=n'],
    ['N=1:1:0'],
    ['N=1:0:5'],
    ['N=0:1:5000'],
    ['=1,2'],
    ['LR'],
  ])('refuses %s', (text) => expect(() => parseAxis(text)).toThrow(MatrixError));

  it('reads arms, axes and seeds of a header, and lets the command line replace them', () => {
    const preset =
      '# A preset\n# Arm: baseline\n# Arm: wide GPT2_N_EMBD=64 GPT2_N_HEAD=4\n# Axis: LR=1,2\n# Seeds: 3\nCONFIG_SEED=1\n# Axis: NO=1,2\n';
    const declared = headerSpec(preset, 'x');
    expect(declared.seeds).toBe(3);
    expect(declared.axes.map((a) => [a.name, a.points.length])).toEqual([['arm', 2], ['LR', 2]]); // prettier-ignore
    expect(declared.axes[0]!.points[1]).toEqual({ label: 'wide', set: [['GPT2_N_EMBD', '64'], ['GPT2_N_HEAD', '4']] }); // prettier-ignore
    const merged = mergeSpecs(declared, [parseAxis('LR=5,6,7')!, parseAxis('WD=0,1')!], '1');
    expect(merged).toMatchObject({
      seeds: 1,
      axes: [{ name: 'arm' }, { name: 'LR', points: { length: 3 } }, { name: 'WD' }],
    });
    expect(() => mergeSpecs(declared, [], '0')).toThrow(/--seeds/);
    expect(() => mergeSpecs(declared, [parseAxis('A=1,2')!, parseAxis('A=3,4')!], undefined)).toThrow(/twice/);
    expect(() => headerSpec('# Axis: LR=1\n', 'p')).toThrow(/^p:1: /);
    expect(() => headerSpec('# Arm: a X\n', 'p')).toThrow(/"X" is not SYMBOL=value/);
    expect(() => headerSpec('# Arm: a\n# Arm: a\n', 'p')).toThrow(/same name/);
  });
});

describe('expansion', () => {
  it('adamwprune goes with none and state only, state only with adamwprune', () => {
    const expansion = expandMatrix('', spec(1, OPTIMIZERS, PRUNINGS), open);
    expect(names(expansion)).toEqual(['sgd none', 'sgd magnitude', 'adamw none', 'adamw magnitude', 'adamwprune none', 'adamwprune state']); // prettier-ignore
    expect(expansion.excluded.map(({ axes }) => Object.values(axes).join(' '))).toEqual(['sgd state', 'adamw state', 'adamwprune magnitude']); // prettier-ignore
    expect(expansion.excluded[0]!.reason).toMatch(/PRUNE_STATE=y/);
  });

  it('no pruning is one cell, whatever the sparsities, in any order of the axes', () => {
    const one = expandMatrix('', spec(1, OPTIMIZERS, PRUNINGS, 'SPARSITY=50,70'), open);
    expect(one.cells.length).toBe(3 + 2 * 2 + 2); // none x 3 optimizers, magnitude x 2 x 2, state x 2
    expect(one.merged).toBe(3);
    const other = expandMatrix('', spec(1, 'SPARSITY=50,70', PRUNINGS, OPTIMIZERS), open);
    expect(new Set(other.cells.map((c) => c.minSha256))).toEqual(new Set(one.cells.map((c) => c.minSha256)));
  });

  it('seeds are consecutive and pair every combination', () => {
    const { cells } = expandMatrix('CONFIG_SEED=100\n', spec(3, OPTIMIZERS), open);
    expect(cells.map((c) => c.seed)).toEqual([100, 101, 102, 100, 101, 102, 100, 101, 102]);
    expect(new Set(cells.map((c) => c.id)).size).toBe(9);
    expect(cells[0]!.axes).toEqual({ OPT: 'sgd' });
  });

  it('an id is slug, seed and hash of the minimal configuration', () => {
    const { cells } = expandMatrix('', spec(1, PRUNINGS, 'SPARSITY=50,70'), open);
    const cell = cells.at(-1)!;
    expect(cell.minimal).toBe('CONFIG_PRUNE_MAGNITUDE=y\nCONFIG_SPARSITY=70\n');
    expect(cell.id).toBe(`magnitude_sparsity-70_s7-${sha256Text(cell.minimal).slice(0, 6)}`);
    expect(cellId(['../x y', 'A'.repeat(90)], 1, 'abcdef0')).toMatch(/^\.\.-x-y_a{53}_s1-abcdef$/);
    expect(cellId([], 3, '1234567')).toBe('base_s3-123456');
  });

  it('refuses unknown symbols, impossible values and too many cells', () => {
    expect(() => expandMatrix('', spec(1, 'NOPE=1,2'), open)).toThrow(/no symbol NOPE/);
    expect(() => expandMatrix('', spec(1, 'PRUNE_MAGNITUDE,PRUNE_NONE=y', 'SPARSITY=50,100'), open)).toThrow(
      /SPARSITY=100: .*range/,
    );
    expect(() => expandMatrix('', spec(1000, 'SPARSITY=0:1:99'), open)).toThrow(/at most 10000/);
    expect(() => expandMatrix('', spec(1, 'OPT_SGD,OPT_ADAMW=y', 'PRUNE_STATE,PRUNE_STATE=y'), open)).toThrow(
      /no cell/,
    );
  });
});

describe('presets', () => {
  it.each(readdirSync('defconfigs'))('%s expands to as many cells as its header says', (name) => {
    const text = readFileSync(`defconfigs/${name}`, 'utf8');
    const { cells, excluded } = expandMatrix(
      writeMinConfig(openStrict(text, name)),
      headerSpec(text, name),
      () => openConfig().config,
    );
    expect({ cells: cells.length, excluded }).toEqual({
      cells: Number(presetHeader(text).fields.get('Cells')),
      excluded: [],
    });
  });
});
