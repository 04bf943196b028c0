/** Opens a WebGPU device with the largest limits its adapter offers, and says who it is. */
import type { DeviceTraits, KernelProgram } from './kernel';
import { meterMemory } from './memory-meter';
import type { Tuning } from './tuning';

export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** A CPU pretending to be a GPU (SwiftShader, lavapipe, WARP): labelled so everywhere. */
  readonly software: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

export interface EngineDevice {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  readonly traits: DeviceTraits;
  /** For plans that are made later on this device; absent: every family's best guess. */
  readonly tuning?: Tuning;
  /** Hears the programs of a sequence when it is first run: for manifests. */
  readonly dispatched?: (programs: readonly KernelProgram[]) => void;
}

export type DeviceErrorKind = 'no-webgpu' | 'no-adapter' | 'no-device' | 'lost' | 'out-of-memory' | 'validation';

/** What is wrong with the device, and what to do about it. */
export class DeviceError extends Error {
  override name = 'DeviceError';
  constructor(
    readonly kind: DeviceErrorKind,
    message: string,
  ) {
    super(message);
  }
}

const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupsPerDimension',
  'minStorageBufferOffsetAlignment',
  'minUniformBufferOffsetAlignment',
] as const;

const FEATURES: readonly GPUFeatureName[] = ['timestamp-query', 'subgroups', 'shader-f16'];
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp/i;

function describe(adapter: GPUAdapter): AdapterDescription {
  const info = adapter.info as GPUAdapterInfo | undefined;
  const { vendor = '', architecture = '', device = '', description = '' } = info ?? {};
  const named = SOFTWARE.test(`${vendor} ${architecture} ${device} ${description}`);
  const limits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const fallback = info && 'isFallbackAdapter' in info ? Boolean(info.isFallbackAdapter) : false;
  const features = [...adapter.features].map(String).sort();
  return { vendor, architecture, device, description, software: named || fallback, features, limits };
}

/** Throws DeviceError (no-webgpu, no-adapter, no-device) with what to do. */
export async function openDevice(gpu: GPU | undefined): Promise<EngineDevice> {
  if (!gpu)
    throw new DeviceError(
      'no-webgpu',
      'this browser has no WebGPU: use Chrome or Edge 113+, Safari 26+ or Firefox 141+, over https or on localhost',
    );
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter)
    throw new DeviceError(
      'no-adapter',
      'WebGPU found no adapter: update the graphics driver, or start the browser with a software adapter (--use-webgpu-adapter=swiftshader)',
    );
  const description = describe(adapter);
  const requiredLimits: Record<string, number> = {};
  for (const name of LIMITS) if (!name.startsWith('min')) requiredLimits[name] = adapter.limits[name];
  const requiredFeatures = FEATURES.filter((feature) => adapter.features.has(feature));
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  } catch (error) {
    throw new DeviceError('no-device', `the adapter ${description.description} refused a device: ${String(error)}`);
  }
  meterMemory(device);
  const traits: DeviceTraits = {
    software: description.software,
    subgroupSize: subgroupSize(adapter, device),
    maxWorkgroupStorage: device.limits.maxComputeWorkgroupStorageSize,
    maxInvocations: device.limits.maxComputeInvocationsPerWorkgroup,
  };
  return { device, adapter: description, traits };
}

/** The subgroup size where it is one fixed number: a kernel that assumes another computes wrong numbers. */
function subgroupSize(adapter: GPUAdapter, device: GPUDevice): number {
  if (!device.features.has('subgroups')) return 0;
  const info = adapter.info as { subgroupMinSize?: number; subgroupMaxSize?: number };
  return info.subgroupMinSize === info.subgroupMaxSize ? (info.subgroupMinSize ?? 0) : 0;
}

/** What a plan assumes where there is no adapter (`wb check`, the menu's cost display). */
export const DEFAULT_TRAITS: DeviceTraits = {
  software: false,
  subgroupSize: 0,
  maxWorkgroupStorage: 16384,
  maxInvocations: 256,
};
