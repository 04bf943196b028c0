/** Counts WebGPU calls by wrapping the prototypes; install before an engine loads. */
export interface Counts {
  dispatches: number;
  passes: number;
  submits: number;
  buffers: number;
  bind_groups: number;
  pipelines: number;
  writes: number;
  maps: number;
  bytes: number;
}

export const zero = (): Counts => ({
  dispatches: 0, passes: 0, submits: 0, buffers: 0, bind_groups: 0, pipelines: 0, writes: 0, maps: 0, bytes: 0,
}); // prettier-ignore

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Wraps `names` of a class's prototype so that each call is noted. Missing classes and methods are skipped by the platform, not by us. */
function wrap(name: string, methods: Record<string, (args: unknown[], result: unknown) => void>): void {
  const constructor = (globalThis as Record<string, unknown>)[name] as
    { prototype: Record<string, Method> } | undefined;
  if (!constructor) throw new Error(`count: ${name} does not exist here`);
  for (const [method, note] of Object.entries(methods)) {
    const original = constructor.prototype[method];
    if (!original) throw new Error(`count: ${name}.${method} does not exist here`);
    constructor.prototype[method] = function (...args) {
      const result = original.apply(this, args);
      note(args, result);
      return result;
    };
  }
}

/** Installs the counters and returns the live object. */
export function installCounters(): Counts {
  const counts = zero();
  wrap('GPUQueue', { submit: () => counts.submits++, writeBuffer: () => counts.writes++ });
  wrap('GPUDevice', {
    createBuffer: ([descriptor]) => {
      counts.buffers++;
      counts.bytes += (descriptor as GPUBufferDescriptor).size;
    },
    createBindGroup: () => counts.bind_groups++,
    createComputePipeline: () => counts.pipelines++,
    createComputePipelineAsync: () => counts.pipelines++,
  });
  wrap('GPUBuffer', {
    destroy: () => undefined,
    mapAsync: () => counts.maps++,
  });
  wrap('GPUCommandEncoder', { beginComputePass: () => counts.passes++ });
  wrap('GPUComputePassEncoder', {
    dispatchWorkgroups: () => counts.dispatches++,
    dispatchWorkgroupsIndirect: () => counts.dispatches++,
  });
  return counts;
}
