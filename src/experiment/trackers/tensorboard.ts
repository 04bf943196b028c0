/**
 * TensorBoard event files: TFRecords of `Event` messages.
 *
 *   record   u64 length | u32 masked CRC-32C of the length | data | u32 masked CRC-32C of the data     (little endian)
 *   masked   rotate right by 15, plus 0xa282ead8
 *   Event    1: double wall_time   2: int64 step   3: string file_version   5: Summary { 1: Value { 1: tag, 2: float } }
 */
import { crc32c } from '../archive/crc32';
import type { Scalars } from './scalars';

export const maskedCrc = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

export function tfRecord(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return out;
}

/** Protocol-buffer fields: a key is number << 3 | wire type (0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes). */
function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return [...out, rest];
}
const bytesField = (field: number, bytes: readonly number[]): number[] => [
  (field << 3) | 2,
  ...varint(bytes.length),
  ...bytes,
];
const textField = (field: number, text: string): number[] => bytesField(field, [...new TextEncoder().encode(text)]);
const doubleField = (field: number, value: number): number[] => [
  (field << 3) | 1,
  ...new Uint8Array(Float64Array.of(value).buffer),
];
const floatField = (field: number, value: number): number[] => [
  (field << 3) | 5,
  ...new Uint8Array(Float32Array.of(value).buffer),
];

/** The first record of every event file. `seconds`: UNIX time. */
export const versionRecord = (seconds: number): Uint8Array =>
  tfRecord(Uint8Array.from([...doubleField(1, seconds), ...textField(3, 'brain.Event:2')]));

/** One event with all scalars of a metric line. */
export function scalarRecord({ step, values }: Scalars, seconds: number): Uint8Array {
  const summary = Object.entries(values).flatMap(([tag, value]) =>
    bytesField(1, [...textField(1, tag), ...floatField(2, value)]),
  );
  return tfRecord(
    Uint8Array.from([...doubleField(1, seconds), (2 << 3) | 0, ...varint(step), ...bytesField(5, summary)]),
  );
}
