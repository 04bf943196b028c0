/**
 * The store's side of the door: lists, reads, exports, imports and deletes runs. Trains nothing. Listing and deleting load with
 * it; reading and exchanging load when they are asked for, since every visit of the page opens this worker.
 */
import * as Comlink from 'comlink';
import type {
  CleanResult,
  CleanStrength,
  ComparisonPlan,
  ConfigDifference,
  EvidenceSet,
  ReportAnswer,
  ReportRequest,
  RunCurves,
  RunDetail,
  RunEntry,
  RunTimeline,
  SharedLink,
  SharedRun,
  StorageUsage,
  StoreApi,
  StoreEvent,
} from '../store-protocol';
import { transferables } from './curves';
import type { RunReader } from './run-reader';
import { RunStore } from './run-store';

export class StoreWorker implements StoreApi {
  #opened: Promise<RunStore> | null = null;
  #reading: Promise<RunReader> | null = null;

  #open(): Promise<RunStore> {
    this.#opened ??= RunStore.open();
    return this.#opened;
  }

  async #reader(): Promise<RunReader> {
    this.#reading ??= Promise.all([this.#open(), import('./run-reader')]).then(([store, m]) => new m.RunReader(store));
    try {
      return await this.#reading;
    } catch (error) {
      this.#reading = null; // the next question tries again
      throw error;
    }
  }

  async subscribe(listener: (event: StoreEvent) => void): Promise<void> {
    (await this.#open()).onChange((id) => listener({ type: 'changed', id }));
  }

  async list(): Promise<readonly RunEntry[]> {
    return (await this.#open()).list();
  }

  async curves(id: string): Promise<RunCurves> {
    const curves = await (await this.#reader()).curves(id);
    return Comlink.transfer(curves, transferables(curves));
  }

  async detail(id: string): Promise<RunDetail> {
    return (await this.#reader()).detail(id);
  }

  async timeline(id: string): Promise<RunTimeline> {
    return (await this.#reader()).timeline(id);
  }

  async differences(ids: readonly string[]): Promise<readonly ConfigDifference[]> {
    return (await this.#reader()).differences(ids);
  }

  async report(request: ReportRequest): Promise<ReportAnswer> {
    return (await this.#reader()).report(request);
  }

  async figure(request: ReportRequest): Promise<string> {
    return (await this.#reader()).figure(request);
  }

  async evidence(plans: readonly ComparisonPlan[]): Promise<Readonly<Record<string, readonly EvidenceSet[]>>> {
    return (await this.#reader()).evidence(plans);
  }

  async export(id: string, { withoutState }: { readonly withoutState: boolean }): Promise<Uint8Array> {
    const { exportRun } = await import('./exchange');
    const zip = await exportRun(await this.#open(), id, withoutState);
    return Comlink.transfer(zip, [zip.buffer]);
  }

  async import(name: string, zip: Uint8Array): Promise<readonly string[]> {
    const { importArchive } = await import('./exchange');
    return importArchive(await this.#open(), name, zip);
  }

  async share(id: string): Promise<SharedLink> {
    const { shareRun } = await import('./exchange');
    const { manifest } = await (await this.#reader()).stored(id);
    return shareRun(await this.#open(), id, manifest);
  }

  async openShared(packed: string): Promise<SharedRun> {
    return (await import('./exchange')).describeShared(packed);
  }

  async keepShared(packed: string): Promise<string> {
    const { keepShared } = await import('./exchange');
    return keepShared(await this.#open(), packed);
  }

  async remove(ids: readonly string[]): Promise<void> {
    const store = await this.#open();
    for (const id of ids) await store.remove(id);
  }

  async clean(strength: CleanStrength): Promise<CleanResult> {
    return (await import('./clean')).clean(await this.#open(), strength);
  }

  async usage(): Promise<StorageUsage> {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    return { usageBytes: usage, quotaBytes: quota, persisted: await navigator.storage.persisted() };
  }
}
