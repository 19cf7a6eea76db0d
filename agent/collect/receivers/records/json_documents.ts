import { OperatingError } from "#shared/errors.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { TakeMemory } from "../transport/body.ts";
import { AnyDocumentTime } from "./document_time.ts";
import { type RecordShape, UnshapedRecordError, shapeRecord } from "./json_record.ts";
import type { KeptRecords } from "./kept_records.ts";
import { KnownDocuments } from "./known_documents.ts";
import { KnownNumbers } from "./known_numbers.ts";
import { timeNanos } from "./record_time.ts";
import { recordPartsMax, takeJsonParts } from "../transport/request_parts.ts";

/** How documents become log records; the first of the time's keys that a document has is its time. */
export type DocumentShape = Omit<RecordShape, "usedKeys"> & {
  readonly timeKeys: readonly string[];
};

/** Labels of many documents, with their number: see DocumentIntake.common(). */
export type CommonLabels = { readonly labels: Labels; readonly number: number };

const decoder = new TextDecoder();

/** Shorter texts become too few objects to be counted. */
const uncountedBytesMax = 16 * 1024;

/** The lines of a body, without empty ones. */
export function* linesOf(body: Uint8Array): Generator<Buffer> {
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
  if (text.length > uncountedBytesMax) takeJsonParts(text, take, recordPartsMax);
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(text));
  } catch (cause) {
    throw new OperatingError("bad_request", "document is not JSON", { cause });
  }
  if (!isObject(json)) throw new OperatingError("bad_request", "document is not a JSON object");
  return json;
}

/** Makes records of documents in one shape. */
export class DocumentIntake {
  readonly #shape: DocumentShape;
  readonly #known: KnownDocuments;
  readonly #numbers = new KnownNumbers();
  /** By the key of the time. */
  readonly #shapes = new Map<string | undefined, RecordShape>();

  constructor(shape: DocumentShape) {
    this.#shape = shape;
    const { timeKeys } = shape;
    const time = new AnyDocumentTime();
    this.#known = new KnownDocuments({ shape, timeKeys, time, bodiesTell: true });
  }

  /** Labels beside those of the documents' own keys. */
  common(labels: Labels): CommonLabels {
    return { labels, number: this.#numbers.of(labelsKey(labels)) };
  }

  /** Adds the record of the document with this text. Throws OperatingError("bad_request", "overloaded"). */
  addText(text: Buffer, common: CommonLabels, records: KeptRecords, take: TakeMemory): void {
    if (this.#known.add(text, 0, text.length, common.number, records)) return;
    const document = parseDocument(text, take);
    const { shaped, timeKey } = this.#add(document, () => Buffer.from(text), common, records);
    this.#known.learn(shaped, shaped.toldSeverity, timeKey);
  }

  /** As addText() of a document that was parsed before; `whole` is its text. */
  add(
    document: Record<string, unknown>,
    whole: () => Buffer,
    common: CommonLabels,
    records: KeptRecords,
  ): void {
    this.#add(document, whole, common, records);
  }

  /** A time that can't be read stands beside the record. */
  #add(
    document: Record<string, unknown>,
    whole: () => Buffer,
    { labels }: CommonLabels,
    records: KeptRecords,
  ) {
    const shape = this.#shape;
    const found = shape.timeKeys.find((key) => document[key] !== undefined);
    const unixNanos = found === undefined ? 0n : timeNanos(document[found]);
    const timeKey = unixNanos === undefined ? undefined : found;
    try {
      const shaped = shapeRecord({ fields: document, whole }, this.#shapeWithout(timeKey), labels);
      const { severity, body, attributes } = shaped;
      const record = { unixNanos: unixNanos ?? 0n, severity, body, attributes };
      records.add(shaped.labels, record, whole);
      return { shaped, timeKey };
    } catch (thrown) {
      if (!(thrown instanceof UnshapedRecordError)) throw thrown;
      throw new OperatingError("bad_request", thrown.message, { cause: thrown });
    }
  }

  #shapeWithout(timeKey: string | undefined): RecordShape {
    const known = this.#shapes.get(timeKey);
    if (known !== undefined) return known;
    const shape = { ...this.#shape, usedKeys: new Set(timeKey === undefined ? [] : [timeKey]) };
    this.#shapes.set(timeKey, shape);
    return shape;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
