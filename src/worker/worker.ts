/** Entry of the engine worker. */
import * as Comlink from 'comlink';
import { EngineWorker } from './engine-worker';

Comlink.expose(new EngineWorker());
