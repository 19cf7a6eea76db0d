import {
  createPromqlEngine,
  PromqlConfig,
  type PromqlEngine,
  type QueryResult,
} from "#aggregator/query/promql/engine.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { printedLabels } from "#shared/model/printed_labels.ts";
import type { Buckets, Histogram } from "#shared/model/histogram.ts";
import { histogramNotation } from "#shared/model/histogram_text.ts";
import { messageOf } from "#shared/errors.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import { searchingRegex } from "#shared/text/linear_regex.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { asStored, type Point } from "#shared/query_language/promql/test_series/histograms.ts";
import { pinnedCases } from "./promql_pinned.ts";
import { type Command, type EvalCommand, parseScript } from "./promql_script.ts";

export type CaseFailure = {
  readonly line: number;
  readonly query: string;
  readonly reasons: readonly string[];
};
export type FileReport = {
  readonly file: string;
  readonly passed: number;
  readonly failures: readonly CaseFailure[];
};

const tenant = "test";
const config = PromqlConfig.parse({ delayed_name_removal: true, use_start_timestamps: true });

/** Runs a script on the engine over series in memory; every eval is a case. A script that can't be read is one failure. */
export async function runScript(file: string, text: string): Promise<FileReport> {
  const metrics = new MemoryMetrics();
  const engine = createPromqlEngine(metrics, config);
  const failures: CaseFailure[] = [];
  let passed = 0;
  const commands = readScript(text);
  if (typeof commands === "string")
    return { file, passed, failures: [{ line: 1, query: "", reasons: [commands] }] };
  for (const command of commands) {
    if (command.kind === "clear") metrics.clear();
    else if (command.kind === "load") load(metrics, command);
    else {
      const reasons = await check(engine, command);
      if (reasons.length === 0) passed++;
      else failures.push({ line: command.line, query: command.query, reasons });
    }
  }
  return { file, passed, failures };
}

/** Or what is wrong with it. */
function readScript(text: string): readonly Command[] | string {
  try {
    return parseScript(text);
  } catch (thrown) {
    const cause = thrown instanceof Error ? thrown.cause : undefined;
    return `not readable: ${messageOf(thrown)}${cause === undefined ? "" : `: ${messageOf(cause)}`}`;
  }
}

function load(
  metrics: MemoryMetrics,
  { stepMs, series }: Extract<Command, { kind: "load" }>,
): void {
  for (const { labels, points, startsMs } of series) {
    for (const [i, point] of asStored(points).entries()) {
      if (point === "gap") continue;
      const sample = typeof point === "object" ? point.histogram : point;
      const startMs = startsMs?.[i];
      metrics.add(labels, i * stepMs, sample, startMs === undefined ? 0 : i * stepMs + startMs);
    }
  }
}

type Asked = { readonly query: string; readonly timeMs: number; readonly prefix: string };

/** Reasons why an eval fails. An instant query must give its answer at other times too, with its selectors pinned to its own. */
async function check(engine: PromqlEngine, command: EvalCommand): Promise<string[]> {
  const { query, startMs, endMs, stepMs } = command;
  if (stepMs !== 0)
    return checkOnce(command, "", () => engine.range(query, { tenant, startMs, endMs, stepMs }));
  const own: Asked = { query, timeMs: startMs, prefix: "" };
  const pinned = pinnedCases(query, startMs).map((each) => ({
    ...each,
    prefix: `${each.query} at ${each.timeMs / 1_000}: `,
  }));
  const reasons: string[] = [];
  for (const { query: text, timeMs, prefix } of [own, ...pinned]) {
    const ask = () => engine.instant(text, { tenant, timeMs });
    const asRange = (result: QueryResult) => checkAsRange(engine, command, text, timeMs, result);
    reasons.push(...(await checkOnce(command, prefix, ask, asRange)));
    // The first one says it all.
    if (reasons.length > 0) break;
  }
  return reasons;
}

async function checkOnce(
  command: EvalCommand,
  prefix: string,
  ask: () => Promise<QueryResult>,
  further?: (result: QueryResult) => Promise<string[]>,
): Promise<string[]> {
  const fail = command.expectations.find(({ type }) => type === "fail");
  try {
    const result = await ask();
    if (fail !== undefined) return [`${prefix}expected to fail, succeeded`];
    const reasons = [
      ...checkData(command, result),
      ...checkNotes(command, result),
      ...((await further?.(result)) ?? []),
    ];
    return reasons.map((reason) => `${prefix}${reason}`);
  } catch (thrown) {
    const message = messageOf(thrown);
    if (!(thrown instanceof PromqlError)) return [`${prefix}crashed: ${message}`];
    if (fail === undefined) return [`${prefix}failed: ${message}`];
    if (fail.match === undefined || matches(fail.match, message)) return [];
    return [`${prefix}expected to fail with ${fail.match.text}`, `${prefix}got ${message}`];
  }
}

function matches(
  { kind, text }: { readonly kind: "msg" | "regex"; readonly text: string },
  got: string,
): boolean {
  return kind === "msg" ? got === text : searchingRegex(text).test(got);
}

function checkNotes({ expectations }: EvalCommand, { warnings, infos }: QueryResult): string[] {
  const reasons: string[] = [];
  for (const [type, notes] of [
    ["warn", warnings],
    ["info", infos],
  ] as const) {
    const wanted = expectations.filter((expectation) => expectation.type === type);
    const none = expectations.some((expectation) => expectation.type === `no_${type}`);
    if (none && notes.length > 0) reasons.push(`expected no ${type}, got ${notes.join("; ")}`);
    for (const { match } of wanted) {
      if (notes.some((note) => match === undefined || matches(match, note))) continue;
      reasons.push(`expected ${type} ${match?.text ?? ""}, got ${notes.join("; ") || "none"}`);
    }
    if (wanted.length === 0) continue;
    const open = notes.filter(
      (note) => !wanted.some(({ match }) => match === undefined || matches(match, note)),
    );
    for (const note of open) reasons.push(`unexpected ${type} ${note}`);
  }
  return reasons;
}

/** Expected or gotten samples of one series: text by time, so that gaps and histograms compare too. */
type Row = { readonly labels: Labels; readonly samples: ReadonlyMap<number, Point> };

function checkData(command: EvalCommand, { data }: QueryResult): string[] {
  const { text, scalar, startMs, rangeVector } = command;
  if (text !== undefined) {
    return data.resultType === "string" && data.value === text
      ? []
      : [`expected string ${text}, got ${JSON.stringify(data)}`];
  }
  if (scalar !== undefined && command.stepMs === 0) {
    if (data.resultType !== "scalar") return [`expected scalar, got ${data.resultType}`];
    return equal(data.value, scalar) ? [] : [`expected ${scalar}, got ${data.value}`];
  }
  if (data.resultType === "scalar" || data.resultType === "string")
    return [`unexpected ${data.resultType} ${data.value}`];
  const from = rangeVector?.startMs ?? (data.resultType === "vector" ? data.timeMs : startMs);
  const stepMs = rangeVector?.stepMs ?? command.stepMs;
  const wanted = command.series.map(({ labels, points }): Row => {
    const samples = new Map<number, Point>();
    for (const [i, point] of points.entries())
      if (point !== "gap") samples.set(from + i * stepMs, point);
    return { labels, samples };
  });
  const got = rowsOf(data);
  const reasons = compareRows(wanted, got);
  const ordered = command.expectations.some(({ type }) => type === "ordered");
  if (ordered && reasons.length === 0 && order(wanted) !== order(got))
    reasons.push(`got order ${order(got)}`);
  return reasons;
}

function order(rows: readonly Row[]): string {
  return rows.map(({ labels }) => printedLabels(labels)).join(" ");
}

function rowsOf(data: Exclude<QueryResult["data"], { resultType: "scalar" | "string" }>): Row[] {
  if (data.resultType === "vector") {
    return data.series.map(({ labels, value, histogram }) => ({
      labels,
      samples: new Map([[data.timeMs, histogram === undefined ? value : gotten(histogram)]]),
    }));
  }
  return data.series.map(({ labels, timestampsMs, values, histograms }) => {
    const samples = new Map<number, Point>();
    for (const [i, timeMs] of timestampsMs.entries()) samples.set(timeMs, values[i] ?? 0);
    for (const [i, found] of (histograms?.values ?? []).entries())
      samples.set(histograms?.timestampsMs[i] ?? 0, gotten(found));
    return { labels, samples };
  });
}

function gotten(histogram: Histogram): Point {
  return { histogram, hintGiven: false };
}

function compareRows(wanted: readonly Row[], got: readonly Row[]): string[] {
  const reasons: string[] = [];
  const byKey = new Map(got.map((row) => [labelsKey(row.labels), row]));
  if (byKey.size !== got.length) reasons.push("a label set is answered twice");
  for (const { labels, samples } of wanted) {
    const key = labelsKey(labels);
    const row = byKey.get(key);
    byKey.delete(key);
    if (row === undefined && samples.size === 0) continue;
    if (row === undefined) reasons.push(`missing ${printedLabels(labels)}`);
    else if (!sameSamples(samples, row.samples)) {
      reasons.push(
        `expected ${printedLabels(labels)} ${show(samples)}`,
        `got ${printedLabels(labels)} ${show(row.samples)}`,
      );
    }
  }
  for (const { labels, samples } of byKey.values())
    reasons.push(`unexpected ${printedLabels(labels)} ${show(samples)}`);
  return reasons;
}

function show(samples: ReadonlyMap<number, Point>): string {
  return [...samples]
    .map(
      ([timeMs, point]) =>
        `${typeof point === "object" ? histogramNotation(point.histogram) : point}@${timeMs / 1_000}`,
    )
    .join(" ");
}

function sameSamples(wanted: ReadonlyMap<number, Point>, got: ReadonlyMap<number, Point>): boolean {
  if (wanted.size !== got.size) return false;
  return [...wanted].every(([timeMs, point]) => {
    const other = got.get(timeMs);
    if (typeof point === "number") return typeof other === "number" && equal(point, other);
    if (typeof point !== "object" || typeof other !== "object") return false;
    const { histogram, hintGiven } = point;
    if (hintGiven && histogram.counterResetHint !== other.histogram.counterResetHint) return false;
    return alikeHistograms(histogram, other.histogram);
  });
}

function alikeHistograms(a: Histogram, b: Histogram): boolean {
  return (
    a.schema === b.schema &&
    equal(a.zeroThreshold, b.zeroThreshold) &&
    equal(a.zeroCount, b.zeroCount) &&
    equal(a.count, b.count) &&
    equal(a.sum, b.sum) &&
    a.customValues.length === b.customValues.length &&
    a.customValues.every((value, i) => equal(value, b.customValues[i] ?? Number.NaN)) &&
    alikeBuckets(a.positive, b.positive) &&
    alikeBuckets(a.negative, b.negative)
  );
}

function alikeBuckets(a: Buckets, b: Buckets): boolean {
  return (
    a.indices.length === b.indices.length &&
    a.indices.every((index, i) => index === b.indices[i]) &&
    a.counts.every((count, i) => equal(count, b.counts[i] ?? Number.NaN))
  );
}

/** Equal to one part in a million, as the scripts mean it. */
function equal(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0) return difference < Number.MIN_VALUE * 2;
  return difference / Math.min(Math.abs(a) + Math.abs(b), Number.MAX_VALUE) < 1e-6;
}

/** Whose answers depend on the bounds of the query. */
const boundsDependent = /(?:start|end|range|step)\(\)/;

/** An instant query's answer must also stand in the middle of a range query, whose errors count. */
async function checkAsRange(
  engine: PromqlEngine,
  command: EvalCommand,
  query: string,
  timeMs: number,
  { data }: QueryResult,
): Promise<string[]> {
  const isRanged = data.resultType === "vector" || data.resultType === "scalar";
  if (!isRanged || command.rangeVector !== undefined || boundsDependent.test(query)) return [];
  const minuteMs = 60_000;
  const bounds = { startMs: timeMs - minuteMs, endMs: timeMs + minuteMs, stepMs: minuteMs };
  try {
    const { data: matrix } = await engine.range(query, { tenant, ...bounds });
    if (matrix.resultType !== "matrix") return [`as range: got ${matrix.resultType}`];
    const unsorted = firstUnsorted(matrix.series.map(({ labels }) => labels));
    if (unsorted !== undefined) return [`as range: not sorted at ${printedLabels(unsorted)}`];
    const middle = rowsOf(matrix)
      .map(({ labels, samples }) => ({
        labels,
        samples: new Map([...samples].filter(([at]) => at === timeMs)),
      }))
      .filter(({ samples }) => samples.size > 0);
    const wanted =
      data.resultType === "scalar"
        ? [{ labels: {}, samples: new Map([[timeMs, data.value]]) }]
        : rowsOf(data);
    return compareRows(wanted, middle).map((reason) => `as range: ${reason}`);
  } catch (thrown) {
    return [`as range: failed: ${messageOf(thrown)}`];
  }
}

/** The first label set that comes before the one in front of it. */
export function firstUnsorted(all: readonly Labels[]): Labels | undefined {
  return all.find((labels, i) => i > 0 && compareLabels(all[i - 1] ?? {}, labels) > 0);
}

/** As labels.Compare() of Prometheus: pair by pair, in the order of names. */
function compareLabels(a: Labels, b: Labels): number {
  const [one, other] = [textsOf(a), textsOf(b)];
  for (let i = 0; i < Math.min(one.length, other.length); i++) {
    const byBytes = Buffer.compare(Buffer.from(one[i] ?? ""), Buffer.from(other[i] ?? ""));
    if (byBytes !== 0) return byBytes;
  }
  return one.length - other.length;
}

function textsOf(labels: Labels): string[] {
  return Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flat();
}
