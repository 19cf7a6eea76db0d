import type { FrameHeader } from "#proto/gen/v1/frame_pb.js";
import { FrameKind } from "#proto/gen/v1/frame_pb.js";
import type { Drops } from "#shared/model/account.ts";
import { updateDrops } from "#shared/model/account.ts";
import type { Position } from "#shared/model/position.ts";
import { origin } from "#shared/model/position.ts";

/**
 * What a lane knows of itself after a frame: place, counters and checkpoints. It is the sum of the headers up to
 * that frame, which is why frames alone are enough to recover a lane.
 */
export type Ledger = {
  readonly position: Position;
  readonly itemsTotal: number;
  readonly drops: Drops;
  readonly checkpoints: ReadonlyMap<string, string>;
};

const emptyLedger: Ledger = {
  position: origin,
  itemsTotal: 0,
  drops: {},
  checkpoints: new Map(),
};

/** Reads headers one after another into a ledger. */
export class LedgerReader {
  #position: Position;
  #itemsTotal: number;
  #drops: Drops;
  #checkpoints: Map<string, string>;

  constructor(from: Ledger = emptyLedger) {
    this.#position = from.position;
    this.#itemsTotal = from.itemsTotal;
    this.#drops = from.drops;
    this.#checkpoints = new Map(from.checkpoints);
  }

  apply(header: FrameHeader): void {
    // The first OPEN frame of an epoch reports all; what doesn't fit into it follows in further ones.
    if (header.kind === FrameKind.OPEN && header.sequence === 1) {
      this.#drops = {};
      this.#checkpoints = new Map();
    }
    this.#position = { epoch: header.epoch, sequence: header.sequence };
    this.#itemsTotal = header.itemsTotal;
    this.#drops = updateDrops(this.#drops, header.drops);
    applyCheckpoints(this.#checkpoints, header.checkpoints);
  }

  ledger(): Ledger {
    return {
      position: this.#position,
      itemsTotal: this.#itemsTotal,
      drops: this.#drops,
      checkpoints: this.#checkpoints,
    };
  }
}

/** Changes as they stand in a header: an empty value forgets the key. */
export function applyCheckpoints(
  known: Map<string, string>,
  changes: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(changes)) {
    if (value === "") known.delete(key);
    else known.set(key, value);
  }
}
