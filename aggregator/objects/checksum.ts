import { type FileHandle, open } from "node:fs/promises";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { storeError } from "../read/storage_error.ts";
import { stripeBytes, XxHash64 } from "./xx_hash64.ts";

/** A file of so many bytes is read as a whole: the runtime's hash is twenty times as fast as ours. Larger ones are of merges. */
const atOnceBytesMax = 8 * 1024 ** 2;
/** Held of a larger one, some milliseconds each. */
const pieceBytes = 256 * 1024;

/** xxHash64 of a file, hexadecimal: it detects damage that Parquet's own decoding may miss. */
export async function checksumOf(path: string, atOnceMax = atOnceBytesMax): Promise<string> {
  try {
    return (await hashOf(path, atOnceMax)).toString(16).padStart(16, "0");
  } catch (cause) {
    throw storeError(`read ${path}`, cause);
  }
}

async function hashOf(path: string, atOnceMax: number): Promise<bigint> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    return size <= atOnceMax ? Bun.hash.xxHash64(await file.readFile()) : await hashOfPieces(file);
  } finally {
    await file.close();
  }
}

async function hashOfPieces(file: FileHandle): Promise<bigint> {
  const hash = new XxHash64();
  const piece = new Uint8Array(pieceBytes);
  for (;;) {
    let filled = 0;
    for (let read = -1; read !== 0 && filled < pieceBytes; filled += read)
      ({ bytesRead: read } = await file.read(piece, filled, pieceBytes - filled));
    const whole = filled - (filled % stripeBytes);
    hash.add(piece.subarray(0, whole));
    if (filled < pieceBytes) return hash.end(piece.subarray(whole, filled));
    if (isTurnOver()) await nextTurn();
  }
}
