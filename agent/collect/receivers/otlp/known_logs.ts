import { isUtf8 } from "node:buffer";
import { type DescMessage, type MessageShape, fromBinary } from "@bufbuild/protobuf";
import { ResourceSchema, ScopeSchema } from "#proto/gen/foreign/otlp_common_pb.js";
import { LogRecordSchema } from "#proto/gen/foreign/otlp_logs_pb.js";
import type { Labels } from "#shared/model/labels.ts";
import { ExpositionError } from "#shared/text/exposition/exposition_error.ts";
import { ProtobufCursor } from "#shared/text/exposition/protobuf_cursor.ts";
import { severityOf } from "../../sources/file_logs/severity.ts";
import { BodyError } from "../transport/body.ts";
import { ByteMemo } from "../records/byte_memo.ts";
import type { Steps } from "../transport/decode_turns.ts";
import { KnownNumbers } from "../records/known_numbers.ts";
import type { LogBatchBuilder, RecordFault } from "../records/log_batch_builder.ts";
import { partsMax, protobufParts } from "../transport/request_parts.ts";
import {
  type LabelsOf,
  type LogScope,
  logScope,
  recordAttributes,
  toldSeverity,
} from "./logs_converter.ts";
import { LogRecordCut } from "./log_record_cut.ts";

/** Field number << 3 | wire type, of the messages around records: each is the first or the second of its own. */
const firstTag = 10;
const secondTag = 18;
/** Read without a look at the clock. */
const recordsPerStep = 16;
/** More may be refused, which is decided over the request as a whole. */
const recordsMax = 100_000;

type KnownRecord = {
  readonly severity: number;
  readonly attributes: Labels;
  /** What it counts for the limit of a request. */
  readonly parts: number;
};

type ScopeContext = LogScope & { readonly number: number; readonly stream: number };

/**
 * Reads requests for logs in protobuf record by record: of one that is like another but for its body, times and ids, only these are read. What is not usual is left to
 * whoever decodes requests as a whole.
 */
export class KnownLogs {
  readonly #labelsOf: LabelsOf;
  readonly #memo = new ByteMemo<KnownRecord>();
  readonly #numbers = new KnownNumbers();
  readonly #cut = new LogRecordCut();

  constructor(labelsOf: LabelsOf) {
    this.#labelsOf = labelsOf;
  }

  /** Adds the records of an ExportLogsServiceRequest; false: the builder is of no use, and the request is to be decoded as a whole. */
  *read(
    bytes: Uint8Array,
    builder: LogBatchBuilder,
    onFault: (fault: RecordFault) => void,
  ): Steps<boolean> {
    const reading = new Reading(bytes, builder, onFault);
    try {
      const { cursor } = reading;
      while (cursor.at < bytes.length) {
        if (cursor.varint(bytes.length) !== firstTag) return false;
        if (!(yield* this.#readResource(reading, cursor.lengthEnd(bytes.length)))) return false;
      }
      return true;
    } catch (thrown) {
      // Refused by a decoder of a part, it is refused as a whole, and told so.
      if (thrown instanceof ExpositionError || thrown instanceof BodyError) return false;
      throw thrown;
    }
  }

  *#readResource(reading: Reading, end: number): Steps<boolean> {
    const { cursor } = reading;
    const resource = headOf(cursor, end);
    if (resource === undefined) return false;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag !== secondTag) cursor.skip(tag, end);
      else if (!(yield* this.#readScope(reading, resource, cursor.lengthEnd(end)))) return false;
    }
    return true;
  }

  *#readScope(reading: Reading, resource: Uint8Array, end: number): Steps<boolean> {
    const { cursor, bytes } = reading;
    const scope = headOf(cursor, end);
    if (scope === undefined) return false;
    const context = this.#contextOf(reading, resource, scope);
    yield;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag !== secondTag) {
        cursor.skip(tag, end);
        continue;
      }
      const recordEnd = cursor.lengthEnd(end);
      if (reading.records % recordsPerStep === recordsPerStep - 1) yield;
      if (++reading.records > recordsMax || reading.parts > partsMax) return false;
      this.#readRecord(reading, context, bytes, cursor.at, recordEnd);
      cursor.at = recordEnd;
    }
    return true;
  }

  #contextOf(reading: Reading, resource: Uint8Array, scope: Uint8Array): ScopeContext {
    const heads = [resource, scope].map((head) => Buffer.from(head).toString("latin1"));
    reading.parts += protobufParts(resource, ResourceSchema) + protobufParts(scope, ScopeSchema);
    const own = logScope(
      decoded(ResourceSchema, resource),
      decoded(ScopeSchema, scope),
      this.#labelsOf,
    );
    const number = this.#numbers.of(`${heads[0]?.length} ${heads.join("")}`);
    return { ...own, number, stream: reading.builder.stream(own.labels) };
  }

  #readRecord(
    reading: Reading,
    scope: ScopeContext,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    const cut = this.#cut;
    if (!cut.find(bytes, start, end) || !isUtf8(bytes.subarray(cut.bodyStart, cut.bodyEnd)))
      throw new BodyError(400, "a record of another form");
    let known = this.#memo.get(cut.rest, 0, cut.restLength, scope.number);
    if (known === undefined) {
      known = this.#decode(scope, bytes.subarray(start, end));
      this.#memo.set(cut.rest, 0, cut.restLength, scope.number, known);
    }
    reading.parts += known.parts;
    const { bodyStart, bodyEnd, ms, nanos } = cut;
    const severity = known.severity || severityOf(bytes, bodyStart, bodyEnd);
    const attributes = cut.hasIds ? cut.withIds(bytes, known.attributes) : known.attributes;
    const fault = reading.builder.addLine(
      scope.stream,
      ms,
      nanos,
      severity,
      bytes,
      bodyStart,
      bodyEnd,
      attributes,
      0,
    );
    if (fault !== undefined) reading.onFault(fault);
  }

  #decode(scope: ScopeContext, bytes: Uint8Array): KnownRecord {
    const parts = protobufParts(bytes, LogRecordSchema);
    const record = decoded(LogRecordSchema, bytes);
    const attributes = recordAttributes(record, scope, this.#labelsOf);
    return { severity: toldSeverity(record, attributes, scope), attributes, parts };
  }
}

class Reading {
  readonly bytes: Buffer;
  readonly cursor: ProtobufCursor;
  readonly builder: LogBatchBuilder;
  readonly onFault: (fault: RecordFault) => void;
  records = 0;
  parts = 0;

  constructor(bytes: Uint8Array, builder: LogBatchBuilder, onFault: (fault: RecordFault) => void) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.cursor = new ProtobufCursor(bytes);
    this.builder = builder;
    this.onFault = onFault;
  }
}

/** The first field's message, wherever it stands, empty where there is none; undefined where there are several. The cursor stays. */
function headOf(cursor: ProtobufCursor, end: number): Uint8Array | undefined {
  const start = cursor.at;
  let head: Uint8Array | undefined;
  while (cursor.at < end) {
    const tag = cursor.varint(end);
    if (tag !== firstTag) {
      cursor.skip(tag, end);
      continue;
    }
    const headEnd = cursor.lengthEnd(end);
    if (head !== undefined) return undefined;
    head = cursor.bytes.subarray(cursor.at, headEnd);
    cursor.at = headEnd;
  }
  cursor.at = start;
  return head ?? nothing;
}

const nothing = new Uint8Array();

function decoded<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  try {
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw new BodyError(400, "a part is no valid message", { cause });
  }
}
