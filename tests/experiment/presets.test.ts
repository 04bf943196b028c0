/** The tree and every preset: lint, minimal form, a CI twin, and a model that can be planned. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TRAITS } from '@/engine/device';
import { experimentConfig } from '@/experiment/config';
import { KCONFIG_SOURCES, openStrict, setSymbol, symbolValues, workbenchTree } from '@/experiment/kconfig-tree';
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
    expect(plan.dispatchesPerStep).toBeLessThanOrEqual(Math.max(100, 20 + 38 * config.model.nLayer));
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

  it('a head count that does not divide the width, with the ones that do', () => {
    const config = withSymbol('GPT2_N_HEAD', '3')();
    const shape = { trainTokens: 10_000, valTokens: 2_000, sampling: 'window' } as const;
    expect(() => planTraining(config, { ...config.model, vocabSize: 128 }, shape, { traits: DEFAULT_TRAITS })).toThrow(
      'GPT2_N_HEAD=3 does not divide GPT2_N_EMBD=128; head counts that do: 1, 2, 4',
    );
  });
});
