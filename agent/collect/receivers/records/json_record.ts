import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { relabel } from "#shared/relabel/relabel.ts";
import type { RelabelRule } from "#shared/relabel/relabel_config.ts";
import { isTooManySteps } from "#shared/text/heavy_regex.ts";
import { severityOf } from "../../sources/file_logs/severity.ts";
import { withServiceName } from "../../../pipeline/transforms/service_name.ts";
import { severityOfSyslog } from "./syslog_severity.ts";

/** How a record of keys and values becomes a log record. Keys of nested objects are joined by a dot. */
export type RecordShape = {
  /** The first of them that the record has is the body; without one the body is the whole record. */
  readonly messageKeys: readonly string[];
  readonly levelKeys: readonly string[];
  /** Keys that become labels of the stream, and the labels' names. */
  readonly labelKeys: ReadonlyMap<string, string>;
  /** Keys that are used up before, such as the time's. */
  readonly usedKeys: ReadonlySet<string>;
  /** Rules over the labels, the record's fields as `prefix` and the key's name, and what else the sender tells. */
  readonly relabelling?: RecordRelabelling | undefined;
};

export type RecordRelabelling = {
  readonly rules: readonly RelabelRule[];
  readonly prefix: string;
};

type Fields = Readonly<Record<string, unknown>>;

/** A record, with what only its sender's form can tell. */
export type SentRecord = {
  readonly fields: Fields;
  /** Its own text, for one without a message. */
  readonly whole: () => Buffer;
  /** The bytes of a text, which need not be UTF-8. */
  readonly bytesOf?: (key: string) => Uint8Array | undefined;
  /** Labels that only rules see; their names begin with "__". */
  readonly hidden?: Labels;
};

export type ShapedRecord = {
  /** A rule drops it. */
  readonly isDropped: boolean;
  readonly labels: Record<string, string>;
  readonly severity: number;
  /** The severity that its fields tell, 0 where none does and the body may. */
  readonly toldSeverity: number;
  /** Whose value is the body; undefined where the whole record is. */
  readonly messageKey: string | undefined;
  readonly body: Buffer;
  readonly attributes: Labels;
};

/** Deeper objects are kept as JSON text. */
const depthMax = 8;
const fieldsMax = 1_000;

/** A record whose keys and values can't be told: nested too deep, or too many. */
export class UnshapedRecordError extends Error {}

/** The log record that an object tells of, with the labels `common` beside those of its keys. Throws UnshapedRecordError. */
export function shapeRecord(
  sent: SentRecord,
  { messageKeys, levelKeys, labelKeys, usedKeys, relabelling }: RecordShape,
  common: Labels,
): ShapedRecord {
  const fields = flatFields(sent.fields);
  const all = relabelling === undefined ? undefined : new Map(fields);
  const labels: Record<string, string> = { ...common };
  for (const [key, label] of labelKeys) {
    const value = fields.get(key);
    if (value === undefined || value === "") continue;
    labels[label] = value;
    fields.delete(key);
  }
  const messageKey = messageKeys.find((key) => fields.has(key));
  const body = messageKey === undefined ? sent.whole() : messageBytes(sent, messageKey, fields);
  const toldSeverity = severityIn(fields, levelKeys);
  const severity = toldSeverity || severityOf(body, 0, body.length);
  const attributes: Record<string, string> = {};
  if (messageKey !== undefined)
    fields.forEach((value, key) => {
      if (key !== messageKey && !usedKeys.has(key) && value !== "")
        attributes[attributeName(key)] = value;
    });
  if (all !== undefined && messageKey !== undefined) all.delete(messageKey);
  const own = relabelling && all ? relabelled(labels, all, sent.hidden, relabelling) : labels;
  const isDropped = own === undefined;
  return {
    isDropped,
    labels: withServiceName(own ?? labels),
    severity,
    toldSeverity,
    messageKey,
    body,
    attributes,
  };
}

/** Undefined where a rule drops the record. */
function relabelled(
  labels: Labels,
  fields: ReadonlyMap<string, string>,
  hidden: Labels = {},
  { rules, prefix }: RecordRelabelling,
): Record<string, string> | undefined {
  const seen = new Map(Object.entries({ ...labels, ...hidden }));
  for (const [key, value] of fields)
    seen.set(prefix + key.replaceAll(/[^a-zA-Z0-9_]/gu, "_"), value);
  for (const [name, value] of seen) if (value === "") seen.delete(name);
  try {
    if (!relabel(seen, rules)) return undefined;
  } catch (thrown) {
    throw isTooManySteps(thrown) ? new UnshapedRecordError(messageOf(thrown)) : thrown;
  }
  return Object.fromEntries([...seen].filter(([name]) => !name.startsWith("__")));
}

/** Rules as a receiver's configuration gives them; undefined where there are none, so that nothing is done for them. */
export function recordRelabelling(
  rules: readonly RelabelRule[],
  prefix: string,
): RecordRelabelling | undefined {
  return rules.length === 0 ? undefined : { rules, prefix };
}

/** Every value as text by its path, "a.b" for nested ones. Throws UnshapedRecordError. */
function flatFields(record: Fields): Map<string, string> {
  const fields = new Map<string, string>();
  flatten(record, "", 0, fields);
  return fields;
}

function flatten(record: Fields, prefix: string, depth: number, fields: Map<string, string>): void {
  // By key: an array would be made for every field.
  for (const key of Object.keys(record)) {
    const value = record[key];
    const path = prefix + key;
    if (value === null || value === undefined) continue;
    if (depth < depthMax && isPlain(value)) flatten(value, `${path}.`, depth + 1, fields);
    else fields.set(path, textOf(value));
    if (fields.size > fieldsMax)
      throw new UnshapedRecordError(`a record has more than ${fieldsMax} fields`);
  }
}

function isPlain(value: unknown): value is Fields {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && !(value instanceof Uint8Array);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return jsonText(value);
  } catch (cause) {
    throw new UnshapedRecordError("a record is nested too deep", { cause });
  }
}

/** JSON with bytes as text. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "bigint"
      ? Number.isSafeInteger(Number(inner))
        ? Number(inner)
        : String(inner)
      : inner,
  );
  return text ?? "";
}

function severityIn(fields: ReadonlyMap<string, string>, keys: readonly string[]): number {
  for (const key of keys) {
    const value = fields.get(key);
    if (value === undefined) continue;
    if (/^[0-7]$/.test(value)) return severityOfSyslog(Number(value));
    const line = Buffer.from(`level=${value.slice(0, 32)}`);
    const severity = severityOf(line, 0, line.length);
    if (severity > 0) return severity;
  }
  return 0;
}

function messageBytes(sent: SentRecord, key: string, fields: ReadonlyMap<string, string>): Buffer {
  const bytes = Buffer.from(sent.bytesOf?.(key) ?? fields.get(key) ?? "");
  return bytes.subarray(0, messageEnd(bytes, 0, bytes.length));
}

/** Where a message ends in bytes[start, end): collectors send lines of files with their ends. */
export function messageEnd(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || bytes[end - 1] !== 0x0a) return end;
  return end - (end - 1 > start && bytes[end - 2] === 0x0d ? 2 : 1);
}

/** Whether nothing that is told of a record beside its body and time depends on these keys' values. */
export function areApart(
  keys: readonly string[],
  { labelKeys, levelKeys }: Pick<RecordShape, "labelKeys" | "levelKeys">,
): boolean {
  return !keys.some((key) => labelKeys.has(key) || levelKeys.includes(key));
}

const attributeNames = new Map<string, string>();
const attributeNamesMax = 10_000;

/** With "_" for what names of structured metadata do not have; names that come again are remembered. */
function attributeName(key: string): string {
  const known = attributeNames.get(key);
  if (known !== undefined) return known;
  const plain = key.replaceAll(/[^a-zA-Z0-9_]/gu, "_");
  const name = /^\d/.test(plain) ? `key_${plain}` : plain;
  if (attributeNames.size >= attributeNamesMax) attributeNames.clear();
  attributeNames.set(key, name);
  return name;
}
