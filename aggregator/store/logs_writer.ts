import {
  BIGINT,
  BLOB,
  DuckDBDataChunk,
  UTINYINT,
  VARCHAR,
  type DuckDBAppender,
  type DuckDBType,
  ENUM,
} from "@duckdb/node-api";
import { isUtf8 } from "node:buffer";
import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { labelsText } from "./labels_text.ts";
import { quoted } from "./duckdb.ts";
import type { Written } from "./metrics_writer.ts";
import { fillColumn, fillTexts } from "./vectors.ts";

/** The table that a block of logs is copied from; its columns are drawn in docs/formats/parquet.md. */
export function logsTable({ texts }: SortedLogs): string {
  // An enumeration: streams are filled in as numbers, and become plain texts in the file.
  return `ts BIGINT, stream ENUM (${texts.map(quoted).join(", ")}), severity UTINYINT,
    body VARCHAR, body_raw BLOB, attributes VARCHAR`;
}
const rowsMax = 2_048;

type Place = { readonly batch: number; readonly row: number };

/** Records in the order of a block. */
export type SortedLogs = {
  readonly batches: readonly LogsBatch[];
  readonly total: number;
  /** The distinct streams, sorted. */
  readonly texts: readonly string[];
  place(i: number): Place;
  /** Index into `texts`. */
  streamOf(i: number): number;
};

/**
 * Appends records sorted by stream, then time; records of equal time keep their order of arrival. `order` is an array
 * of indexes, so no object is made a record.
 */
export function writeLogs(
  appender: DuckDBAppender,
  sorted: SortedLogs,
): Written & { readonly rows: number } {
  const { batches, total, texts } = sorted;
  const types = [BIGINT, ENUM(texts), UTINYINT, VARCHAR, BLOB, VARCHAR];
  const validity = batches.map((batch) => invalidRows(batch));
  let minMs = Infinity;
  let maxMs = -Infinity;
  for (let begin = 0; begin < total; begin += rowsMax) {
    const rows = Math.min(rowsMax, total - begin);
    const chunk = new LogsChunk(rows, texts.length);
    for (let i = 0; i < rows; i++) {
      const { batch: b, row } = sorted.place(begin + i);
      const batch = batches[b];
      if (batch === undefined) continue;
      const ms = batch.timestampsMs[row] ?? 0;
      if (ms < minMs) minMs = ms;
      if (ms > maxMs) maxMs = ms;
      chunk.set(i, batch, row, sorted.streamOf(begin + i), validity[b]?.has(row) === true);
    }
    appender.appendDataChunk(chunk.build(types));
  }
  appender.flushSync();
  return { items: total, rows: total, minMs, maxMs };
}

class LogsChunk {
  readonly #times: BigInt64Array;
  readonly #severities: Uint8Array;
  readonly #streams: Uint8Array | Uint16Array | Uint32Array;
  readonly #bodies: (string | Uint8Array)[];
  readonly #raw: (Uint8Array | undefined)[];
  readonly #attributes: (string | undefined)[];

  constructor(rows: number, streams: number) {
    this.#times = new BigInt64Array(rows);
    this.#severities = new Uint8Array(rows);
    this.#streams = enumIndexes(rows, streams);
    this.#bodies = Array.from({ length: rows });
    this.#raw = Array.from({ length: rows });
    this.#attributes = Array.from({ length: rows });
  }

  set(i: number, batch: LogsBatch, row: number, stream: number, isInvalid: boolean): void {
    const begin = row === 0 ? 0 : (batch.bodyEnds[row - 1] ?? 0);
    const body = batch.bodies.subarray(begin, batch.bodyEnds[row]);
    this.#times[i] =
      BigInt(batch.timestampsMs[row] ?? 0) * 1_000_000n + BigInt(batch.nanos[row] ?? 0);
    this.#severities[i] = batch.severities[row] ?? 0;
    this.#streams[i] = stream;
    this.#bodies[i] = isInvalid ? new TextDecoder().decode(body) : body;
    this.#raw[i] = isInvalid ? body : undefined;
    const attributes = batch.attributes?.[row];
    this.#attributes[i] = attributes === undefined ? undefined : textOrNothing(attributes);
  }

  build(types: readonly DuckDBType[]): DuckDBDataChunk {
    const chunk = DuckDBDataChunk.create(types, this.#times.length);
    fillColumn(chunk, 0, this.#times);
    fillColumn(chunk, 1, this.#streams);
    fillColumn(chunk, 2, this.#severities);
    fillTexts(chunk, 3, this.#bodies);
    fillTexts(chunk, 4, this.#raw);
    fillTexts(chunk, 5, this.#attributes);
    return chunk;
  }
}

function textOrNothing(attributes: Labels): string | undefined {
  const text = labelsText(attributes);
  return text === "{}" ? undefined : text;
}

/** As wide as DuckDB stores an enumeration of this many values. */
function enumIndexes(rows: number, values: number): Uint8Array | Uint16Array | Uint32Array {
  if (values <= 0xff) return new Uint8Array(rows);
  return values <= 0xffff ? new Uint16Array(rows) : new Uint32Array(rows);
}

export function sortLogs(batches: readonly LogsBatch[]): SortedLogs {
  const total = batches.reduce((sum, batch) => sum + batch.streamOf.length, 0);
  const { texts, ranks } = rankStreams(batches);
  const batchOf = new Uint32Array(total);
  const rowOf = new Uint32Array(total);
  const rankOf = new Uint32Array(total);
  const ms = new Float64Array(total);
  const nanos = new Uint32Array(total);
  let at = 0;
  for (const [b, batch] of batches.entries()) {
    for (let row = 0; row < batch.streamOf.length; row++, at++) {
      batchOf[at] = b;
      rowOf[at] = row;
      rankOf[at] = ranks[b]?.[batch.streamOf[row] ?? 0] ?? 0;
    }
    ms.set(batch.timestampsMs, at - batch.streamOf.length);
    nanos.set(batch.nanos, at - batch.streamOf.length);
  }
  const order = Uint32Array.from({ length: total }, (_, i) => i);
  order.sort(
    (a, b) =>
      (rankOf[a] ?? 0) - (rankOf[b] ?? 0) ||
      (ms[a] ?? 0) - (ms[b] ?? 0) ||
      (nanos[a] ?? 0) - (nanos[b] ?? 0) ||
      a - b,
  );
  return {
    batches,
    total,
    texts,
    place(i: number): Place {
      const record = order[i] ?? 0;
      return { batch: batchOf[record] ?? 0, row: rowOf[record] ?? 0 };
    },
    streamOf: (i: number) => rankOf[order[i] ?? 0] ?? 0,
  };
}

/** The distinct streams of all batches as sorted texts, and the rank of each batch's streams among them. */
function rankStreams(batches: readonly LogsBatch[]) {
  const byBatch = batches.map((batch) => batch.streams.map((stream) => labelsText(stream)));
  const texts = [...new Set(byBatch.flat())].toSorted();
  const rankOf = new Map(texts.map((text, rank) => [text, rank]));
  const ranks = byBatch.map((streams) =>
    Uint32Array.from(streams, (text) => rankOf.get(text) ?? 0),
  );
  return { texts, ranks };
}

/** Rows whose body is not UTF-8. The usual case is told by one look at all bodies together. */
function invalidRows(batch: LogsBatch): ReadonlySet<number> {
  const rows = new Set<number>();
  const { bodies, bodyEnds } = batch;
  if (isUtf8(bodies) && !cutsCharacter(bodies, bodyEnds)) return rows;
  let begin = 0;
  for (const [row, end] of bodyEnds.entries()) {
    if (!isUtf8(bodies.subarray(begin, end))) rows.add(row);
    begin = end;
  }
  return rows;
}

function cutsCharacter(bodies: Uint8Array, bodyEnds: Uint32Array): boolean {
  for (const end of bodyEnds) if (((bodies[end] ?? 0) & 0xc0) === 0x80) return true;
  return false;
}
