import { z } from "zod";
import type { ChainCommit } from "../read/store.ts";

const count = z.number().int().nonnegative();

/** A ChainCommit as it stands in the catalog and in blocks: epoch, before, items before, position, items. */
export const ChainRow = z.tuple([count, count, count, count, count, count, count]);
export type ChainRow = z.output<typeof ChainRow>;

export function chainRow(chain: ChainCommit): ChainRow {
  const { epoch, before, itemsBefore, position, itemsTotal } = chain;
  return [
    epoch,
    before.epoch,
    before.sequence,
    itemsBefore,
    position.epoch,
    position.sequence,
    itemsTotal,
  ];
}

export function chainOf(row: ChainRow): ChainCommit {
  const [epoch, beforeEpoch, beforeSequence, itemsBefore, lastEpoch, lastSequence, itemsTotal] =
    row;
  return {
    epoch,
    before: { epoch: beforeEpoch, sequence: beforeSequence },
    itemsBefore,
    position: { epoch: lastEpoch, sequence: lastSequence },
    itemsTotal,
  };
}
