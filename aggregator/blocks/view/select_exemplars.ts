import type { Exemplar, SeriesExemplars } from "#shared/model/exemplars.ts";
import { joinExemplars } from "../../read/join_exemplars.ts";
import type { ExemplarRequest } from "../../read/source.ts";
import type { Duckdb } from "../../duckdb/duckdb.ts";
import { readExemplars } from "../metrics/exemplar_rows.ts";
import type { KnownTexts } from "../series/labels_text.ts";
import type { BlockGuard } from "../integrity/block_guard.ts";
import { readFiles } from "./local_files.ts";
import { compileSelectors } from "../series/selector.ts";
import type { Block } from "../../read/store.ts";
import type { Deleted } from "../deletion/tombstones.ts";

type Tools = {
  readonly duckdb: Duckdb;
  readonly guard: BlockGuard;
  readonly texts: KnownTexts;
};

/** The exemplars of blocks; those without any, or of other times, are not opened. */
export async function selectExemplars(
  tools: Tools,
  blocks: readonly Block[],
  deleted: Deleted,
  { tenant, selectors, startMs, endMs, exemplarsMax, signal, missing }: ExemplarRequest,
): Promise<SeriesExemplars[]> {
  const selector = compileSelectors(selectors, "labels");
  const wanted = blocks.filter(
    ({ exemplars, ...block }) =>
      block.tenant === tenant &&
      exemplars !== undefined &&
      exemplars.maxMs >= startMs &&
      exemplars.minMs <= endMs,
  );
  const span = { startMs, endMs };
  const files = await readFiles(tools, { blocks: wanted, signal, missing }, (connection, paths) =>
    readExemplars(connection, paths, selector, span, 2 * exemplarsMax, tools.texts),
  );
  const isWanted = ({ timestampMs }: Exemplar) => timestampMs >= startMs && timestampMs <= endMs;
  const left = wanted.map((block, i) =>
    deleted.maskExemplars(block, files[i] ?? []).flatMap((one) => {
      const exemplars = one.exemplars.filter(isWanted);
      return exemplars.length === 0 ? [] : [{ ...one, exemplars }];
    }),
  );
  return joinExemplars(left, exemplarsMax);
}
