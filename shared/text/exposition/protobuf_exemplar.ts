import type { Labels } from "../../model/labels.ts";
import type { ProtobufCursor } from "./protobuf_cursor.ts";
import { decodeUtf8 } from "./series_text.ts";

/** io.prometheus.client.Exemplar; undefined where its labels can't be stored. */
export type ReadExemplar = {
  readonly labels: Labels | undefined;
  readonly value: number;
  readonly timestampMs: number | undefined;
};

/** Reads the Exemplar message that ends at `end`: labels, value, timestamp. */
export function readExemplar(cursor: ProtobufCursor, end: number): ReadExemplar {
  const pairs: [string, string][] = [];
  let value = 0;
  let timestampMs: number | undefined;
  while (cursor.at < end) {
    const tag = cursor.varint(end);
    if (tag === 10) pairs.push(readPair(cursor, cursor.lengthEnd(end)));
    else if (tag === 17) value = cursor.double(end);
    else if (tag === 26) timestampMs = readTimestamp(cursor, cursor.lengthEnd(end));
    else cursor.skip(tag, end);
  }
  const isValid =
    pairs.every(([name]) => name !== "") &&
    new Set(pairs.map(([name]) => name)).size === pairs.length;
  return { labels: isValid ? Object.fromEntries(pairs) : undefined, value, timestampMs };
}

/** A google.protobuf.Timestamp as Unix milliseconds. */
export function readTimestamp(cursor: ProtobufCursor, end: number): number {
  let [seconds, nanos] = [0, 0];
  while (cursor.at < end) {
    const tag = cursor.varint(end);
    if (tag === 8) seconds = cursor.int64(end);
    else if (tag === 16) nanos = cursor.int64(end);
    else cursor.skip(tag, end);
  }
  return seconds * 1_000 + Math.trunc(nanos / 1_000_000);
}

function readPair(cursor: ProtobufCursor, end: number): [string, string] {
  const texts = ["", ""];
  while (cursor.at < end) {
    const tag = cursor.varint(end);
    if (tag !== 10 && tag !== 18) {
      cursor.skip(tag, end);
      continue;
    }
    const textEnd = cursor.lengthEnd(end);
    texts[tag === 10 ? 0 : 1] = decodeUtf8(cursor.bytes, cursor.at, textEnd);
    cursor.at = textEnd;
  }
  return [texts[0] ?? "", texts[1] ?? ""];
}
