import { unpackSnappy as unpackBlock } from "#proto/codec/snappy_block.ts";
import { messageOf } from "#shared/errors.ts";
import { BodyError } from "./body.ts";

/** Unpacks a snappy block of `bytesMax` bytes at most. Throws BodyError(400). */
export function unpackSnappy(block: Uint8Array, bytesMax: number): Uint8Array {
  try {
    return unpackBlock(block, bytesMax);
  } catch (cause) {
    throw new BodyError(400, messageOf(cause), { cause });
  }
}
