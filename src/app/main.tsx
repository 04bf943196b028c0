/** The site's entry: the page on the engine's worker. */
import { mount } from './mount';
import { keepOffline } from './offline';
import { connectTo, connectToStore } from './stores/connection';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
mount(
  root,
  connectTo(() => new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module', name: 'engine' })),
  connectToStore(
    () => new Worker(new URL('../worker/store-entry.ts', import.meta.url), { type: 'module', name: 'store' }),
  ),
);
keepOffline();
