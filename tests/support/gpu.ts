/** A WebGPU device for tests under Node: Dawn on Chromium's software Vulkan, or on the machine's own driver where there is one. */
import { existsSync } from 'node:fs';
import { sizeOf, type KernelProgram, type Operand } from '@/engine/kernel';
import { SCALARS_WGSL, SCALAR_SLOT_BYTES, writeScalars, type StepScalars } from '@/engine/scalars';

const ICD = '/usr/lib/chromium/vk_swiftshader_icd.json';
let shared: Promise<GPUDevice> | undefined;
let gpu: GPU | undefined; // Dawn's instance must outlive its devices

/** Dawn's entry point, for tests that need devices of their own. */
export async function testGpu(): Promise<GPU> {
  if (!process.env.VK_ICD_FILENAMES && existsSync(ICD)) process.env.VK_ICD_FILENAMES = ICD;
  const dawn = await import('webgpu');
  Object.assign(globalThis, dawn.globals);
  return (gpu ??= dawn.create([]) as unknown as GPU);
}

export function testDevice(): Promise<GPUDevice> {
  shared ??= (async () => {
    const adapter = await (await testGpu()).requestAdapter();
    if (!adapter) throw new Error('no WebGPU adapter: install chromium (Debian) or a Vulkan driver');
    const { maxStorageBuffersPerShaderStage, maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
    const requiredFeatures = (['timestamp-query', 'subgroups'] as GPUFeatureName[]).filter((f) =>
      adapter.features.has(f),
    );
    return adapter.requestDevice({
      requiredFeatures,
      requiredLimits: { maxStorageBuffersPerShaderStage, maxStorageBufferBindingSize, maxBufferSize },
    });
  })();
  return shared;
}

export type HostArray = Float32Array | Uint32Array | Int32Array;

/** Contiguous operand over its own region. */
export function operand(
  region: number,
  shape: readonly number[],
  access: Operand['access'] = 'read_write',
  dtype: Operand['dtype'] = 'f32',
): Operand {
  return { region, offset: 0, rowStride: shape[shape.length - 1] ?? 1, shape, dtype, access };
}

/**
 * Runs programs in order over the given regions and returns the regions asked for. `host` maps region -> initial contents.
 */
export async function runKernels(
  programs: readonly KernelProgram[],
  host: ReadonlyMap<number, HostArray>,
  read: readonly number[],
  scalars: StepScalars = {},
): Promise<Map<number, ArrayBuffer>> {
  const device = await testDevice();
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffers = new Map<number, GPUBuffer>();
  for (const [region, data] of host) {
    const buffer = device.createBuffer({ size: Math.max(4, Math.ceil(data.byteLength / 16) * 16), usage });
    device.queue.writeBuffer(buffer, 0, data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    buffers.set(region, buffer);
  }
  const uniform = device.createBuffer({
    size: SCALAR_SLOT_BYTES,
    usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
  });
  const view = new DataView(new ArrayBuffer(SCALAR_SLOT_BYTES));
  writeScalars(view, 0, scalars);
  device.queue.writeBuffer(uniform, 0, view.buffer);
  device.pushErrorScope('validation');
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const program of programs) {
    const module = device.createShaderModule({ code: (program.usesScalars ? SCALARS_WGSL : '') + program.code });
    const layouts = [
      device.createBindGroupLayout({
        entries: program.regions.map((_, binding) => ({
          binding,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: program.access[binding] === 'read' ? 'read-only-storage' : 'storage' },
        })),
      }),
    ];
    if (program.usesScalars)
      layouts.push(
        device.createBindGroupLayout({
          entries: [
            { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } },
          ],
        }),
      );
    const pipeline = await device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: layouts }),
      compute: { module, entryPoint: 'main' },
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      device.createBindGroup({
        layout: layouts[0]!,
        entries: program.regions.map((region, binding) => ({ binding, resource: { buffer: buffers.get(region)! } })),
      }),
    );
    if (program.usesScalars)
      pass.setBindGroup(
        1,
        device.createBindGroup({
          layout: layouts[1]!,
          entries: [{ binding: 0, resource: { buffer: uniform, size: SCALAR_SLOT_BYTES } }],
        }),
        [0],
      );
    pass.dispatchWorkgroups(...program.workgroups);
  }
  pass.end();
  const out = new Map<number, ArrayBuffer>();
  const staging = read.map((region) => {
    const source = buffers.get(region)!;
    const buffer = device.createBuffer({ size: source.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    encoder.copyBufferToBuffer(source, 0, buffer, 0, source.size);
    return { region, buffer };
  });
  device.queue.submit([encoder.finish()]);
  const error = await device.popErrorScope();
  if (error) throw new Error(`validation: ${error.message}`);
  for (const { region, buffer } of staging) {
    await buffer.mapAsync(GPUMapMode.READ);
    out.set(region, buffer.getMappedRange().slice(0));
    buffer.destroy();
  }
  for (const buffer of buffers.values()) buffer.destroy();
  uniform.destroy();
  return out;
}

/** Deterministic test numbers in [-1, 1): a linear congruential generator, independent of the engine's own RNG. */
export function noise(shape: readonly number[], seed = 1, scale = 1): Float32Array {
  let state = seed >>> 0 || 1;
  return Float32Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2147483648 - 1) * scale;
  });
}
