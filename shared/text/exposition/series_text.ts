import { ExpositionError } from "./exposition_error.ts";
import type { ExposedLabels } from "./series_index.ts";

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const quoted = /^"((?:\\[\s\S]|[^"\\])*)"/;
const blanks = /^[ \t]*/;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 text of bytes[start, end); anything else is refused, as Prometheus does. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch (cause) {
    throw new ExpositionError("invalid UTF-8", start, { cause });
  }
}

/** The three escapes of label values and of quoted names; a backslash before anything else stands for itself. */
export function unescapeText(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
}

/** Where the braces that open at `start` close (just behind), stepping over quoted text; -1 when they don't. */
export function closingBrace(bytes: Uint8Array, start: number, last = Infinity): number {
  let isQuoted = false;
  for (let at = start + 1; at < bytes.length; at++) {
    if (at > last) return at;
    const byte = bytes[at];
    if (isQuoted) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) isQuoted = false;
    } else if (byte === 0x22) isQuoted = true;
    else if (byte === 0x7d) return at + 1;
    else if (byte === 0x0a) return -1;
  }
  return -1;
}

/**
 * Labels of a series as it stands before its value: `name`, `name{l="v"}` or `{"utf8.name","l.l"="v"}`.
 * `isStrict` is OpenMetrics, which has no blanks between the parts.
 */
export function parseSeriesText(
  bytes: Uint8Array,
  start: number,
  end: number,
  isStrict: boolean,
): ExposedLabels {
  const fail = (message: string): never => {
    throw new ExpositionError(`${message} in series ${JSON.stringify(clipped(text))}`, start);
  };
  const text = decodeUtf8(bytes, start, end);
  const labels: ExposedLabels = new Map();
  let rest = text;
  const skip = (pattern: RegExp): string => {
    const found = pattern.exec(rest)?.[0] ?? "";
    rest = rest.slice(found.length);
    return found;
  };
  const skipBlanks = () => {
    if (skip(blanks) !== "" && isStrict) fail("unexpected blank");
  };
  const put = (name: string, value: string) => {
    if (labels.has(name)) fail(`label name ${JSON.stringify(name)} is not unique`);
    labels.set(name, value);
  };

  const name = skip(metricName);
  if (name !== "") put("__name__", name);
  skipBlanks();
  if (rest.startsWith("{")) {
    rest = rest.slice(1);
    skipBlanks();
    while (!rest.startsWith("}")) {
      const quotedName = skip(quoted);
      const label = quotedName === "" ? skip(labelName) : unescapeText(quotedName.slice(1, -1));
      if (label === "") fail("expected a label name");
      skipBlanks();
      if (rest.startsWith("=")) {
        rest = rest.slice(1);
        skipBlanks();
        const value = skip(quoted);
        if (value === "") fail(`expected a quoted value of label ${JSON.stringify(label)}`);
        put(label, unescapeText(value.slice(1, -1)));
      } else if (quotedName !== "") put("__name__", label);
      else fail(`expected "=" after label ${JSON.stringify(label)}`);
      skipBlanks();
      if (rest.startsWith(",")) rest = rest.slice(1);
      else if (!rest.startsWith("}")) fail(`expected "," or "}"`);
      skipBlanks();
    }
    rest = rest.slice(1);
  }
  if (rest !== "") fail("unexpected text after the labels");
  if ((labels.get("__name__") ?? "") === "") fail("expected a metric name");
  return labels;
}

function clipped(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
