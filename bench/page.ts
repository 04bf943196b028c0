/** Runs engines one after another, each in a fresh worker that is terminated before the next. Driven by scripts/bench.mjs. */
import type { RaceRequest } from './worker';

declare global {
  interface Window {
    runOne(request: RaceRequest): Promise<unknown>;
  }
}

window.runOne = (request) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    const finish = (act: () => void): void => {
      worker.terminate();
      act();
    };
    worker.onmessage = ({ data }: MessageEvent<{ ok?: unknown; error?: string }>) =>
      finish(() => (data.error ? reject(new Error(data.error)) : resolve(data.ok)));
    worker.onerror = (event) => finish(() => reject(new Error(event.message)));
    worker.postMessage(request);
  });
