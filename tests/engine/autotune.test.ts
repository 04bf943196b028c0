import { expect, it } from 'vitest';
import { autotune, cachedChoice } from '@/engine/autotune';
import { planTraining } from '@/experiment/training-plan';
import { testEngine, testExperiment } from '../support/experiment';

it('measures every shape class once, trusts only variants that agree, and remembers the winner', async () => {
  const engine = await testEngine();
  const { config, model } = testExperiment({
    model: { nLayer: 1, nHead: 2, nEmbd: 16, blockSize: 8 },
    training: { batchSize: 2 },
  });
  const shape = { trainTokens: 4000, valTokens: 1000, sampling: 'window' } as const;
  const { plan } = planTraining(config, model, shape, { traits: engine.traits });
  const stored = new Map<string, string>();
  const cache = { get: (k: string) => stored.get(k), set: (k: string, v: string) => void stored.set(k, v) };
  // A variant that computes something else must be found out: its store goes to the wrong place.
  const gemms = plan.sequences.train!.filter((d) => d.tune?.family === 'gemm').slice(0, 1);
  const broken = gemms.map((d) => ({
    ...d,
    tune: {
      ...d.tune!,
      key: 'broken',
      variants: ['wrong', ...d.tune!.variants],
      build: (name: string) => {
        const program = d.tune!.build(name === 'wrong' ? d.tune!.variants.at(-1)! : name);
        return name === 'wrong' ? { ...program, code: program.code.replace('fma(', '0.5 * fma(') } : program;
      },
    },
  }));
  const small = { ...plan, sequences: { train: [...gemms, ...broken] } };
  const results = await autotune(engine, small, cache);
  expect(results.map((r) => r.key)).toEqual([gemms[0]!.tune!.key, 'broken']);
  expect(results[1]!.candidates.find((c) => c.variant === 'wrong')).toMatchObject({ ms: null });
  expect(results[1]!.winner).not.toBe('wrong');
  for (const r of results) {
    const fastest = r.candidates.filter((c) => c.ms !== null).sort((a, b) => a.ms! - b.ms!)[0]!;
    expect(r.winner).toBe(fastest.variant);
  }
  expect(await autotune(engine, small, cache)).toEqual([]);
  const choice = cachedChoice(cache, engine.adapter);
  const again = planTraining(config, model, shape, { traits: engine.traits, choice });
  expect(again.plan.sequences.train!.find((d) => d.tune?.key === results[0]!.key)!.program.variant).toBe(
    results[0]!.winner,
  );
});
