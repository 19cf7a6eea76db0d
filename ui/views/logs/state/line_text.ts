import Anser from "anser";
import type { LinearRegex } from "#shared/text/linear_regex.ts";
import type { Term } from "./words.ts";

/** A stretch of text that is drawn alike. `style` holds class names, made of a fixed set. */
export type Segment = { readonly text: string; readonly style: string; readonly match: boolean };

/** Finds the stretches of a text that a query looked for, in order, not overlapping. */
export type Highlighter = (text: string) => readonly (readonly [start: number, end: number])[];

const matchesMax = 200;

/** For terms: texts in any case, and regular expressions in linear time. Those excluded are in no line. */
export function highlighterOf(
  terms: readonly Term[],
  compile: (pattern: string) => LinearRegex | undefined,
): Highlighter {
  const texts: string[] = [];
  const regexes: LinearRegex[] = [];
  for (const { kind, value, exclude } of terms) {
    if (exclude || value === "") continue;
    if (kind === "text") texts.push(value.toLowerCase());
    else {
      const regex = compile(value);
      if (regex !== undefined) regexes.push(regex);
    }
  }
  return (text) => {
    const found: [number, number][] = [];
    const lower = text.toLowerCase();
    // Some letters grow as they change case: then places in the one are no places in the other.
    if (lower.length === text.length)
      for (const wanted of texts)
        for (
          let at = lower.indexOf(wanted);
          at >= 0 && found.length < matchesMax;
          at = lower.indexOf(wanted, at + wanted.length)
        )
          found.push([at, at + wanted.length]);
    for (const regex of regexes) found.push(...regex.ranges(text, matchesMax));
    return merged(found);
  };
}

function merged(ranges: [number, number][]): [number, number][] {
  const joined: [number, number][] = [];
  for (const [start, end] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}

const ansiColors: ReadonlySet<string> = new Set(
  ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"].flatMap((name) => [
    `ansi-${name}`,
    `ansi-bright-${name}`,
  ]),
);
const decorations: ReadonlySet<string> = new Set([
  "bold",
  "dim",
  "italic",
  "underline",
  "strikethrough",
]);

/** A line as stretches: colours that it brings as ANSI escapes, and what was looked for. */
export function segmentsOf(line: string, highlight: Highlighter): Segment[] {
  const styled = line.includes("\u001b") ? ansiSegments(line) : [{ text: line, style: "" }];
  const plain =
    styled.length === 1 ? (styled[0]?.text ?? "") : styled.map(({ text }) => text).join("");
  const ranges = highlight(plain);
  const segments: Segment[] = [];
  let at = 0;
  let next = 0;
  for (const { text, style } of styled) {
    const end = at + text.length;
    while (at < end) {
      while ((ranges[next]?.[1] ?? Infinity) <= at) next++;
      const [start, stop] = ranges[next] ?? [Infinity, Infinity];
      const isMatch = start <= at;
      const until = Math.min(end, isMatch ? stop : start);
      segments.push({ text: plain.slice(at, until), style, match: isMatch });
      at = until;
    }
  }
  return segments;
}

function ansiSegments(line: string): { text: string; style: string }[] {
  return Anser.ansiToJson(line, { json: true, remove_empty: true, use_classes: true }).map(
    ({ content, fg, decorations: own }) => ({
      text: content,
      style: [
        ...(ansiColors.has(fg) ? [fg.replace("bright-", "")] : []),
        ...own.filter((each) => decorations.has(each)).map((each) => `ansi-${each}`),
      ].join(" "),
    }),
  );
}

/** Without ANSI escapes, for copying and files. */
export function plainText(line: string): string {
  return line.includes("\u001b") ? Anser.ansiToText(line) : line;
}

const prettyMax = 20_000;

/** The text of a line that is JSON, indented; undefined for others. */
export function prettyJson(text: string): string | undefined {
  const value = jsonOf(text);
  return value === undefined ? undefined : JSON.stringify(value, null, 2);
}

/** The object or list that a line holds. */
export function jsonOf(text: string): object | undefined {
  const trimmed = text.trim();
  if (trimmed.length > prettyMax || !/^[{[]/.test(trimmed)) return undefined;
  try {
    const value: unknown = JSON.parse(trimmed);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
