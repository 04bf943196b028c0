/** Saving and restoring the training state: a resumed run equals an uninterrupted one in every bit, through a file too. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import type { TrainingBackend } from '@/experiment/backend';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import { readSafetensors, writeSafetensors } from '@/experiment/safetensors';
import { StateError, type StateTensor, type TrainingState, savedStep } from '@/experiment/training-state';
import { type Overrides, testEngine, testExperiment } from '../support/experiment';

const SMALL: Overrides = { model: { nLayer: 1, nHead: 2, nEmbd: 16, blockSize: 8, dropout: 0.1 }, vocab: 17 };
let engine: EngineDevice;
beforeAll(async () => {
  engine = await testEngine();
});

const open = (kind: 'webgpu' | 'reference', overrides: Overrides): Promise<TrainingBackend> => {
  const { config, model, corpus } = testExperiment(overrides);
  return kind === 'webgpu'
    ? WebGpuBackend.create(engine, config, model, corpus)
    : Promise.resolve(new ReferenceBackend(config, model, corpus));
};

async function advance(backend: TrainingBackend, from: number, to: number): Promise<void> {
  for (let step = from; step < to; step++) await (await backend.step(step)).result;
}

/** As a run directory does it. */
const throughFile = (state: TrainingState): TrainingState =>
  readSafetensors(writeSafetensors([...state].map(([name, t]) => ({ name, ...t })))).tensors as TrainingState;

const bits = ({ data }: StateTensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

export function expectEqualStates(a: TrainingState, b: TrainingState): void {
  expect([...a.keys()].sort()).toEqual([...b.keys()].sort());
  for (const [key, tensor] of a) expect(bits(tensor), key).toEqual(bits(b.get(key)!));
}

describe.each(['webgpu', 'reference'] as const)('%s', (kind) => {
  const cases: [string, Overrides][] = [
    ['AdamW', SMALL],
    ['SGD', { ...SMALL, optimizer: { kind: 'sgd' } }],
    [
      'AdamWSPAM across a reset',
      {
        ...SMALL,
        optimizer: { kind: 'adamwspam', spam: { mode: 'repo', theta: 50, interval: 10, warmup: 6, zThreshold: 2 } },
      },
    ],
  ];
  it.each(cases)('%s: 4 + 5 steps equal 9', async (_, overrides) => {
    const whole = await open(kind, overrides);
    await advance(whole, 0, 9);
    const first = await open(kind, overrides);
    await advance(first, 0, 4);
    const saved = throughFile(await first.saveState());
    expect(savedStep(saved)).toBe(4);
    const second = await open(kind, overrides);
    await second.loadState(saved);
    await advance(second, savedStep(saved), 9);
    expectEqualStates(await second.saveState(), await whole.saveState());
    expect((await second.evaluate()).loss).toBe((await whole.evaluate()).loss);
    for (const backend of [whole, first, second]) backend.destroy();
  });

  it('refuses a state of another model in one line', async () => {
    const backend = await open(kind, SMALL);
    const other = await open(kind, { ...SMALL, model: { ...SMALL.model, nEmbd: 32 } });
    const state = await other.saveState();
    await expect((async () => backend.loadState(state))()).rejects.toThrow(StateError);
    await expect((async () => backend.loadState(state))()).rejects.toThrow(/transformer\.wte\.weight has 544 elements, the run needs 272/);
    for (const b of [backend, other]) b.destroy();
  }); // prettier-ignore
});
