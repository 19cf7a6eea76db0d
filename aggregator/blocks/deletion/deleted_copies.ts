import { rm } from "node:fs/promises";
import type { Block } from "../../read/store.ts";
import type { Signal } from "#shared/signals.ts";
import type { Duckdb } from "../../duckdb/duckdb.ts";
import type { KnownTexts } from "../series/labels_text.ts";
import type { Deleted } from "./tombstones.ts";

export type CopyTools = {
  readonly writer: Duckdb;
  readonly staging: string;
  readonly texts: KnownTexts;
};

export type CopiedFile = {
  readonly block: Block;
  readonly path: string;
  readonly deleted: Deleted;
};

/** Writes a copy of a block's file without what is deleted out of it. Returns the copy's path. */
export type CopyWithout = (
  tools: CopyTools,
  from: CopiedFile,
  signal: AbortSignal | undefined,
) => Promise<string>;

/**
 * Copies of blocks without what is deleted out of them, for readers of whole files (SQL, merging) until maintenance has
 * rewritten the block itself. One at a time: each holds two of the writer's connections.
 */
export class DeletedCopies {
  readonly #tools: CopyTools;
  readonly #copyOf: (signal: Signal) => CopyWithout;
  #last: Promise<unknown> = Promise.resolve();

  constructor(tools: CopyTools, copyOf: (signal: Signal) => CopyWithout) {
    this.#tools = tools;
    this.#copyOf = copyOf;
  }

  /** The path of a copy, which is the caller's to remove. It may hold no row. */
  make(block: Block, path: string, deleted: Deleted, signal?: AbortSignal): Promise<string> {
    const copy = this.#copyOf(block.signal);
    const run = this.#last.then(() => copy(this.#tools, { block, path, deleted }, signal));
    this.#last = run.catch(() => {});
    return run;
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }
}
