/**
 * A ring of small staging buffers: results of step s are copied inside its own submit and mapped while later steps run.
 * The depth of the ring is the number of steps in flight.
 */
export class ReadbackRing {
  readonly #slots: { buffer: GPUBuffer; busy: Promise<unknown> | null }[];
  readonly bytes: number;
  #next = 0;

  constructor(device: GPUDevice, bytes: number, depth = 3) {
    this.bytes = bytes;
    this.#slots = Array.from({ length: depth }, (_, i) => ({
      buffer: device.createBuffer({
        label: `read-back ring ${i}`,
        size: bytes,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      }),
      busy: null,
    }));
  }

  get depth(): number {
    return this.#slots.length;
  }

  get totalBytes(): number {
    return this.bytes * this.depth;
  }

  /** Waits until a slot is free: this is what bounds the steps in flight. */
  async acquire(): Promise<ReadbackSlot> {
    const slot = this.#slots[this.#next]!;
    this.#next = (this.#next + 1) % this.#slots.length;
    await slot.busy;
    let copied = this.bytes;
    return {
      copy: (encoder, source, offset, bytes = this.bytes) => {
        copied = Math.min(bytes, this.bytes);
        encoder.copyBufferToBuffer(source, offset, slot.buffer, 0, copied);
      },
      read: () => {
        const result = slot.buffer.mapAsync(GPUMapMode.READ).then(() => {
          const data = slot.buffer.getMappedRange(0, copied).slice(0);
          slot.buffer.unmap();
          return data;
        });
        slot.busy = result.catch(() => undefined); // the reader of `result` reports the failure
        return result;
      },
    };
  }

  destroy(): void {
    for (const { buffer } of this.#slots) buffer.destroy();
  }
}

export interface ReadbackSlot {
  copy(encoder: GPUCommandEncoder, source: GPUBuffer, offset: number, bytes?: number): void;
  /** What was copied. Call after submit. Rejects when the device is lost. */
  read(): Promise<ArrayBuffer>;
}

/** Bytes of a window of a buffer, through a staging buffer that is made for it: not for a loop. Rejects when the device is lost. */
export async function readBuffer(
  device: GPUDevice,
  source: GPUBuffer,
  offset: number,
  bytes: number,
): Promise<ArrayBuffer> {
  const size = Math.ceil(bytes / 4) * 4;
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, offset, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const data = staging.getMappedRange().slice(0, bytes);
  staging.destroy();
  return data;
}
