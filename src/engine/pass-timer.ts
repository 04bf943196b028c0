/** How long a compute pass took: two timestamps where the device has them, else from submit until the queue is empty. */

/** How a time was taken. Fenced times include what the driver needs to launch and to report back. */
export type Timing = 'timestamp-query' | 'fenced';

/**
 * Browsers round timestamps to 100 microseconds (WebGPU, "timestamp queries": recommended), and so may any implementation. The
 * finest tick that a caller may count on.
 */
export const TIMESTAMP_QUANTUM_MS = 0.1;

export const timingOf = (device: GPUDevice): Timing =>
  device.features.has('timestamp-query') ? 'timestamp-query' : 'fenced';

/** Objects of one device, reused by every sample. */
export class PassTimer {
  readonly timing: Timing;
  readonly #queries: GPUQuerySet | null = null;
  readonly #resolved: GPUBuffer | null = null;
  readonly #staging: GPUBuffer | null = null;

  constructor(readonly device: GPUDevice) {
    this.timing = timingOf(device);
    if (this.timing === 'fenced') return;
    this.#queries = device.createQuerySet({ type: 'timestamp', count: 2 });
    this.#resolved = device.createBuffer({ size: 16, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    this.#staging = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  }

  /** Submits one pass and resolves with its milliseconds. */
  async run(encode: (pass: GPUComputePassEncoder) => void): Promise<number> {
    const encoder = this.device.createCommandEncoder();
    const querySet = this.#queries;
    const pass = encoder.beginComputePass(
      querySet ? { timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } } : {},
    );
    encode(pass);
    pass.end();
    if (!querySet) {
      const at = performance.now();
      this.device.queue.submit([encoder.finish()]);
      await this.device.queue.onSubmittedWorkDone();
      return performance.now() - at;
    }
    encoder.resolveQuerySet(querySet, 0, 2, this.#resolved!, 0);
    encoder.copyBufferToBuffer(this.#resolved!, 0, this.#staging!, 0, 16);
    this.device.queue.submit([encoder.finish()]);
    await this.#staging!.mapAsync(GPUMapMode.READ);
    const [begin, end] = new BigUint64Array(this.#staging!.getMappedRange().slice(0));
    this.#staging!.unmap();
    return Number(end! - begin!) / 1e6;
  }

  destroy(): void {
    for (const object of [this.#queries, this.#resolved, this.#staging]) object?.destroy();
  }
}
