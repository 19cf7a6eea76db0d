import { parseDuration } from "#shared/text/duration.ts";
import { parseGoFloatText } from "#shared/text/exposition/go_float.ts";

/** A number as PromQL writes it: Go's floats, hexadecimal integers, underscores between digits. */
export function parseNumber(text: string): number | undefined {
  const plain = text.replaceAll("_", "");
  if (/^0[xX]/.test(plain)) return /^0[xX][0-9a-fA-F]+$/.test(plain) ? Number(plain) : undefined;
  const lower = plain.toLowerCase();
  if (lower === "inf" || lower === "+inf") return Infinity;
  if (lower === "-inf") return -Infinity;
  if (lower === "nan") return Number.NaN;
  return /e\+?\d{4,}$/.test(lower) ? Infinity : parseGoFloatText(plain);
}

/** Seconds of a duration text such as "1h30m". */
export function parseSeconds(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms === undefined ? undefined : ms / 1_000;
}

/** What is wrong with a literal that the scanner let through, in the words of Go's parsers. */
export function literalFault({
  type,
  text,
}: {
  readonly type: string;
  readonly text: string;
}): string {
  if (type === "duration") return `not a valid duration string: ${JSON.stringify(text)}`;
  return `error parsing number: strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`;
}
