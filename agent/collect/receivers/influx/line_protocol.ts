/** One line of the protocol taken apart; texts without their escapes. */
export type InfluxLine = {
  readonly measurement: string;
  readonly tags: readonly (readonly [name: string, value: string])[];
  /** Fields that are numbers; booleans are 1 and 0. */
  readonly fields: readonly (readonly [name: string, value: number])[];
  /** Fields that hold text, which no metric can. */
  readonly textFields: number;
  readonly timestamp: bigint | undefined;
};

/** What is wrong with a line, as a result: a bad line is nothing unusual. */
export type InfluxFault = { readonly fault: string };

const integer = /^(?:[+-]?\d{1,19}i|\+?\d{1,20}u)$/;
const [signedMin, signedMax, unsignedMax] = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n];
/** A number of fewer digits is in any range. */
const smallDigits = 18;
const float = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const booleans: ReadonlyMap<string, number> = new Map([
  ...["t", "T", "true", "True", "TRUE"].map((text) => [text, 1] as const),
  ...["f", "F", "false", "False", "FALSE"].map((text) => [text, 0] as const),
]);

/**
 * Reads `measurement[,tag=value...] field=value[,field=value...] [timestamp]` (docs.influxdata.com, line protocol reference).
 * `line` has no line feed at its end.
 */
export function parseInfluxLine(line: string): InfluxLine | InfluxFault {
  const headEnd = endOf(line, 0, " ", false);
  if (headEnd >= line.length) return { fault: "has no fields" };
  const fieldsEnd = endOf(line, headEnd + 1, " ", true);
  if (fieldsEnd < 0) return { fault: "has a text that does not end" };
  const [measurement = "", ...tagTexts] = split(line.slice(0, headEnd), false);
  if (measurement === "") return { fault: "has no measurement" };
  const tags: [string, string][] = [];
  for (const text of tagTexts) {
    const [name, value] = pairOf(text);
    if (name === "" || value === "") return { fault: `has the tag ${JSON.stringify(text)}` };
    tags.push([unescaped(name), unescaped(value)]);
  }
  const fields: [string, number][] = [];
  let textFields = 0;
  for (const text of split(line.slice(headEnd + 1, fieldsEnd), true)) {
    const [name, valueText] = pairOf(text);
    if (name === "") return { fault: `has the field ${JSON.stringify(text)}` };
    if (/^".*"$/s.test(valueText) && valueText.length > 1) {
      textFields++;
      continue;
    }
    const value = numberOf(valueText);
    if (value === undefined) return { fault: `has the field ${JSON.stringify(text)}` };
    fields.push([unescaped(name), value]);
  }
  const timeText = line.slice(fieldsEnd + 1).trim();
  if (timeText !== "" && !/^-?\d{1,19}$/.test(timeText))
    return { fault: `has the time ${JSON.stringify(timeText)}` };
  const timestamp = timeText === "" ? undefined : BigInt(timeText);
  return { measurement: unescaped(measurement), tags, fields, textFields, timestamp };
}

/** Where an unescaped `wanted` stands, or the end; -1 inside quotes that do not close. */
function endOf(line: string, from: number, wanted: string, hasQuotes: boolean): number {
  let isQuoted = false;
  for (let at = from; at < line.length; at++) {
    const character = line[at];
    if (character === "\\") at++;
    else if (hasQuotes && character === '"') isQuoted = !isQuoted;
    else if (character === wanted && !isQuoted) return at;
  }
  return isQuoted ? -1 : line.length;
}

function split(text: string, hasQuotes: boolean): string[] {
  const parts: string[] = [];
  let from = 0;
  while (from <= text.length) {
    const end = endOf(text, from, ",", hasQuotes);
    parts.push(text.slice(from, end < 0 ? text.length : end));
    if (end < 0) break;
    from = end + 1;
  }
  return parts;
}

/** Name and value as written; both empty where there is no "=". */
function pairOf(text: string): [name: string, value: string] {
  const at = endOf(text, 0, "=", false);
  return at >= text.length ? ["", ""] : [text.slice(0, at), text.slice(at + 1)];
}

function unescaped(text: string): string {
  return text.includes("\\") ? text.replaceAll(/\\([,= \\])/g, "$1") : text;
}

function numberOf(text: string): number | undefined {
  if (integer.test(text)) return integerOf(text);
  return float.test(text) ? Number(text) : booleans.get(text);
}

/** The nearest double of an int64 ("5i") or uint64 ("5u"); undefined for one that is out of its range. */
function integerOf(text: string): number | undefined {
  const digits = text.slice(0, -1);
  if (digits.length < smallDigits) return Number(digits);
  const value = BigInt(digits.startsWith("+") ? digits.slice(1) : digits);
  const isInRange = text.endsWith("u")
    ? value <= unsignedMax
    : value >= signedMin && value <= signedMax;
  return isInRange ? Number(value) : undefined;
}
