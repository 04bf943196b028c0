/**
 * Bytes of the buffers that live on a device, by label, as they are made and destroyed: what is held, not what was planned.
 * A buffer that is dropped without `destroy` counts until the device goes, which is what a leak looks like.
 */
export interface LiveBytes {
  /** Category -> bytes; "other" holds buffers without a label (reads of checkpoints, probes). */
  readonly categories: Readonly<Record<string, number>>;
  readonly totalBytes: number;
  /** The largest total since the meter was last read. */
  readonly peakBytes: number;
}

interface Tally {
  readonly bytes: Map<string, number>;
  total: number;
  peak: number;
}

const tallies = new WeakMap<GPUDevice, Tally>();

/** "read-back ring 2" and "read-back ring 0" are one category. */
const categoryOf = (label: string | undefined): string => label?.replace(/ \d+$/, '') || 'other';

/** Counts the buffers of `device` from now on. A second call changes nothing. */
export function meterMemory(device: GPUDevice): void {
  if (tallies.has(device)) return;
  const tally: Tally = { bytes: new Map(), total: 0, peak: 0 };
  tallies.set(device, tally);
  const add = (category: string, bytes: number): void => {
    tally.bytes.set(category, (tally.bytes.get(category) ?? 0) + bytes);
    tally.total += bytes;
    tally.peak = Math.max(tally.peak, tally.total);
  };
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const category = categoryOf(descriptor.label);
    let held = descriptor.size;
    add(category, held);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      add(category, -held);
      held = 0;
      return destroy();
    };
    return buffer;
  };
}

/** What lives on a metered device now. Reading starts a new peak. Throws when the device is not metered. */
export function takeLiveBytes(device: GPUDevice): LiveBytes {
  const tally = tallies.get(device);
  if (!tally) throw new Error('the memory of this device is not metered: open it with openDevice');
  const { total, peak } = tally;
  tally.peak = total;
  const categories = Object.fromEntries([...tally.bytes].filter(([, bytes]) => bytes > 0));
  return { categories, totalBytes: total, peakBytes: peak };
}
