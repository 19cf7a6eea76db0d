import type { LogPart } from "../../read/log_parts.ts";
import type { MissingBlocks } from "../../read/missing_blocks.ts";
import type { Block } from "../../read/store.ts";
import type { BlockGuard } from "./block_guard.ts";
import { noteDamage } from "./read_readable.ts";

/** A block as a part of a scan that has nothing more to say once the block is found damaged. */
export function guardedPart(
  guard: BlockGuard,
  block: Block,
  part: LogPart,
  missing: MissingBlocks | undefined,
): LogPart {
  const { minMs, maxMs, items } = part;
  return {
    minMs,
    maxMs,
    items,
    slices: async function* (span) {
      try {
        yield* part.slices(span);
      } catch (error) {
        const [damage] = await guard.explain(error, [block]);
        if (damage === undefined) throw error;
        noteDamage(damage, missing);
      }
    },
  };
}
