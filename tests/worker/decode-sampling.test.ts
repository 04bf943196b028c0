/** Text for the Lab from a tiny model on a device: a batch, a stop on the way, a device that goes away. */
import { describe, expect, it } from 'vitest';
import { type EngineDevice, openDevice } from '@/engine/device';
import type { OpenRun } from '@/experiment/open-run';
import { Sampler } from '@/worker/decode-sampling';
import type { SampleRequest, WorkerEvent } from '@/worker/protocol';
import { testEngine } from '../support/experiment';
import { testGpu } from '../support/gpu';
import { smallModel } from '../support/model';

type SampleEvent = Extract<WorkerEvent, { type: 'sample' }>;

const { model, values } = smallModel({});
const parameters = new Map(
  model.graph.parameters.map((p) => [p.name, { data: Float32Array.from(values.get(p.id)!), shape: p.shape }]),
);
/** What the sampler reads of a run whose tokens are the numbers 0 to 10. */
const run = {
  model: model.config,
  backend: { kind: 'webgpu', parameters: () => Promise.resolve(parameters) },
  corpus: { tokenizer: { vocabSize: 11, decode: (ids: readonly number[]) => ids.map((id) => `${id} `).join('') } },
} as unknown as OpenRun;

const request: SampleRequest = { requestId: 1, prompt: '1 2 3 ', tokens: 40, texts: 1, temperature: 1, topK: 0, topP: 1, minP: 0, seed: 5 }; // prettier-ignore

async function drawn(
  engine: EngineDevice,
  change: Partial<SampleRequest> = {},
  on: (event: SampleEvent, sampler: Sampler) => void = () => undefined,
): Promise<SampleEvent[]> {
  const sampler = new Sampler();
  const events: SampleEvent[] = [];
  await sampler.sample(run, engine, [1, 2, 3], { ...request, ...change }, (event) => {
    events.push(event);
    on(event, sampler);
  });
  sampler.forget();
  return events;
}

const length = (text: string): number => text.trim().split(' ').length;

describe('text for the Lab', () => {
  it('draws several texts together; the first is the one that is drawn alone', async () => {
    const alone = (await drawn(await testEngine())).at(-1)!;
    const events = await drawn(await testEngine(), { texts: 3 });
    const last = events.at(-1)!;
    expect(last.text).toBe(alone.text);
    expect(new Set([last.text, ...last.others!]).size).toBe(3);
    for (const text of [last.text, ...last.others!]) expect(length(text)).toBe(40);
    expect(last).toMatchObject({ done: true, prompt: '1 2 3 ' });
    expect(last.cut).toBeUndefined();
    expect(events.slice(0, -1).every((event, i) => !event.done && length(event.text) === i + 1)).toBe(true);
  });

  it('stops on the way: what is drawn stays, and the next text is whole', async () => {
    const engine = await testEngine();
    const whole = (await drawn(engine)).at(-1)!.text;
    const events = await drawn(engine, {}, (event, sampler) => {
      if (length(event.text) === 7) sampler.cancel();
    });
    expect(events.at(-1)).toMatchObject({ done: true, cut: 'stopped after 8 tokens' });
    expect(whole.startsWith(events.at(-1)!.text)).toBe(true);
    expect((await drawn(engine)).at(-1)!.text).toBe(whole);
  });

  it('a device that goes away ends the text with what was drawn, and says so', async () => {
    const whole = (await drawn(await testEngine())).at(-1)!.text;
    const doomed = await openDevice(await testGpu());
    const events = await drawn(doomed, {}, (event) => {
      if (length(event.text) === 10) doomed.device.destroy();
    });
    const last = events.at(-1)!;
    expect(last.cut).toMatch(/^the graphics device was lost after \d+ tokens$/);
    expect(last.done).toBe(true);
    expect(length(last.text)).toBeGreaterThanOrEqual(10);
    expect(whole.startsWith(last.text)).toBe(true);
  });
});
