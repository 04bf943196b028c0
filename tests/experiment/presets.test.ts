/** The tree and every preset: lint, minimal form, a CI twin, and a model that can be planned. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TRAITS } from '@/engine/device';
import { experimentConfig } from '@/experiment/config';
import {
  KCONFIG_SOURCES,
  checkOverrides,
  openStrict,
  setSymbol,
  symbolValues,
  workbenchTree,
} from '@/experiment/kconfig-tree';
import { planTraining } from '@/experiment/training-plan';
import { lintPreset, lintTree, presetHeader } from '@/kconfig';

const presets = readdirSync('defconfigs');
const text = (name: string) => readFileSync(`defconfigs/${name}`, 'utf8');

describe('our Kconfig tree', () => {
  it('has one fragment an area and no lint finding', () => {
    expect(Object.keys(KCONFIG_SOURCES).sort()).toEqual([
      'Kconfig',
      'src/data/Kconfig',
      'src/experiment/Kconfig',
      'src/models/Kconfig',
      'src/models/attention/Kconfig',
      'src/optim/Kconfig',
      'src/pruning/Kconfig',
    ]);
    expect(lintTree(workbenchTree())).toEqual([]);
  });

  it('gives every symbol help', () => {
    const bare = workbenchTree().defined.filter((sym) => !sym.nodes.some((node) => node.help));
    expect(bare.map((sym) => sym.name)).toEqual([]);
  });
});

describe.each(presets)('preset %s', (name) => {
  it('is in savedefconfig form, says how many cells it makes, and has a twin for tests', () => {
    expect(lintPreset(workbenchTree(), text(name), name)).toEqual([]);
    expect(Number(presetHeader(text(name)).fields.get('Cells'))).toBeGreaterThan(0);
    expect(presets).toContain(name.endsWith('-ci') ? name : `${name}-ci`);
  });

  it('makes an experiment that can be planned', () => {
    const config = experimentConfig(symbolValues(openStrict(text(name), name)));
    const shape = { trainTokens: 10_000, valTokens: 2_000, sampling: 'window' } as const;
    const plan = planTraining(config, { ...config.model, vocabSize: 128 }, shape, { traits: DEFAULT_TRAITS });
    const { core, ra, gate, position } = config.model.attention;
    const plain = core.kind === 'mha' && !ra && !gate && position === 'learned';
    const bound = plain ? 100 : 45 * config.model.nLayer; // rotation, gates and codes are dispatches of their own
    expect(plan.dispatchesPerStep).toBeLessThanOrEqual(bound + (config.optimizer.kind === 'sinkgd' ? 6 : 0));
  });
});

describe('bad settings are refused before anything runs', () => {
  const withSymbol = (symbol: string, value: string) => () => {
    const config = openStrict('', 'empty');
    setSymbol(config, symbol, value, 'command line');
    return experimentConfig(symbolValues(config));
  };

  it('unknown symbols, wrong types, out of range numbers', () => {
    expect(withSymbol('GPT2_N_HEDA', '3')).toThrow('there is no symbol GPT2_N_HEDA; did you mean GPT2_N_HEAD?');
    expect(withSymbol('GPT2_N_HEAD', 'three')).toThrow(/GPT2_N_HEAD=three/);
    expect(withSymbol('BATCH_SIZE', '99999')).toThrow(/outside the range \[1, 4096\]/);
    expect(withSymbol('BETA1', '1')).toThrow(/outside the range \[0, 1\)/);
    expect(() => openStrict('CONFIG_NOPE=y\n', 'my.config')).toThrow(/^my\.config:1: .*NOPE/);
  });

  it('a latent wider than the width', () => {
    const config = openStrict('CONFIG_ATTN_MLA=y\nCONFIG_GPT2_N_EMBD=32\nCONFIG_GPT2_N_HEAD=2\n', 'small');
    expect(symbolValues(config).get('MLA_LATENT')).toBe('10'); // a third of the width, also where nobody asked
    setSymbol(config, 'MLA_LATENT', '33', 'command line');
    expect(() => experimentConfig(symbolValues(config))).toThrow(
      'MLA_LATENT=33 is wider than the model, GPT2_N_EMBD=32',
    );
  });

  it('pruning: sparsity, ramp, and state scores without state', () => {
    const with_ =
      (...pairs: readonly (readonly [string, string])[]) =>
      () => {
        const config = openStrict('', 'empty');
        for (const [symbol, value] of pairs) setSymbol(config, symbol, value, 'command line');
        checkOverrides(config, Object.fromEntries(pairs), 'command line');
        return experimentConfig(symbolValues(config));
      };
    const on = ['PRUNING_MAGNITUDE', 'y'] as const;
    expect(with_(on)().pruning).toMatchObject({ method: 'magnitude', target: 0.5, start: 200, end: 1200, every: 20 });
    expect(with_(on, ['PRUNING_TARGET_SPARSITY', '1'])).toThrow(
      /PRUNING_TARGET_SPARSITY=1.*outside the range \[0, 1\)/,
    );
    expect(with_(on, ['PRUNING_TARGET_SPARSITY', '-0.1'])).toThrow(/outside the range/);
    expect(with_(on, ['PRUNING_END', '3000'])).toThrow(/PRUNING_END=3000 is beyond MAX_ITERS=2000/);
    expect(with_(on, ['PRUNING_START', '1500'])).toThrow(
      /PRUNING_START=1500 must come before the end of the ramp at 1200/,
    );
    expect(with_(['OPTIMIZER_SGD', 'y'], ['PRUNING_STATE', 'y'])).toThrow(
      /PRUNING_STATE=y has no effect: .*OPTIMIZER_ADAM/,
    );
    expect(with_(['OPTIMIZER_ADAMWPRUNE', 'y'])().pruning).toMatchObject({
      method: 'state',
      score: 'bitter7',
      eps: 1e-8,
    });
    expect(with_(['OPTIMIZER_ADAMWPRUNE', 'y'], ['PRUNING_SCORE_BITTER4', 'y'])().pruning).toMatchObject({
      scope: 'depth',
    });
    expect(with_(['PRUNING_STATE', 'y'], ['PRUNING_SCORE_BITTER8', 'y'])().pruning).toMatchObject({ eps: 1e-5 });
    expect(with_(['PRUNING_STATE', 'y'], ['PRUNING_SCORE_GENERIC_VHAT', 'y'])().pruning).toMatchObject({
      score: 'genericVhat',
      q: 0.25,
    });
    const spam = [
      ['OPTIMIZER_ADAMWSPAM', 'y'],
      ['SPAM_INTERVAL', '100'],
      ['SPAM_WARMUP', '60'],
    ] as const;
    expect(with_(...spam)).toThrow(/SPAM_WARMUP=60 must be below half of SPAM_INTERVAL=100/);
  });

  it('a head count that does not divide the width, with the ones that do', () => {
    const config = withSymbol('GPT2_N_HEAD', '3')();
    const shape = { trainTokens: 10_000, valTokens: 2_000, sampling: 'window' } as const;
    expect(() => planTraining(config, { ...config.model, vocabSize: 128 }, shape, { traits: DEFAULT_TRAITS })).toThrow(
      'GPT2_N_HEAD=3 does not divide GPT2_N_EMBD=128; head counts that do: 1, 2, 4',
    );
  });
});
