import type { AnyValue, KeyValue } from "#proto/gen/foreign/otlp_common_pb.js";
import { OperatingError } from "#shared/errors.ts";
import type { LabelNames } from "./label_names.ts";

/**
 * An attribute's value as text, as the Collector writes it (pcommon.Value.AsString): strings as they are, lists and maps as
 * JSON with sorted keys, bytes as base64. The decoders bound how deep values are nested.
 */
export function valueText(value: AnyValue | undefined): string {
  const kind = value?.value;
  if (kind?.case === undefined) return "";
  if (kind.case === "stringValue") return kind.value;
  if (kind.case === "bytesValue") return Buffer.from(kind.value).toString("base64");
  if (kind.case === "doubleValue") return doubleText(kind.value);
  // A number that JSON does not have, anywhere in a list or map, leaves nothing of it.
  return jsonText(value) ?? "";
}

function doubleText(value: number): string {
  if (!Number.isFinite(value)) {
    const name = Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
    return `json: unsupported value: ${name}`;
  }
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Undefined where some number of it is not finite. */
function jsonText(value: AnyValue | undefined): string | undefined {
  const kind = value?.value;
  if (kind?.case === undefined) return "null";
  switch (kind.case) {
    case "stringValue":
      return quoted(kind.value);
    case "bytesValue":
      return quoted(Buffer.from(kind.value).toString("base64"));
    case "doubleValue":
      return Number.isFinite(kind.value) ? doubleText(kind.value) : undefined;
    case "arrayValue": {
      const items = kind.value.values.map(jsonText);
      return items.includes(undefined) ? undefined : `[${items.join(",")}]`;
    }
    case "kvlistValue": {
      const last = new Map(kind.value.values.map((item) => [item.key, item.value]));
      const keys = [...last.keys()].toSorted(compareText);
      const items = keys.map((key) => jsonText(last.get(key)));
      if (items.includes(undefined)) return undefined;
      return `{${keys.map((key, i) => `${quoted(key)}:${items[i]}`).join(",")}}`;
    }
    default:
      return String(kind.value);
  }
}

/** As Go's encoding/json quotes: what HTML or JavaScript would take for its own is escaped as well. */
function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll(
    /[<>&\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Attributes as labels. Two that become one name are joined with ";" in the order of their keys; __name__ is not taken from
 * attributes; empty values are absent labels. A name that makes no label is told to `onBadName` and left out; without that,
 * OperatingError("bad_request") is thrown.
 */
export function labelsOfAttributes(
  attributes: readonly KeyValue[],
  names: LabelNames,
  onBadName?: (message: string) => void,
): Record<string, string> {
  const sorted = attributes.toSorted((a, b) => compareText(a.key, b.key));
  const labels = new Map<string, string>();
  for (const { key, value } of sorted) {
    if (key === "__name__") continue;
    const name = nameOf(key, names, onBadName);
    if (name === undefined) continue;
    const text = valueText(value);
    const before = labels.get(name) ?? "";
    labels.set(name, before === "" ? text : `${before};${text}`);
  }
  for (const [name, text] of labels) if (text === "") labels.delete(name);
  return Object.fromEntries(labels);
}

function nameOf(
  key: string,
  names: LabelNames,
  onBadName: ((message: string) => void) | undefined,
): string | undefined {
  try {
    return names.of(key);
  } catch (thrown) {
    if (onBadName === undefined || !(thrown instanceof OperatingError)) throw thrown;
    onBadName(thrown.message);
    return undefined;
  }
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
