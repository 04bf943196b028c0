/**
 * Figures that others reported, each row with its `source` (a path in the public knlp repository) and each table with its caveats.
 * Column names carry units. Nothing here was measured by this project. Source: workflow-and-explainers 5, 6, 8.
 */
import attentionTraffic from './attention-traffic-bytes.json';
import batch from './kv-batch-scaling.json';
import context from './kv-context-scaling.json';
import correlations from './architecture-sensitivity-correlations.json';
import devices from './device-specs.json';
import extreme from './kv-extreme-context.json';
import fused from './fused-int4-decode-latency.json';
import gpus from './gpu-decode-summary.json';
import heads from './kvsplice-fim-head-traces.json';
import k16v8 from './k16v8-quality.json';
import kernels from './gpu-kernel-lane-summary.json';
import tiers from './memory-tiers.json';
import naiveInt4 from './kv-int4-naive-perplexity.json';
import ops from './roofline-ops.json';
import precision from './kv-precision-asymmetry.json';
import pruning from './pruning-results.json';
import ra from './reciprocal-attention-results.json';
import saturation from './int4-speedup-saturation.json';
import scale from './kv-int4-scale-attenuation.json';
import splice from './kvsplice-results.json';
import tierTraces from './tiering-module-traces.json';
import traffic from './traffic-split.json';

export interface Sourced {
  readonly source: string;
}

export interface Reported<Row extends Sourced> {
  readonly title: string;
  readonly caveats: readonly string[];
  readonly rows: readonly Row[];
}

export interface DecodePoint extends Sourced {
  readonly device: string;
  readonly model: string;
  readonly batch_seq: number;
  readonly throughput_tok_per_s: number;
  readonly latency_ms: number;
  readonly kv_bandwidth_gb_per_s: number;
}

export interface DeviceSpec extends Sourced {
  readonly device: string;
  readonly vendor: string;
  readonly memory_gb: number | null;
  readonly peak_bw_gb_per_s: number | null;
  readonly peak_tflop_per_s: number | null;
  readonly peak_kind: string;
}

export const kvBatchScaling: Reported<DecodePoint & { readonly context_tok_inferred: number }> = batch;
export const kvContextScaling: Reported<DecodePoint & { readonly context_tok: number }> = context;
export const gpuDecodeSummary: Reported<(typeof gpus.rows)[number]> = gpus;
export const kvExtremeContext: Reported<(typeof extreme.rows)[number]> = extreme;
export const kvNaiveInt4: Reported<(typeof naiveInt4.rows)[number]> = naiveInt4;
export const deviceSpecs: Reported<DeviceSpec> = devices;
export const rooflineOps: Reported<(typeof ops.rows)[number]> = ops;
export const attentionTrafficBytes: Reported<(typeof attentionTraffic.rows)[number]> = attentionTraffic;
export const int4Saturation: Reported<(typeof saturation.rows)[number]> = saturation;
export const fusedInt4Latency: Reported<(typeof fused.rows)[number]> = fused;
export const k16v8Quality: Reported<(typeof k16v8.rows)[number]> = k16v8;
export const kvPrecision: Reported<(typeof precision.rows)[number]> = precision;
export const int4ByModel: Reported<(typeof scale.rows)[number]> = scale;
export const pruningResults: Reported<(typeof pruning.rows)[number]> = pruning;
export const raResults: Reported<(typeof ra.rows)[number]> = ra;
export const kvspliceResults: Reported<(typeof splice.rows)[number]> = splice;
export const kvspliceHeadTraces: Reported<(typeof heads.rows)[number]> = heads;
export const sensitivityCorrelations: Reported<(typeof correlations.rows)[number]> = correlations;
export const trafficSplit: Reported<(typeof traffic.rows)[number]> = traffic;
export const kernelLanes: Reported<(typeof kernels.rows)[number]> = kernels;
export const memoryTiers: Reported<(typeof tiers.rows)[number]> = tiers;
export const tieringTraces: Reported<(typeof tierTraces.rows)[number]> = tierTraces;
