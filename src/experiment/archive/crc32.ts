/** Cyclic redundancy checks by table, reflected: CRC-32 (zip) and CRC-32C (Castagnoli; TFRecord). */

function tableOf(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });
}

function checksum(table: Uint32Array, bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const IEEE = tableOf(0xedb88320);
const CASTAGNOLI = tableOf(0x82f63b78);

export const crc32 = (bytes: Uint8Array): number => checksum(IEEE, bytes);
export const crc32c = (bytes: Uint8Array): number => checksum(CASTAGNOLI, bytes);
