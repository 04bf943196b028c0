/** The page on a worker that plays a scenario: `lab.html?scenario=nan&run=1`. For tests alone; the site never builds it. */
import { mount } from '@/app/mount';
import { connectTo, connectToStore } from '@/app/stores/connection';

const scenario = new URLSearchParams(location.search).get('scenario') ?? 'live';
const root = document.getElementById('root');
if (!root) throw new Error('lab.html has no #root');
Object.assign(globalThis, {
  workbench: mount(
    root,
    connectTo(() => new Worker(new URL('./fake-worker.ts', import.meta.url), { type: 'module', name: scenario })),
    connectToStore(
      () => new Worker(new URL('../../src/worker/store-entry.ts', import.meta.url), { type: 'module', name: 'store' }),
    ),
  ),
});
