import type { AnyValue, KeyValue } from "#proto/gen/foreign/otlp_common_pb.js";
import { labelName } from "./metric_names.ts";

const depthMax = 16;

/** An attribute's value as text: strings as they are, lists and maps as JSON, bytes as base64. */
export function valueText(value: AnyValue | undefined): string {
  const kind = value?.value;
  if (kind?.case === undefined) return "";
  if (kind.case === "stringValue") return kind.value;
  if (kind.case === "arrayValue" || kind.case === "kvlistValue")
    return JSON.stringify(plain(value, 0));
  return String(plain(value, 0));
}

function plain(value: AnyValue | undefined, depth: number): unknown {
  const kind = value?.value;
  if (kind?.case === undefined || depth > depthMax) return null;
  switch (kind.case) {
    case "arrayValue":
      return kind.value.values.map((item) => plain(item, depth + 1));
    case "kvlistValue":
      return Object.fromEntries(
        kind.value.values.map((item) => [item.key, plain(item.value, depth + 1)]),
      );
    case "bytesValue":
      return Buffer.from(kind.value).toString("base64");
    case "intValue":
      return Number.isSafeInteger(Number(kind.value)) ? Number(kind.value) : String(kind.value);
    default:
      return kind.value;
  }
}

/**
 * Attributes as labels. Two that become one name are joined with ";" in the order of their keys; __name__ is not taken from
 * attributes; empty values are absent labels.
 */
export function labelsOfAttributes(attributes: readonly KeyValue[]): Record<string, string> {
  const sorted = attributes.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const labels = new Map<string, string>();
  for (const { key, value } of sorted) {
    if (key === "" || key === "__name__") continue;
    const name = labelName(key);
    const text = valueText(value);
    if (text === "") continue;
    const before = labels.get(name);
    labels.set(name, before === undefined ? text : `${before};${text}`);
  }
  return Object.fromEntries(labels);
}
