import { parse } from "yaml";
import type { Texts } from "./channel.ts";

/** Words that Go's yaml.v2 reads as truth values, and YAML 1.2 does not. */
const truths: Readonly<Record<string, boolean>> = {
  y: true,
  yes: true,
  on: true,
  n: false,
  no: false,
  off: false,
};
const depthMax = 50;

/**
 * Any structure with its texts rendered, keys too. A rendered text that is YAML of another kind (a number, a list, JSON) becomes that
 * value, as in Alertmanager's custom payloads and details.
 */
export function rendered(value: unknown, texts: Texts, depth = 0): unknown {
  if (depth > depthMax) return null;
  if (typeof value === "string") return valueOf(texts.text(value));
  if (Array.isArray(value)) return value.map((item) => rendered(item, texts, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      texts.text(name),
      rendered(member, texts, depth + 1),
    ]),
  );
}

/** A text longer than this stays a text: reading YAML takes the time of other work. */
const yamlLengthMax = 64 * 1_024;

function valueOf(text: string): unknown {
  if (text.length > yamlLengthMax) return jsonOrText(text);
  const truth = truths[text.trim().toLowerCase()];
  if (truth !== undefined) return truth;
  try {
    const found: unknown = parse(text, { logLevel: "error", maxAliasCount: 0 });
    return found === undefined || typeof found === "string" ? text : found;
  } catch {
    return text;
  }
}

function jsonOrText(text: string): unknown {
  try {
    const found: unknown = JSON.parse(text);
    return found;
  } catch {
    return text;
  }
}
