/**
 * A matrix on disk: `matrix.json` (what was declared), `config.min`, `config.full` (the base), `manifest.json`, and one run
 * directory a cell under `cells/<id>/`. A cell's STATUS file is the only truth about it: nothing else is asked, and nothing
 * that could disagree with it is stored until the matrix ends.
 */
import * as z from 'zod';
import { type Host, configRecord } from '../manifest/build';
import { isRecord } from '../manifest/checks-structure';
import { readManifest } from '../manifest/read';
import { SCHEMA_ID, STATUSES, type Status } from '../manifest/names';
import type { Manifest, ManifestCell } from '../manifest/schema';
import { serializeManifest, stableJson } from '../manifest/serialize';
import { type RunDirectory, readText, subdirectory } from '../run-directory';
import { MatrixError } from './axes';
import type { Cell, Expansion } from './expand';

const record = z.record(z.string(), z.string());
const cellSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9.+_-]+$/),
  axes: record,
  seed: z.int(),
  minSha256: z.string(),
});
const matrixSchema = z.strictObject({
  schema: z.literal('wb-matrix/1'),
  runId: z.string(),
  project: z.string(),
  preset: z.string(),
  createdAt: z.string(),
  backend: z.enum(['webgpu', 'reference']),
  stopAt: z.int().positive().nullable(),
  overrides: record,
  /** Axis names in order; the first label of each is the baseline. */
  axes: z.array(z.strictObject({ name: z.string(), labels: z.array(z.string()) })),
  /** "i/n", or null for the whole. */
  shard: z.string().nullable(),
  cells: z.array(cellSchema),
  excluded: z.array(z.strictObject({ axes: record, reason: z.string() })),
});

export type MatrixRecord = z.infer<typeof matrixSchema>;
export type CellRecord = z.infer<typeof cellSchema>;

export const cellDirectory = (matrix: RunDirectory, id: string): RunDirectory => subdirectory(matrix, `cells/${id}`);

/** Throws MatrixError when there is no matrix here, or a broken one. */
export async function readMatrix(directory: RunDirectory): Promise<MatrixRecord> {
  const text = await readText(directory, 'matrix.json');
  if (text === null) throw new MatrixError('holds no matrix (matrix.json is missing)');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MatrixError('matrix.json is not JSON');
  }
  const parsed = matrixSchema.safeParse(value);
  if (!parsed.success)
    throw new MatrixError(
      `matrix.json: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`,
    );
  return parsed.data;
}

export interface MatrixStart {
  readonly record: Omit<MatrixRecord, 'schema' | 'cells' | 'excluded'>;
  readonly expansion: Pick<Expansion, 'cells' | 'excluded'>;
  readonly base: { readonly minimal: string; readonly full: string };
  readonly host: Host;
}

const bare = ({ id, axes, seed, minSha256 }: Cell): CellRecord => ({ id, axes: { ...axes }, seed, minSha256 });

/** Writes every cell as pending, then the declaration; the manifest last, so that a directory with one is complete. */
export async function createMatrix(
  directory: RunDirectory,
  { record: declared, expansion, base, host }: MatrixStart,
): Promise<MatrixRecord> {
  for (const cell of expansion.cells) {
    const folder = cellDirectory(directory, cell.id);
    await folder.write('config.min', cell.minimal);
    await folder.write('config.full', cell.full);
    await folder.write('STATUS', 'pending\n');
  }
  const matrix: MatrixRecord = {
    schema: 'wb-matrix/1',
    ...declared,
    cells: expansion.cells.map(bare),
    excluded: expansion.excluded.map(({ axes, reason }) => ({ axes: { ...axes }, reason })),
  };
  await directory.write('config.min', base.minimal);
  await directory.write('config.full', base.full);
  await directory.write('matrix.json', stableJson(matrix));
  await writeMatrixManifest(directory, matrix, host);
  return matrix;
}

export interface CellState extends CellRecord {
  readonly status: Status;
  /** Of the cell's run, once it began. */
  readonly manifest: Manifest | null;
}

/** Every cell with its STATUS; an unreadable one is "invalid". */
export async function cellStates(directory: RunDirectory, matrix: MatrixRecord): Promise<CellState[]> {
  const out: CellState[] = [];
  for (const cell of matrix.cells) {
    const folder = cellDirectory(directory, cell.id);
    const status = ((await readText(folder, 'STATUS')) ?? '').trim();
    const text = await readText(folder, 'manifest.json');
    const manifest = text === null ? null : readManifest(text).manifest;
    out.push({ ...cell, status: STATUSES.find((s) => s === status) ?? 'invalid', manifest });
  }
  return out;
}

/** manifest.json of the matrix: its cells as they are now. */
export async function writeMatrixManifest(directory: RunDirectory, matrix: MatrixRecord, host: Host): Promise<void> {
  const states = await cellStates(directory, matrix);
  const cells = states.map(
    ({ id, status, minSha256, axes, seed, manifest }): ManifestCell => ({
      id, status, minConfigHash: minSha256, axes, seed, final: manifest?.results?.final ?? {},
    }), // prettier-ignore
  );
  const [minimal, full] = [await readText(directory, 'config.min'), await readText(directory, 'config.full')];
  if (minimal === null || full === null) throw new MatrixError('config.min or config.full is missing');
  const manifest: Manifest = {
    schema: SCHEMA_ID,
    runId: matrix.runId,
    kind: 'matrix',
    project: matrix.project,
    createdAt: matrix.createdAt,
    app: { version: host.version, commit: host.commit, wgslHash: null },
    config: configRecord({ minimal, full, overrides: matrix.overrides }),
    preset: matrix.preset.split(/[/\\]/).at(-1) ?? '',
    cells,
    parents: [],
  };
  await directory.write('manifest.json', serializeManifest(manifest));
}

/** Puts a cell back to the start: its files but its configuration go. */
export async function resetCell(directory: RunDirectory, id: string): Promise<void> {
  const folder = cellDirectory(directory, id);
  await folder.write('STATUS', 'pending\n');
  for (const file of await folder.list())
    if (!['STATUS', 'config.min', 'config.full'].includes(file)) await folder.remove(file);
}

/**
 * Shards of one matrix as one: the declarations must agree in all but the shard and the cells, and no cell may be in two.
 * Copies every file. Throws MatrixError.
 */
export async function mergeMatrices(
  into: RunDirectory,
  parts: readonly { readonly name: string; readonly directory: RunDirectory }[],
  host: Host,
): Promise<MatrixRecord> {
  if ((await into.list()).length > 0) throw new MatrixError('the directory to merge into is not empty');
  const records: { name: string; directory: RunDirectory; matrix: MatrixRecord }[] = [];
  for (const part of parts) {
    try {
      records.push({ ...part, matrix: await readMatrix(part.directory) });
    } catch (error) {
      throw new MatrixError(`${part.name}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
  const first = records[0];
  if (!first) throw new MatrixError('nothing to merge');
  const key = ({ axes, preset, overrides, stopAt, backend }: MatrixRecord): string =>
    stableJson({ axes, preset, overrides, stopAt, backend });
  const owners = new Map<string, string>();
  for (const { name, directory, matrix } of records) {
    const base = await readText(directory, 'config.full');
    if (key(matrix) !== key(first.matrix) || base !== (await readText(first.directory, 'config.full')))
      throw new MatrixError(`${name} is no part of the matrix in ${first.name}: their declarations differ`);
    for (const { id } of matrix.cells) {
      if (owners.has(id)) throw new MatrixError(`cell ${id} is in ${owners.get(id)!} and in ${name}`);
      owners.set(id, name);
    }
  }
  for (const { directory } of records)
    for (const path of await directory.list()) {
      const shared =
        ['matrix.json', 'manifest.json', 'config.min', 'config.full'].includes(path) || path.startsWith('report.');
      if (!shared) await into.write(path, (await directory.read(path))!);
    }
  const cells = records.flatMap(({ matrix }) => matrix.cells);
  const merged: MatrixRecord = { ...first.matrix, shard: null, cells };
  for (const file of ['config.min', 'config.full']) await into.write(file, (await first.directory.read(file))!);
  await into.write('matrix.json', stableJson(merged));
  await writeMatrixManifest(into, merged, host);
  return merged;
}

/** True for a directory whose manifest is that of a matrix. */
export async function isMatrix(directory: RunDirectory): Promise<boolean> {
  const text = await readText(directory, 'matrix.json');
  if (text === null) return false;
  try {
    return isRecord(JSON.parse(text));
  } catch {
    return true; // a broken one: readMatrix says how
  }
}
