import { builtInSignals, type Signal } from "#shared/signals.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Block } from "../read/store.ts";

export type BlockSearch = {
  readonly tenant: string;
  /** Both where empty. */
  readonly signal: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Of the page before; empty for the first. */
  readonly page: string;
  readonly limit: number;
};

export type BlockPage = {
  readonly blocks: readonly Block[];
  /** Empty where there are no more. */
  readonly nextPage: string;
  readonly total: number;
};

/** The newest first, by their last item. Throws OperatingError "bad_request". */
export function blockPage(
  all: readonly Block[],
  search: BlockSearch,
  signals: readonly Signal[] = builtInSignals.names,
): BlockPage {
  const { tenant, signal, startMs, endMs, page, limit } = search;
  if (signal !== "" && signals.every((one) => one !== signal))
    throw bad(
      `signal is ${JSON.stringify(signal)}: expected ${signals.join(", ")}, or nothing for all`,
    );
  const found = all
    .filter(
      (block) =>
        block.tenant === tenant &&
        (signal === "" || block.signal === signal) &&
        block.minMs <= endMs &&
        block.maxMs >= startMs,
    )
    .toSorted(newestFirst);
  const after = page === "" ? undefined : placeOf(page);
  // A block that is gone by now has left its place.
  const begin = after === undefined ? 0 : found.findIndex((block) => newestFirst(after, block) < 0);
  const blocks = begin < 0 ? [] : found.slice(begin, begin + limit);
  const last = blocks.at(-1);
  const isMore = begin >= 0 && begin + limit < found.length;
  const nextPage = isMore && last !== undefined ? `${last.maxMs}.${last.id}` : "";
  return { blocks, nextPage, total: found.length };
}

type Place = Pick<Block, "maxMs" | "id">;

function newestFirst(a: Place, b: Place): number {
  return b.maxMs - a.maxMs || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

function placeOf(page: string): Place {
  const match = /^(-?\d+)\.([0-9a-f-]{36})$/.exec(page);
  const [, maxMs, id] = match ?? [];
  if (maxMs === undefined || id === undefined)
    throw bad(`page is ${JSON.stringify(page.slice(0, 100))}: expected next_page of an answer`);
  return { maxMs: Number(maxMs), id };
}

function bad(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}
