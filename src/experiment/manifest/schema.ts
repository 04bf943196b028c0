/**
 * `wb-manifest/1` (workflow-and-explainers 4.3): what was run, on what, with which kernels, and what came out. The zod schema is
 * the one definition; `public/schema/wb-manifest-1.json` is generated from it (`scripts/manifest-schema.mjs`) and a test keeps
 * the two equal. Unknown keys are refused: a typing error must not look like an absent fact.
 *
 * Nothing in it names a person or a machine: paths, addresses and hosts are refused by check V12.
 */
import * as z from 'zod'; // the namespace, not the object z: only so can a bundler leave out what is not used
import { SCHEMA_ID, STATUSES } from './names';

const status = z.enum(STATUSES);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
const count = z.int().min(0);
const positive = z.number().positive();

const app = z.strictObject({
  version: z.string(),
  /** Git commit of the build; "unknown" outside a checkout. */
  commit: z.string(),
  /** SHA-256 over the WGSL that was compiled for this run; null where no GPU was used. */
  wgslHash: sha256.nullable(),
});

const config = z.strictObject({
  /** What of the configuration differs from the defaults, in savedefconfig form. */
  min: z.string(),
  full: z.string(),
  /** Of `full`. */
  sha256,
  /** Of the Kconfig sources: `min` gives `full` under this tree only. */
  tree: sha256,
  /** SYMBOL=value of the command line; already part of `min` and `full`. */
  overrides: z.record(z.string(), z.string()),
});

const model = z.strictObject({ name: z.string(), params: count, kvBytesPerToken: count.nullable() });
const data = z.strictObject({ name: z.string(), sha256, tokens: count, trainTokens: count, valTokens: count });

const adapter = z.strictObject({
  vendor: z.string(),
  architecture: z.string(),
  device: z.string(),
  description: z.string(),
});

const device = z.strictObject({
  backend: z.enum(['webgpu', 'cpu']),
  /** A CPU in the place of a GPU: its figures say nothing about hardware. */
  software: z.boolean(),
  adapter: adapter.nullable(),
  features: z.array(z.string()),
  limits: z.record(z.string(), z.number()),
  os: z.string(),
  /** Browser or terminal runtime with its version. */
  browser: z.string(),
});

const kernel = z.strictObject({
  name: z.string(),
  variant: z.string(),
  workgroup: z.tuple([count, count, count]),
  f16: z.boolean(),
  subgroups: z.boolean(),
});

const timing = z.strictObject({
  source: z.enum(['timestamp-query', 'cpu-fence']),
  /** Smallest difference that the clock can show; null where it was not measured. */
  quantumNs: z.number().min(0).nullable(),
});

/** One (batch, context) measurement of a lane. `std` is that of a sample (n - 1). */
const point = z.strictObject({
  device: z.string(),
  lane: z.string(),
  batch: z.int().positive(),
  context: z.int().positive(),
  status,
  warmup: count.optional(),
  /** Samples that the lane declares; an ok point holds at least so many. */
  measured: count.optional(),
  samplesMs: z.array(positive).optional(),
  meanMs: positive.optional(),
  stdMs: z.number().min(0).optional(),
  tokPerS: positive.optional(),
  kvBytesPerToken: positive.optional(),
  kvBytes: positive.optional(),
  bwGBs: positive.optional(),
  origin: z.enum(['measured', 'simulated', 'emulated']).optional(),
  emulated: z.boolean().optional(),
  reason: z.string().optional(),
});

const final = z.record(z.string(), z.number().nullable());
const cell = z.strictObject({
  id: z.string(),
  status,
  minConfigHash: sha256,
  /** The values that this cell has along the matrix's axes. */
  axes: z.record(z.string(), z.string()),
  seed: z.int().min(0),
  final,
});

const weights = z.strictObject({ file: z.string(), sha256 });
const results = z.strictObject({
  status,
  endedAt: z.string().nullable(),
  steps: count,
  final,
  best: z.strictObject({ step: count, loss: z.number() }).nullable(),
  weights: z.array(weights),
  /** Of metrics.jsonl without the `time` of each line; null until the run ends. */
  metricsSha256: sha256.nullable(),
  reason: z.string().optional(),
});

const derived = z.strictObject({ file: z.string(), sha256, model: z.string() });
const exported = z.strictObject({ file: z.string(), sha256, bytes: count });

export const manifestSchema = z.strictObject({
  schema: z.literal(SCHEMA_ID),
  runId: z.string().min(1),
  kind: z.enum(['train', 'matrix', 'bench', 'eval']),
  project: z.string(),
  /** UTC, to the second. */
  createdAt: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'must be a UTC time like 2026-01-31T12:00:00Z'),
  app: app.optional(),
  config: config.optional(),
  preset: z.string().optional(),
  seed: z.int().min(0).optional(),
  /** `--steps`: where the run stops short of MAX_ITERS; null: it does not. */
  stopAt: z.int().positive().nullable().optional(),
  model: model.optional(),
  data: data.optional(),
  device: device.optional(),
  dispatch: z.strictObject({ kernels: z.array(kernel), perStep: count }).optional(),
  timing: timing.optional(),
  memory: z.strictObject({ plannedBytes: count, allocatedBytes: count }).optional(),
  points: z.array(point).optional(),
  cells: z.array(cell).optional(),
  results: results.optional(),
  /** Trained in turns with another run on one device, `steps` steps each: `wb ab --out`. */
  interleaved: z.strictObject({ with: z.string(), side: z.enum(['a', 'b']), steps: z.int().positive() }).optional(),
  /** Steps at which the run was taken up again. */
  resumedAt: z.array(count).optional(),
  derived: z.array(derived).optional(),
  exports: z.array(exported).optional(),
  parents: z.array(z.string()),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestPoint = z.infer<typeof point>;
export type ManifestCell = z.infer<typeof cell>;
export type ManifestResults = z.infer<typeof results>;

/** JSON Schema (draft 2020-12) of a manifest. */
export function manifestJsonSchema(): Record<string, unknown> {
  return {
    $id: 'https://knlp-workbench.invalid/schema/wb-manifest-1.json',
    title: SCHEMA_ID,
    ...z.toJSONSchema(manifestSchema),
  };
}
