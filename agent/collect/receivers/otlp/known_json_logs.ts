import { type DescMessage, type JsonValue, type MessageShape, fromJson } from "@bufbuild/protobuf";
import { ResourceSchema, ScopeSchema } from "#proto/gen/foreign/otlp_common_pb.js";
import { LogRecordSchema } from "#proto/gen/foreign/otlp_logs_pb.js";
import type { Labels } from "#shared/model/labels.ts";
import { severityOf } from "../../sources/file_logs/severity.ts";
import { LineText, isNanos, msOf, nanosOf } from "../records/line_text.ts";
import type { Steps } from "../transport/decode_turns.ts";
import type { LogBatchBuilder, RecordFault } from "../records/log_batch_builder.ts";
import {
  type LabelsOf,
  type LogScope,
  logScope,
  recordAttributes,
  toldSeverity,
} from "./logs_converter.ts";

type JsonObject = { readonly [name: string]: JsonValue };
type Adding = {
  readonly builder: LogBatchBuilder;
  readonly onFault: (fault: RecordFault) => void;
};
type KnownRecord = { readonly severity: number; readonly attributes: Labels };

const knownMax = 4_096;
const idPattern = /^(?:[0-9a-fA-F]{16}|[0-9a-fA-F]{32})$/;
/** Fields of records that are read here, and those that nobody reads. */
const recordFields: ReadonlySet<string> = new Set([
  "timeUnixNano",
  "observedTimeUnixNano",
  "severityNumber",
  "severityText",
  "eventName",
  "body",
  "attributes",
  "traceId",
  "spanId",
  "flags",
  "droppedAttributesCount",
]);

/**
 * Reads requests for logs in JSON record by record: of one that is like another but for its body, times and ids, only these are read. What is not usual is left to
 * whoever decodes requests as a whole.
 */
export class KnownJsonLogs {
  readonly #labelsOf: LabelsOf;
  readonly #text = new LineText();
  /** By the scope's and the record's text. */
  readonly #known = new Map<string, KnownRecord>();

  constructor(labelsOf: LabelsOf) {
    this.#labelsOf = labelsOf;
  }

  /** Adds the records of a request; false: the builder is of no use, and the request is to be decoded as a whole. */
  *read(json: JsonValue, adding: Adding): Steps<boolean> {
    const resources = listIn(json, "resourceLogs", namesOfRequest);
    if (resources === undefined) return false;
    for (const resource of resources)
      if (!(yield* this.#readResource(resource, adding))) return false;
    return true;
  }

  *#readResource(json: JsonValue, adding: Adding): Steps<boolean> {
    const scopes = listIn(json, "scopeLogs", namesOfResource);
    if (scopes === undefined || !isObject(json)) return false;
    const resource = decoded(ResourceSchema, json["resource"]);
    const text = JSON.stringify(json["resource"] ?? null);
    for (const given of scopes) {
      yield;
      const records = listIn(given, "logRecords", namesOfScope);
      if (resource === undefined || records === undefined || !isObject(given)) return false;
      const scope = decoded(ScopeSchema, given["scope"]);
      if (scope === undefined) return false;
      const context = logScope(resource, scope, this.#labelsOf);
      const stream = adding.builder.stream(context.labels);
      const common = `${text}${JSON.stringify(given["scope"] ?? null)}`;
      for (const record of records) {
        yield;
        if (!this.#readRecord(record, context, common, stream, adding)) return false;
      }
    }
    return true;
  }

  #readRecord(
    json: JsonValue,
    scope: LogScope,
    common: string,
    stream: number,
    { builder, onFault }: Adding,
  ): boolean {
    if (!isObject(json)) return false;
    for (const name in json) if (!recordFields.has(name)) return false;
    const line = lineOf(json["body"]);
    const time = timeOf(json["timeUnixNano"]);
    const observed = timeOf(json["observedTimeUnixNano"]);
    const traceId = idOf(json["traceId"]);
    const spanId = idOf(json["spanId"]);
    const known = this.#knownOf(json, scope, common);
    if (line === undefined || time === undefined || observed === undefined) return false;
    if (traceId === undefined || spanId === undefined || known === undefined) return false;
    const text = this.#text;
    text.set(line);
    const at = /[1-9]/.test(time) ? time : observed;
    const fault = builder.addLine(
      stream,
      msOf(at),
      nanosOf(at),
      known.severity || severityOf(text.bytes, 0, text.length),
      text.bytes,
      0,
      text.length,
      traceId === "" && spanId === "" ? known.attributes : withIds(known, traceId, spanId),
      0,
    );
    if (fault !== undefined) onFault(fault);
    return true;
  }

  /** What the record tells beside body, times and ids; undefined where it can't be read so. */
  #knownOf(json: JsonObject, scope: LogScope, common: string): KnownRecord | undefined {
    const { severityNumber = 0, severityText = "", eventName = "", attributes = [] } = json;
    const text = attributesText(attributes);
    if (text === undefined) return undefined;
    const own = JSON.stringify([severityNumber, severityText, eventName]);
    const key = `${common}${own}${text}`;
    const before = this.#known.get(key);
    if (before !== undefined) return before;
    const record = decoded(LogRecordSchema, {
      severityNumber,
      severityText,
      eventName,
      attributes,
    });
    if (record === undefined) return undefined;
    const labels = recordAttributes(record, scope, this.#labelsOf);
    const known = { severity: toldSeverity(record, labels, scope), attributes: labels };
    if (this.#known.size >= knownMax) this.#known.clear();
    this.#known.set(key, known);
    return known;
  }
}

const namesOfRequest = ["resourceLogs"];
const namesOfResource = ["resource", "scopeLogs", "schemaUrl"];
const namesOfScope = ["scope", "logRecords", "schemaUrl"];

/** The list of that name, empty where there is none; undefined where there are other names, or it is no list. */
function listIn(
  json: JsonValue,
  name: string,
  names: readonly string[],
): readonly JsonValue[] | undefined {
  if (!isObject(json)) return undefined;
  for (const own in json) if (!names.includes(own)) return undefined;
  const list = json[name] ?? [];
  return Array.isArray(list) ? list : undefined;
}

/** A text's, or of no body the empty one. */
function lineOf(body: JsonValue | undefined): string | undefined {
  if (body === undefined) return "";
  return textOf(body);
}

/** The text of an AnyValue that is one, and nothing else. */
function textOf(value: JsonValue | undefined): string | undefined {
  if (!isObject(value)) return undefined;
  for (const name in value) if (name !== "stringValue") return undefined;
  const text = value["stringValue"];
  return typeof text === "string" && text.isWellFormed() ? text : undefined;
}

function timeOf(value: JsonValue | undefined): string | undefined {
  if (value === undefined) return "0";
  return typeof value === "string" && isNanos(value) ? value : undefined;
}

function idOf(value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === "") return "";
  return typeof value === "string" && idPattern.test(value) ? value.toLowerCase() : undefined;
}

function withIds({ attributes }: KnownRecord, traceId: string, spanId: string): Labels {
  const own: Record<string, string> = { ...attributes };
  if (traceId !== "") own["trace_id"] = traceId;
  if (spanId !== "") own["span_id"] = spanId;
  return own;
}

/** All keys and values, each with its length; undefined where one is no text. */
function attributesText(attributes: JsonValue): string | undefined {
  if (!Array.isArray(attributes)) return undefined;
  let all = "";
  for (const attribute of attributes) {
    if (!isObject(attribute)) return undefined;
    for (const name in attribute) if (name !== "key" && name !== "value") return undefined;
    const { key } = attribute;
    const text = textOf(attribute["value"]);
    if (typeof key !== "string" || text === undefined) return undefined;
    all += `${key.length} ${key}${text.length} ${text}`;
  }
  return all;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Empty for none; undefined where it is not of the schema. */
function decoded<Desc extends DescMessage>(
  schema: Desc,
  json: JsonValue = {},
): MessageShape<Desc> | undefined {
  try {
    return fromJson(schema, json, { ignoreUnknownFields: true });
  } catch {
    return undefined;
  }
}
