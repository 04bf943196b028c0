/** Entry of the store worker: it keeps reading, exporting and importing off both the page and the training. */
import * as Comlink from 'comlink';
import { StoreWorker } from './store/store-worker';

Comlink.expose(new StoreWorker());
