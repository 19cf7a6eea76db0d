import { readFileSync } from "node:fs";

const pageSizeTag = 6n;
const usualBytes = 4_096;

/** The kernel's page size, from the auxiliary vector (pairs of 64-bit words, AT_PAGESZ is tag 6) of this process. */
export function pageSizeBytes(path = "/proc/self/auxv"): number {
  try {
    return pageSizeOf(readFileSync(path));
  } catch {
    return usualBytes;
  }
}

export function pageSizeOf(auxiliaryVector: Uint8Array): number {
  const { buffer, byteOffset, byteLength } = auxiliaryVector;
  const view = new DataView(buffer, byteOffset, byteLength);
  for (let at = 0; at + 16 <= byteLength; at += 16) {
    if (view.getBigUint64(at, true) === pageSizeTag) return Number(view.getBigUint64(at + 8, true));
  }
  return usualBytes;
}
