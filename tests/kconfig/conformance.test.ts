import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Config, loadConfig, writeConfig, writeMinConfig } from '@/kconfig';
import { applyStep, parseCases, runCase, stateOf, treeOf } from './support/cases';
import type { Case, Outcome } from './support/cases';
import { differential, outcomeHash } from './support/differential';
import { oracleAvailable } from './support/oracle';
import { randomCase } from './support/random';

const at = (path: string): URL => new URL(path, import.meta.url);
const readJson = (path: string): unknown => JSON.parse(readFileSync(at(path), 'utf8'));

const expected = readJson('./fixtures/corpus.json') as Record<string, Outcome>;
const corpus = readdirSync(at('./corpus'))
  .filter((file) => file.endsWith('.case'))
  .sort()
  .flatMap((file) =>
    parseCases(readFileSync(at(`./corpus/${file}`), 'utf8')).map((test): [string, Case] => [
      `${file.slice(0, -5)}/${test.name}`,
      test,
    ]),
  );

describe('the corpus against kconfiglib 14.1.0', () => {
  it('has a fixture for every case', () => {
    expect(corpus.map(([name]) => name).sort()).toEqual(Object.keys(expected).sort());
  });

  it.each(corpus)('%s', (name, test) => {
    const ours = runCase(test);
    const theirs = expected[name];
    if ('error' in theirs) {
      expect(ours).toHaveProperty('error');
      const position = /^([\w./]+:\d+): /.exec(theirs.error)?.[1];
      if (position !== undefined && 'error' in ours) expect(ours.error.split(': ')[0]).toBe(position);
      return;
    }
    expect(ours).toEqual(theirs);
  });
});

/** States that a `.config` cannot express, in any implementation; each with the reason. */
const NO_FIXPOINT: Readonly<Record<string, string>> = {
  'expressions/values':
    'E13 is y by default but visible at m: a user value, unlike a default, is limited by visibility',
  'named-choice/optional': 'an optional choice in m mode without a member that is m',
  'options/load': 'the header of this case has no newline, so it swallows the first line',
  'reader/set-types': 'a number with blanks around it',
};

/** Every state of a valid case as a fresh evaluation would give it, and its file as a fixpoint. */
function checkState(config: Config, fixpoint: boolean): void {
  const fresh = new Config(config.tree);
  fresh.restore(config.snapshot());
  expect(stateOf(config)).toEqual(stateOf(fresh));
  expect(stateOf(config.clone())).toEqual(stateOf(config));
  if (!fixpoint) return;
  const again = new Config(config.tree);
  loadConfig(again, writeConfig(config));
  expect(writeConfig(again)).toBe(writeConfig(config));
}

describe('properties', () => {
  const valid = corpus.filter(([name]) => !('error' in expected[name]) && !name.startsWith('unclean'));

  it.each(valid)('%s: invalidation equals a fresh evaluation; write, load, write is a fixpoint', (name, test) => {
    const config = new Config(treeOf(test));
    const fixpoint = !(name in NO_FIXPOINT);
    checkState(config, fixpoint);
    for (const step of test.steps) {
      applyStep(config, step);
      checkState(config, fixpoint);
    }
  });

  const minimal = valid.filter(([name]) => !(name in NO_FIXPOINT) || name.startsWith('expressions'));

  it.each(minimal)('%s: the minimal file loads to the full configuration', (_, test) => {
    const config = new Config(treeOf(test));
    for (const step of test.steps) applyStep(config, step);
    const again = new Config(config.tree);
    loadConfig(again, writeMinConfig(config));
    expect(writeConfig(again)).toBe(writeConfig(config));
  });
});

describe('random trees', () => {
  const hashes = readJson('./fixtures/random.json') as { readonly first: number; readonly hashes: readonly string[] };

  it(`${hashes.hashes.length} recorded cases equal kconfiglib`, () => {
    const wrong = hashes.hashes
      .map((hash, i) => ({ seed: hashes.first + i, hash }))
      .filter(({ seed, hash }) => hash !== '-' && outcomeHash(runCase(randomCase(seed))) !== hash);
    expect(wrong).toEqual([]);
  });

  it.runIf(oracleAvailable())('200 more equal the kconfiglib that is installed', async () => {
    const report = await differential(500_001, 200);
    expect(report.differences.map(({ seed, text }) => ({ seed, text }))).toEqual([]);
  });
});
