import type { DuckDBConnection } from "@duckdb/node-api";
import { exemplarsOf } from "../metrics/exemplar_rows.ts";
import { readNotes } from "../file/file_notes.ts";
import { parquetList } from "../metrics/metrics_reader.ts";
import { OperatingError } from "#shared/errors.ts";
import type { PerSignal } from "#shared/signals.ts";
import type { Block } from "../../read/store.ts";

/** How the content of a signal's files is read. */
export type SignalContent = {
  /** Reads all columns of a file. One row: rows, items, times of the first and last item in ms, rows whose lists differ in length; then anything. */
  contentSql(from: string): string;
};

/** What a file lacks of what the catalog says of the block, by reading all its columns. Throws where it can't be read. */
export async function contentFault(
  connection: DuckDBConnection,
  path: string,
  block: Block,
  signals: PerSignal<SignalContent>,
): Promise<string | undefined> {
  // First of all: it refuses what would be misread.
  const [note] = await readNotes(connection, [path]);
  // Of a signal that this version does not know the checksum says enough.
  if (signals.find(block.signal) === undefined) return undefined;
  const found = await contentOf(connection, path, block, signals);
  if (found.uneven > 0) return `has ${found.uneven} rows whose lists differ in length`;
  for (const field of ["rows", "items", "minMs", "maxMs"] as const) {
    if (found[field] !== block[field])
      return `holds ${field} = ${found[field]}, expected ${block[field]}`;
  }
  const [held, expected] = [exemplarsText(found.exemplars), exemplarsText(block.exemplars)];
  if (held !== expected) return `holds ${held}, expected ${expected}`;
  if (note !== undefined && (note.tenant !== block.tenant || note.signal !== block.signal))
    return `is of tenant ${note.tenant} and signal ${note.signal}, expected ${block.tenant} and ${block.signal}`;
  return undefined;
}

function tierContent(from: string): string {
  const lists = ["first", "sum", "min", "max", "resets", "last"];
  return `SELECT count(*)::DOUBLE, coalesce(sum(n), 0)::DOUBLE, min(t_min)::DOUBLE, max(t_max)::DOUBLE,
    count(*) FILTER (len(t) <> n OR len(t_first) <> n OR len(count) <> n
      OR ${lists.map((name) => `len(${name}) NOT IN (0, n)`).join(" OR ")})::DOUBLE,
    max(length(name) + length(labels)), max(list_max(t)),
    ${lists.map((name) => `max(list_max(${name}))`).join(", ")} FROM ${from}`;
}

/** What a file holds, by reading all its columns. Throws OperatingError for a signal that is not among these. */
export async function contentOf(
  connection: DuckDBConnection,
  path: string,
  { signal, bucketMs }: Pick<Block, "signal" | "bucketMs">,
  signals: PerSignal<SignalContent>,
): Promise<
  Pick<Block, "rows" | "items" | "minMs" | "maxMs" | "exemplars"> & { readonly uneven: number }
> {
  const stored = signals.find(signal);
  if (stored === undefined)
    throw new OperatingError(
      "bad_request",
      `signal "${signal}": expected ${signals.names.join(", ")}`,
    );
  const from = parquetList([path]);
  const exemplars =
    signal === "metrics" && bucketMs === undefined
      ? await exemplarsOf(connection, path)
      : undefined;
  const query = bucketMs === undefined ? stored.contentSql(from) : tierContent(from);
  const reader = await connection.runAndReadAll(query);
  const [rows = 0, items = 0, minMs = 0, maxMs = 0, uneven = 0] = (reader.getRows()[0] ?? []).map(
    Number,
  );
  const content = { rows, items, minMs, maxMs };
  if (exemplars === undefined) return { ...content, uneven };
  const { uneven: more, ...written } = exemplars;
  return { ...content, exemplars: written, uneven: uneven + more };
}

function exemplarsText(exemplars: Block["exemplars"]): string {
  if (exemplars === undefined) return "no exemplars";
  return `${exemplars.count} exemplars from ${exemplars.minMs} to ${exemplars.maxMs}`;
}
