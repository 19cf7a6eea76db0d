import { withLines } from "#shared/model/lazy_lines.ts";
import { compactSlice } from "../../read/log_slices.ts";
import type { LogSlice } from "../../read/source.ts";
import { storeError } from "../../read/storage_error.ts";
import { ParquetFile } from "../parquet/parquet_file.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";
import { columnsOf } from "./group_columns.ts";
import { rowsOf } from "./search/group_filter.ts";
import { sliceColumns } from "./group_rows.ts";
import { LogGroup } from "./log_group.ts";
import { hideMasked, type LogMask } from "./log_mask.ts";
import { bodyColumns, rebuildBodies } from "./rebuild.ts";

const noBytes = new Uint8Array();

/** All records of a file but those that are hidden, and counted in `hidden` by mask; a row group a slice; nothing is kept of it afterwards. Throws OperatingError. */
export async function* readSlices(
  path: string,
  masks: readonly LogMask[],
  hidden?: Map<string, number>,
): AsyncGenerator<LogSlice> {
  try {
    const file = await ParquetFile.open(path);
    try {
      for (const footer of file.footer.groups) {
        const group = new LogGroup(footer);
        const load = async (names: Iterable<string>, withDigits?: boolean) => {
          const missing = group.missing(names, withDigits);
          const chunks = missing.flatMap((name) => footer.columns.get(name) ?? []);
          for (const { chunk, bytes } of await file.nearBytes(chunks))
            group.take(chunk.path, bytes);
        };
        await load(["ts", "stream", "severity", "attributes", "template"]);
        const passing = new Uint8Array(group.rows).fill(1);
        await hideMasked(group, undefined, load, masks, passing, hidden);
        const rows = rowsOf(passing);
        if (rows.length === 0) continue;
        await load(bodyColumns(group));
        yield sliceOf(group, rows);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UnsupportedParquet) throw storeError("read logs", error);
    throw error;
  }
}

function sliceOf(group: LogGroup, rows: Uint32Array): LogSlice {
  const records = sliceColumns(group, true);
  const columns = columnsOf(group);
  if (columns !== undefined) return { batch: withLines(records, columns), rows };
  const bare = { ...records, bodies: noBytes, bodyEnds: new Uint32Array() };
  const { batch } = compactSlice({ batch: bare, rows }, true);
  const whole = { ...batch, ...rebuildBodies(group, rows) };
  return { batch: whole, rows: Uint32Array.from(rows, (_, i) => i) };
}
