import { throwIfAborted, type Duckdb } from "../../duckdb/duckdb.ts";
import { SeriesTexts, type KnownTexts } from "../series/labels_text.ts";
import type { Block } from "../../read/store.ts";
import type { Deleted } from "../deletion/tombstones.ts";
import { maskBuckets } from "./tier_mask.ts";
import { bucketsInOrder } from "./tier_reader.ts";
import { writeTierRows } from "./write_tier.ts";

/** A copy of a tier's block without what is deleted out of it; the caller's to remove. It may hold no row. */
export async function copyTier(
  duckdb: Duckdb,
  folder: string,
  known: KnownTexts,
  {
    block,
    path,
    deleted,
  }: { readonly block: Block; readonly path: string; readonly deleted: Deleted },
  signal: AbortSignal | undefined,
): Promise<string> {
  const texts = new SeriesTexts();
  const masks = deleted.masks(block);
  return duckdb.use(
    "leave out deleted series",
    async (connection) => {
      const copy = await writeTierRows(
        duckdb,
        folder,
        async (writer) => {
          for await (const [series] of bucketsInOrder(connection, [path], known)) {
            throwIfAborted(signal);
            const left = series === undefined ? undefined : maskBuckets(series, masks);
            if (left !== undefined) writer.add(texts.get(left.labels), left);
          }
        },
        "fast",
        () => undefined,
      );
      return copy.path;
    },
    signal,
  );
}
