/** Opens a worker and wraps it. Which worker is the entry's business: it must name the module for the bundler. */
import * as Comlink from 'comlink';
import type { WorkerApi } from '@/worker/protocol';
import type { StoreApi } from '@/worker/store-protocol';
import type { StoreConnection } from './library';
import type { Connect } from './session';

export const connectTo =
  (open: () => Worker): Connect =>
  (onCrash) => {
    const worker = open();
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      onCrash(event.message || 'its script failed to load');
    });
    worker.addEventListener('messageerror', () => onCrash('a message from it could not be read'));
    return { api: Comlink.wrap<WorkerApi>(worker), terminate: () => worker.terminate() };
  };

/** The store worker; a crash of it shows in the calls that then fail. */
export const connectToStore =
  (open: () => Worker): (() => StoreConnection) =>
  () => {
    const api = Comlink.wrap<StoreApi>(open());
    return { api, subscribe: (listener) => api.subscribe(Comlink.proxy(listener)) };
  };
