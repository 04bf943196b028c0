/** The store's side of the door: lists, reads, exports, imports and deletes runs. Trains nothing. */
import * as Comlink from 'comlink';
import { sha256Bytes } from '@/data/hash';
import { exportBundle, openBundle } from '@/experiment/archive/bundle';
import { ArchiveError } from '@/experiment/archive/zip-read';
import { findingText, manifestOf, readManifest } from '@/experiment/manifest/read';
import { serializeManifest } from '@/experiment/manifest/serialize';
import { type RunDirectory, readText } from '@/experiment/run-directory';
import { type LossCurve, reportFigure } from '@/experiment/report/figure';
import { groupName, makeReport } from '@/experiment/report/report';
import { parseMetrics } from '@/experiment/session/metrics-log';
import { TIMELINE_FILE, parseTimeline, summariseTimeline } from '@/experiment/session/timeline';
import { CUSTOM_TEXT_FILE } from '../custom-text';
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
import { clean } from './clean';
import { type StoredRun, configDifferences, groupRuns, reportOn } from './compare';
import { SHARED_FILE, adapterOf } from './entry';
import { curvesOf, transferables } from './curves';
import { EvidenceReader } from './evidence-reader';
import { RunStore } from './run-store';
import { ShareError, packRun, unpackRun } from './share';
import { splitArchive } from './split-archive';

export class StoreWorker implements StoreApi {
  #opened: Promise<RunStore> | null = null;
  /** As read last; a choice of twenty runs asks for each of them twenty times. */
  readonly #manifests = new Map<string, { readonly version: string; readonly run: StoredRun }>();
  #evidence: EvidenceReader | null = null;

  #open(): Promise<RunStore> {
    this.#opened ??= RunStore.open();
    return this.#opened;
  }

  async subscribe(listener: (event: StoreEvent) => void): Promise<void> {
    (await this.#open()).onChange((id) => listener({ type: 'changed', id }));
  }

  async list(): Promise<readonly RunEntry[]> {
    return (await this.#open()).list();
  }

  async #stored(id: string): Promise<StoredRun> {
    const directory = await (await this.#open()).existing(id);
    const file = await directory.file('manifest.json');
    if (!file) return { id, manifest: null, status: 'invalid' };
    const version = `${file.lastModified} ${file.size}`;
    const known = this.#manifests.get(id);
    if (known?.version === version) return known.run;
    const manifest = manifestOf((await readText(directory, 'manifest.json')) ?? '');
    const run: StoredRun = { id, manifest, status: manifest?.results?.status ?? 'invalid' };
    this.#manifests.set(id, { version, run });
    return run;
  }

  async curves(id: string): Promise<RunCurves> {
    const directory = await (await this.#open()).existing(id);
    const { manifest } = await this.#stored(id);
    const curves = curvesOf(id, (await readText(directory, 'metrics.jsonl')) ?? '', manifest?.model?.params ?? null);
    return Comlink.transfer(curves, transferables(curves));
  }

  async detail(id: string): Promise<RunDetail> {
    const directory = await (await this.#open()).existing(id);
    const paths = await directory.list();
    const manifest = await readText(directory, 'manifest.json');
    const hashes = new Map<string, string>();
    // Weights alone are listed in a manifest; they are read once, on demand.
    for (const path of paths.filter((p) => p.endsWith('.safetensors')))
      hashes.set(path, await sha256Bytes((await directory.read(path))!));
    const files = [];
    for (const path of paths) files.push({ path, bytes: (await directory.file(path))?.size ?? 0 });
    return {
      id,
      manifest,
      findings:
        manifest === null ? ['manifest.json is missing'] : readManifest(manifest, hashes).findings.map(findingText),
      configMin: (await readText(directory, 'config.min')) ?? '',
      log: (await readText(directory, 'log.txt')) ?? '',
      files,
    };
  }

  async timeline(id: string): Promise<RunTimeline> {
    const directory = await (await this.#open()).existing(id);
    const samples = parseTimeline((await readText(directory, TIMELINE_FILE)) ?? '');
    return { samples, summary: summariseTimeline(samples) };
  }

  async differences(ids: readonly string[]): Promise<readonly ConfigDifference[]> {
    return configDifferences(await Promise.all(ids.map((id) => this.#stored(id))));
  }

  async report(request: ReportRequest): Promise<ReportAnswer> {
    return reportOn(await Promise.all(request.ids.map((id) => this.#stored(id))), request);
  }

  async figure(request: ReportRequest): Promise<string> {
    const runs = await Promise.all(request.ids.map((id) => this.#stored(id)));
    const made = groupRuns(runs, request);
    const report = makeReport(made, request.metric, request.baseline ?? undefined);
    const curves = await Promise.all(
      made
        .filter(({ status }) => status === 'ok')
        .map(async ({ id, axes }): Promise<LossCurve> => {
          const text = (await readText(await (await this.#open()).existing(id), 'metrics.jsonl')) ?? '';
          const evals = parseMetrics(text).filter((line) => line.event === 'eval' && line['split'] === 'val');
          return { group: groupName(axes), points: evals.map((line) => [line.step, Number(line['loss'])]) };
        }),
    );
    return reportFigure(report, curves, made[0]?.manifest?.preset ?? 'runs');
  }

  async evidence(plans: readonly ComparisonPlan[]): Promise<Readonly<Record<string, readonly EvidenceSet[]>>> {
    this.#evidence ??= new EvidenceReader(await this.#open());
    return this.#evidence.read(plans);
  }

  async export(id: string, { withoutState }: { readonly withoutState: boolean }): Promise<Uint8Array> {
    const store = await this.#open();
    const zip = await exportBundle(withoutText(await store.existing(id)), { withoutState });
    return Comlink.transfer(zip, [zip.buffer]);
  }

  async import(name: string, zip: Uint8Array): Promise<readonly string[]> {
    const store = await this.#open();
    let files: ReadonlyMap<string, Uint8Array>;
    try {
      files = await openBundle(zip);
    } catch (error) {
      if (error instanceof ArchiveError) throw new ArchiveError(`${name}: ${error.message}`, { cause: error });
      throw error;
    }
    const ids: string[] = [];
    for (const run of splitArchive(files)) {
      const { id, directory, lock } = await store.create(run.id);
      try {
        for (const [path, bytes] of run.files) await directory.write(path, bytes);
        await store.refresh(id);
        ids.push(id);
      } catch (error) {
        await store.erase(id);
        throw error;
      } finally {
        lock.release();
      }
    }
    if (ids.length === 0) throw new ArchiveError(`${name}: holds no training run`);
    return ids;
  }

  async share(id: string): Promise<SharedLink> {
    const { manifest } = await this.#stored(id);
    if (!manifest) throw new ShareError(`${id} has no readable manifest`);
    const directory = await (await this.#open()).existing(id);
    return packRun(manifest, (await readText(directory, 'metrics.jsonl')) ?? '');
  }

  openShared(packed: string): Promise<SharedRun> {
    const { manifest, withoutTimes } = unpackRun(packed);
    const { preset = '', seed = null, createdAt, device, data, results, model } = manifest;
    return Promise.resolve({
      runId: manifest.runId,
      preset,
      overrides: manifest.config?.overrides ?? {},
      seed,
      createdAt,
      adapter: adapterOf(device),
      software: device?.software ?? false,
      data: data?.name ?? '',
      parameters: model?.params ?? null,
      status: results?.status ?? 'invalid',
      steps: results?.steps ?? 0,
      valLoss: results?.final['val_loss'] ?? null,
      withoutTimes,
    });
  }

  async keepShared(packed: string): Promise<string> {
    const { manifest, metrics } = unpackRun(packed);
    const store = await this.#open();
    const { id, directory, lock } = await store.create(manifest.runId);
    try {
      await directory.write(SHARED_FILE, 'Came in a link: no weights, no checkpoints.\n');
      await directory.write('config.min', manifest.config?.min ?? '');
      await directory.write('config.full', manifest.config?.full ?? '');
      await directory.write('metrics.jsonl', metrics);
      await directory.write('STATUS', `${manifest.results?.status ?? 'invalid'}\n`);
      await directory.write('manifest.json', serializeManifest(manifest));
      await store.refresh(id);
      return id;
    } catch (error) {
      await store.erase(id);
      throw error;
    } finally {
      lock.release();
    }
  }

  async remove(ids: readonly string[]): Promise<void> {
    const store = await this.#open();
    for (const id of ids) await store.remove(id);
  }

  async clean(strength: CleanStrength): Promise<CleanResult> {
    return clean(await this.#open(), strength);
  }

  async usage(): Promise<StorageUsage> {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    return { usageBytes: usage, quotaBytes: quota, persisted: await navigator.storage.persisted() };
  }
}

/** The reader's own text stays here: an archive is made to be given away. */
function withoutText(directory: RunDirectory): RunDirectory {
  return {
    write: (path, data) => directory.write(path, data),
    append: (path, data) => directory.append(path, data),
    read: (path) => directory.read(path),
    remove: (path) => directory.remove(path),
    list: async () => (await directory.list()).filter((path) => path !== CUSTOM_TEXT_FILE),
  };
}
