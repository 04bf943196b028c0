/** One engine in a fresh module worker with its own device: counters first, then the engine's code. */
import { installCounters } from './count';
import { race } from './race';
import { cfg } from './spec';

export interface RaceRequest {
  readonly engine: 'workbench' | 'jax-js' | 'tfjs-webgpu' | 'probe';
  readonly warmup: number;
  readonly steps: number;
  readonly size?: Partial<typeof cfg>;
}

self.onmessage = async ({ data }: MessageEvent<RaceRequest>): Promise<void> => {
  try {
    Object.assign(cfg, data.size ?? {});
    if (data.engine === 'probe') {
      const { probe } = await import('./probe');
      self.postMessage({ ok: await probe(navigator.gpu) });
      return;
    }
    const counts = installCounters();
    const make = {
      workbench: async () => (await import('./engines/workbench')).workbenchEngine(navigator.gpu),
      'jax-js': async () => (await import('./engines/jax')).jaxEngine(),
      'tfjs-webgpu': async () => (await import('./engines/tfjs')).tfjsEngine(),
    }[data.engine];
    self.postMessage({ ok: await race(make, counts, data.warmup, data.steps) });
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error) });
  }
};
