import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { TakeMemory } from "./body.ts";
import { type RecordShape, UnshapedRecordError, shapeRecord } from "./json_record.ts";
import type { KeptRecords } from "./kept_records.ts";
import { timeNanos } from "./record_time.ts";
import { takeJsonParts } from "./request_parts.ts";

/** How documents become log records; the first of the time's keys that a document has is its time. */
export type DocumentShape = Omit<RecordShape, "usedKeys"> & {
  readonly timeKeys: readonly string[];
};

/** Shorter texts become too few objects to be counted. */
const uncountedBytesMax = 16 * 1024;

/** The lines of a body, without empty ones. */
export function* linesOf(body: Uint8Array): Generator<Uint8Array> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    const line = bytes.subarray(start, bytes[end - 1] === 0x0d && end > start ? end - 1 : end);
    if (line.length > 0) yield line;
    start = end + 1;
  }
}

/** A JSON object from its text. Throws OperatingError("bad_request", "overloaded"). */
export function parseDocument(text: Uint8Array, take: TakeMemory): Record<string, unknown> {
  if (text.length > uncountedBytesMax) takeJsonParts(text, take);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(text));
  } catch (cause) {
    throw new OperatingError("bad_request", "document is not JSON", { cause });
  }
  if (!isObject(json)) throw new OperatingError("bad_request", "document is not a JSON object");
  return json;
}

/**
 * Adds the record of a document whose text is `whole`. A time that can't be read stands beside the record. Throws
 * OperatingError("bad_request").
 */
export function addDocument(
  document: Record<string, unknown>,
  whole: () => Buffer,
  { shape, labels, records }: { shape: DocumentShape; labels: Labels; records: KeptRecords },
): void {
  const timeKey = shape.timeKeys.find((key) => document[key] !== undefined);
  const unixNanos = timeKey === undefined ? 0n : timeNanos(document[timeKey]);
  const isUsed = timeKey !== undefined && unixNanos !== undefined;
  const usedKeys: ReadonlySet<string> = new Set(isUsed ? [timeKey] : []);
  try {
    const { labels: own, ...record } = shapeRecord(
      { fields: document, whole },
      { ...shape, usedKeys },
      labels,
    );
    records.add(own, { ...record, unixNanos: unixNanos ?? 0n }, whole);
  } catch (thrown) {
    if (!(thrown instanceof UnshapedRecordError)) throw thrown;
    throw new OperatingError("bad_request", thrown.message, { cause: thrown });
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
