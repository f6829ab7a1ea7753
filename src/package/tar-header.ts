export const TAR_BLOCK_BYTES = 512;

const CHECKSUM_START = 148;
const CHECKSUM_END = 156;

/** Whether `block` begins with a tar header: its checksum (POSIX pax, "ustar Interchange Format") is right. */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < TAR_BLOCK_BYTES) return false;
  const field = block.toString('latin1', CHECKSUM_START, CHECKSUM_END);
  const octal = /^ *([0-7]+)[ \0]/.exec(field)?.[1];
  return octal !== undefined && parseInt(octal, 8) === checksum(block);
}

/** The sum of the block's bytes, those of the checksum itself taken as spaces. */
function checksum(block: Buffer): number {
  let sum = 0;
  for (let index = 0; index < TAR_BLOCK_BYTES; index++) {
    sum += index >= CHECKSUM_START && index < CHECKSUM_END ? 0x20 : block.readUInt8(index);
  }
  return sum;
}
