import { OperatingError } from "#shared/errors.ts";
import type { MissingBlock } from "../../read/missing_blocks.ts";
import type { Block } from "../../read/store.ts";

/**
 * Why a block can't be read: its file is absent, can't be opened or read, has another size or checksum than the catalog
 * says, or (for blocks without a checksum) does not decode.
 */
export const damageReasons = ["missing", "unreadable", "size", "checksum", "content"] as const;
export type DamageReason = (typeof damageReasons)[number];

/** What is wrong with a file. */
export type FileFault = { readonly reason: DamageReason; readonly detail: string };

/** A block that nothing is read of until it is repaired or given up. */
export type Damage = FileFault & {
  readonly block: Block;
  /** Unix milliseconds. */
  readonly foundMs: number;
};

/** Thrown instead of reading a damaged block. */
export class DamagedBlock extends OperatingError {
  readonly damage: Damage;

  constructor(damage: Damage) {
    super("corrupt", `block ${damage.block.id} is damaged: ${faultText(damage)}`);
    this.damage = damage;
  }
}

function faultText({ detail }: FileFault): string {
  return detail;
}

/** As a query reports it. */
export function missingBlock({ block, ...fault }: Damage): MissingBlock {
  const { id, signal, items, minMs, maxMs, bucketMs } = block;
  return {
    id,
    signal,
    items,
    minMs,
    maxMs,
    ...(bucketMs === undefined ? {} : { bucketMs }),
    fault: faultText(fault),
  };
}
