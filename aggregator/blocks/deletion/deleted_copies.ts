import { rm } from "node:fs/promises";
import { runOf } from "../../read/cut_metrics.ts";
import { writeMetricsRows } from "../block_writer.ts";
import { throwIfAborted, type Duckdb } from "../../duckdb/duckdb.ts";
import { exemplarsInOrder } from "../metrics/exemplar_rows.ts";
import { SeriesTexts, type KnownTexts } from "../file/labels_text.ts";
import { readSlices } from "../logs/read_slices.ts";
import { mergeLogs } from "../compaction/merge_logs.ts";
import type { MetricsWriter } from "../metrics/metrics_writer.ts";
import { seriesInOrder } from "../metrics/series_in_order.ts";
import type { Block } from "../../read/store.ts";
import { copyTier } from "../tiers/copy_tier.ts";
import type { Deleted } from "./tombstones.ts";

/**
 * Copies of blocks without what is deleted out of them, for readers of whole files (SQL, merging) until maintenance has
 * rewritten the block itself. One at a time: each holds two of the writer's connections.
 */
export class DeletedCopies {
  readonly #writer: Duckdb;
  readonly #staging: string;
  readonly #texts: KnownTexts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(writer: Duckdb, staging: string, texts: KnownTexts) {
    this.#writer = writer;
    this.#staging = staging;
    this.#texts = texts;
  }

  /** The path of a copy, which is the caller's to remove. It may hold no row. */
  make(block: Block, path: string, deleted: Deleted, signal?: AbortSignal): Promise<string> {
    const run = this.#last.then(() => this.#copy(block, path, deleted, signal));
    this.#last = run.catch(() => {});
    return run;
  }

  #copy(block: Block, path: string, deleted: Deleted, signal?: AbortSignal): Promise<string> {
    switch (block.signal) {
      case "logs":
        return this.#copyLogs(block, path, deleted, signal);
      case "metrics":
        if (block.bucketMs === undefined) return this.#copySamples(block, path, deleted, signal);
        return copyTier(this.#writer, this.#staging, this.#texts, { block, path, deleted }, signal);
      default:
        throw block.signal satisfies never;
    }
  }

  async #copyLogs(block: Block, path: string, deleted: Deleted, signal?: AbortSignal) {
    const slices = readSlices(path, deleted.logMasks(block));
    const never = new AbortController().signal;
    return (await mergeLogs(this.#staging, [slices], undefined, signal ?? never)).path;
  }

  #copySamples(block: Block, path: string, deleted: Deleted, signal?: AbortSignal) {
    const texts = new SeriesTexts();
    return this.#writer.use(
      "leave out deleted series",
      async (connection) => {
        const fill = async (writer: Pick<MetricsWriter, "add" | "addExemplars">) => {
          for await (const series of seriesInOrder(connection, [path], this.#texts)) {
            throwIfAborted(signal);
            for (const left of deleted.mask(block, [series]))
              writer.add(texts.get(left.labels), runOf(left));
          }
          for await (const one of exemplarsInOrder(connection, [path], this.#texts))
            for (const left of deleted.maskExemplars(block, [one]))
              writer.addExemplars(texts.get(left.labels), left);
        };
        return (await writeMetricsRows(this.#writer, this.#staging, fill, "fast")).path;
      },
      signal,
    );
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }
}
