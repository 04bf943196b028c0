/** What is read out of kept runs: curves, details, comparisons. Loaded with the first question, not with the list of runs. */
import { sha256Bytes } from '@/data/hash';
import { findingText, manifestOf, readManifest } from '@/experiment/manifest/read';
import { type LossCurve, reportFigure } from '@/experiment/report/figure';
import { groupName, makeReport } from '@/experiment/report/report';
import { readText } from '@/experiment/run-directory';
import { parseMetrics } from '@/experiment/session/metrics-log';
import { TIMELINE_FILE, parseTimeline, summariseTimeline } from '@/experiment/session/timeline';
import type {
  ComparisonPlan,
  ConfigDifference,
  EvidenceSet,
  ReportAnswer,
  ReportRequest,
  RunCurves,
  RunDetail,
  RunTimeline,
} from '../store-protocol';
import { type StoredRun, configDifferences, groupRuns, reportOn } from './compare';
import { curvesOf } from './curves';
import { EvidenceReader } from './evidence-reader';
import type { RunStore } from './run-store';

export class RunReader {
  /** As read last; a choice of twenty runs asks for each of them twenty times. */
  readonly #manifests = new Map<string, { readonly version: string; readonly run: StoredRun }>();
  readonly #evidence: EvidenceReader;

  constructor(private readonly store: RunStore) {
    this.#evidence = new EvidenceReader(store);
  }

  async stored(id: string): Promise<StoredRun> {
    const directory = await this.store.existing(id);
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
    const directory = await this.store.existing(id);
    const { manifest } = await this.stored(id);
    return curvesOf(id, (await readText(directory, 'metrics.jsonl')) ?? '', manifest?.model?.params ?? null);
  }

  async detail(id: string): Promise<RunDetail> {
    const directory = await this.store.existing(id);
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
    const directory = await this.store.existing(id);
    const samples = parseTimeline((await readText(directory, TIMELINE_FILE)) ?? '');
    return { samples, summary: summariseTimeline(samples) };
  }

  async differences(ids: readonly string[]): Promise<readonly ConfigDifference[]> {
    return configDifferences(await this.#all(ids));
  }

  async report(request: ReportRequest): Promise<ReportAnswer> {
    return reportOn(await this.#all(request.ids), request);
  }

  async figure(request: ReportRequest): Promise<string> {
    const made = groupRuns(await this.#all(request.ids), request);
    const report = makeReport(made, request.metric, request.baseline ?? undefined);
    const curves = await Promise.all(
      made
        .filter(({ status }) => status === 'ok')
        .map(async ({ id, axes }): Promise<LossCurve> => {
          const text = (await readText(await this.store.existing(id), 'metrics.jsonl')) ?? '';
          const evals = parseMetrics(text).filter((line) => line.event === 'eval' && line['split'] === 'val');
          return { group: groupName(axes), points: evals.map((line) => [line.step, Number(line['loss'])]) };
        }),
    );
    return reportFigure(report, curves, made[0]?.manifest?.preset ?? 'runs');
  }

  evidence(plans: readonly ComparisonPlan[]): Promise<Readonly<Record<string, readonly EvidenceSet[]>>> {
    return this.#evidence.read(plans);
  }

  #all(ids: readonly string[]): Promise<StoredRun[]> {
    return Promise.all(ids.map((id) => this.stored(id)));
  }
}
