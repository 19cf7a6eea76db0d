import { parseNumber } from "#shared/query_language/promql/literals.ts";
import { unquote } from "#shared/text/go_quoted.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import { parseDuration } from "#shared/text/duration.ts";
import type { Point } from "#shared/query_language/promql/test_series/histograms.ts";
import {
  negated,
  parsePoints,
  parseTestLabels,
  parseTestSeries,
  splitSeries,
} from "#shared/query_language/promql/test_series/series.ts";
import { nativeOfClassic } from "./promql_histograms.ts";

export type ScriptSeries = {
  readonly labels: Labels;
  readonly points: readonly Point[];
  /** When samples begin to count, in milliseconds from their own times; undefined where that is not known. */
  readonly startsMs?: readonly (number | undefined)[];
};

export type Expectation = {
  readonly type: "fail" | "warn" | "info" | "no_warn" | "no_info" | "ordered";
  readonly match?: { readonly kind: "msg" | "regex"; readonly text: string };
};

export type EvalCommand = {
  readonly kind: "eval";
  readonly line: number;
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0 for an instant query. */
  readonly stepMs: number;
  readonly expectations: readonly Expectation[];
  readonly text?: string;
  readonly rangeVector?: { readonly startMs: number; readonly stepMs: number };
  readonly scalar?: number;
  readonly series: readonly ScriptSeries[];
};

export type Command =
  | { readonly kind: "clear" }
  | { readonly kind: "load"; readonly stepMs: number; readonly series: readonly ScriptSeries[] }
  | EvalCommand;

/** Reads a promqltest script (see FORMAT.md beside the scripts). Throws an Error that names the line. */
export function parseScript(text: string): Command[] {
  const lines = text.split("\n").map((line) => (line.trim().startsWith("#") ? "" : line.trim()));
  const commands: Command[] = [];
  let at = 0;
  while (at < lines.length) {
    const head = lines[at] ?? "";
    const line = at + 1;
    at++;
    if (head === "") continue;
    if (head === "clear") {
      commands.push({ kind: "clear" });
      continue;
    }
    const body: string[] = [];
    while (at < lines.length && lines[at] !== "") body.push(lines[at++] ?? "");
    try {
      commands.push(head.startsWith("load") ? parseLoad(head, body) : parseEval(head, body, line));
    } catch (cause) {
      throw new Error(`line ${line}: ${head}`, { cause });
    }
  }
  return commands;
}

function timeOf(text: string): number {
  const ms = parseDuration(text) ?? (parseNumber(text) ?? Number.NaN) * 1_000;
  if (Number.isNaN(ms)) throw new Error(`not a time: ${text}`);
  return ms;
}

function parseLoad(head: string, body: readonly string[]): Command {
  const stepMs = timeOf(head.split(/\s+/)[1] ?? "");
  const series: ScriptSeries[] = [];
  let starts: Starts | undefined;
  for (const line of body) {
    const { name, rest } = splitSeries(line);
    const labels = parseTestLabels(name.replace(startsSuffix, ""));
    if (startsSuffix.test(name)) {
      if (starts !== undefined) throw new Error(`no line of samples follows ${starts.name}`);
      starts = { name, labels, offsetsMs: parseStarts(rest) };
      continue;
    }
    const points = parsePoints(rest);
    if (starts === undefined) series.push({ labels, points });
    else series.push({ labels, points, startsMs: startsOf(starts, labels, points.length) });
    starts = undefined;
  }
  if (starts !== undefined) throw new Error(`no line of samples follows ${starts.name}`);
  const natives = head.startsWith("load_with_nhcb") ? nativeOfClassic(series) : [];
  return { kind: "load", stepMs, series: [...series, ...natives] };
}

/** A line of start timestamps, which waits for the samples of the line below it. */
type Starts = {
  readonly name: string;
  readonly labels: Labels;
  readonly offsetsMs: readonly (number | undefined)[];
};

function startsOf(
  { name, labels, offsetsMs }: Starts,
  sampled: Labels,
  count: number,
): Starts["offsetsMs"] {
  if (labelsKey(labels) !== labelsKey(sampled))
    throw new Error(`the line of samples below ${name} is of another series`);
  if (offsetsMs.length !== count)
    throw new Error(`${name} has ${offsetsMs.length} values, its line of samples has ${count}`);
  return offsetsMs;
}

const instantShape = /^eval(?:_(\w+))?\s+instant\s+(?:at\s+(\S+))\s+(.+)$/;
const rangeShape = /^eval(?:_(\w+))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/;

function parseEval(head: string, body: readonly string[], line: number): Command {
  const instant = instantShape.exec(head);
  const range = rangeShape.exec(head);
  const [variant, start, end, step, query] =
    instant === null
      ? (range ?? []).slice(1)
      : [instant[1], instant[2], instant[2], "0", instant[3]];
  if (query === undefined || start === undefined || end === undefined || step === undefined) {
    throw new Error("unknown command");
  }
  const expectations: Expectation[] = [];
  if (variant === "fail" || variant === "warn" || variant === "info" || variant === "ordered") {
    expectations.push({ type: variant });
  }
  let command: EvalCommand = {
    kind: "eval",
    line,
    query,
    startMs: timeOf(start),
    endMs: timeOf(end),
    stepMs: timeOf(step),
    expectations,
    series: [],
  };
  for (const entry of body) command = withLine(command, entry, expectations);
  return command;
}

const expectShape =
  /^expect\s+(fail|warn|info|no_warn|no_info|ordered)(?:\s+(msg|regex):\s*(.*))?$/;
const rangeVectorShape = /^expect range vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/;

function withLine(command: EvalCommand, entry: string, expectations: Expectation[]): EvalCommand {
  const text = /^expect string\s+(.*)$/.exec(entry);
  if (text !== null) return { ...command, text: unquote(text[1] ?? "") ?? "" };
  const rangeVector = rangeVectorShape.exec(entry);
  if (rangeVector !== null) {
    const [, start = "", , step = ""] = rangeVector;
    return { ...command, rangeVector: { startMs: timeOf(start), stepMs: timeOf(step) } };
  }
  const legacy = /^expected_fail_(message|regexp)\s+(.*)$/.exec(entry);
  if (legacy !== null) {
    const kind = legacy[1] === "message" ? "msg" : "regex";
    expectations.push({ type: "fail", match: { kind, text: legacy[2] ?? "" } });
    return command;
  }
  const expect = expectShape.exec(entry);
  if (expect !== null) {
    const [, type, kind, pattern] = expect;
    const match =
      kind === "msg" || kind === "regex"
        ? { match: { kind, text: stripQuotes(pattern ?? "") } as const }
        : {};
    if (type !== undefined && isExpectation(type)) expectations.push({ type, ...match });
    return command;
  }
  const number = parseNumber(entry.replace(/^\+/, ""));
  const signed = number ?? (entry.startsWith("-") ? negated(entry.slice(1)) : undefined);
  if (signed !== undefined) return { ...command, scalar: signed };
  return { ...command, series: [...command.series, parseTestSeries(entry)] };
}

function isExpectation(type: string): type is Expectation["type"] {
  return ["fail", "warn", "info", "no_warn", "no_info", "ordered"].includes(type);
}

function stripQuotes(text: string): string {
  const trimmed = text.trim();
  return /^".*"$/.test(trimmed) ? (unquote(trimmed) ?? trimmed) : trimmed;
}

/** Behind the name of a series whose line gives start timestamps. */
const startsSuffix = /@st$/;
const offset = String.raw`[+-]?(?:(?:\d+(?:ms|[smhdwy]))+|0)`;
const repeatedOffset = new RegExp(`^(${offset})([+-](?:\\d+(?:ms|[smhdwy]))+)?(?:x(\\d+))?$`);

/** As points, but durations: "-30s-1mx2" is -30s, -90s and -150s. */
function parseStarts(text: string): (number | undefined)[] {
  const starts: (number | undefined)[] = [];
  for (const token of text.match(/\S+/g) ?? []) {
    const gaps = /^_(?:x(\d+))?$/.exec(token);
    const [, first, step = "0", times = "0"] = repeatedOffset.exec(token) ?? [];
    if (gaps !== null) for (let i = 0; i < Number(gaps[1] ?? 1); i++) starts.push(undefined);
    else if (first === undefined) throw new Error(`not a start timestamp: ${token}`);
    else for (let i = 0; i <= Number(times); i++) starts.push(offsetMs(first) + i * offsetMs(step));
  }
  return starts;
}

function offsetMs(text: string): number {
  const size = text.replace(/^[+-]/, "");
  return (text.startsWith("-") ? -1 : 1) * (size === "0" ? 0 : timeOf(size));
}
