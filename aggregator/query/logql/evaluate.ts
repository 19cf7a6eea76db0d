import { OperatingError } from "#shared/errors.ts";
import type { Labels, Matcher } from "#shared/model/labels.ts";
import { labelsKey } from "#shared/model/labels.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";
import type { LogRecord, LogsSource } from "../source.ts";
import type { LogQuery, MetricQuery } from "./ast.ts";
import { levelOf } from "./level.ts";

export type LogqlLimits = {
  /** Records that one metric query may read. */
  readonly recordsMax: number;
  readonly seriesMax: number;
  readonly pointsMax: number;
};
export const defaultLogqlLimits: LogqlLimits = {
  recordsMax: 2_000_000,
  seriesMax: 500,
  pointsMax: 11_000,
};

export type LogScope = {
  readonly tenant: string;
  readonly source: LogsSource;
  readonly limits: LogqlLimits;
  readonly signal?: AbortSignal;
};

export type LogRange = {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly limit: number;
  readonly direction: "backward" | "forward";
};

/** Records of a log query, in the order asked for. */
export async function selectRecords(
  query: LogQuery,
  range: LogRange,
  scope: LogScope,
): Promise<LogRecord[]> {
  const { matchers, lineFilters, labelFilters } = query;
  const base = { tenant: scope.tenant, matchers, lineFilters };
  const options = scope.signal === undefined ? base : { ...base, signal: scope.signal };
  if (labelFilters.length === 0) return scope.source.select({ ...options, ...range });
  // A filter that the store does not know thins out what it gives, so more is read than asked for, up to the limit.
  const wide = { ...options, ...range, limit: scope.limits.recordsMax };
  const keep = labelFilters.map(labelTest);
  const records = await scope.source.select(wide);
  return records.filter((record) => keep.every((test) => test(record))).slice(0, range.limit);
}

/** Points in parallel arrays, one entry a step that has a value. */
export type LogSeries = {
  readonly labels: Labels;
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
};

/** Evaluates at startMs, startMs + stepMs, ... endMs. A stepMs of 0 is one evaluation, at endMs. */
export async function evaluateMetric(
  query: MetricQuery,
  times: { readonly startMs: number; readonly endMs: number; readonly stepMs: number },
  scope: LogScope,
): Promise<LogSeries[] | number> {
  const { startMs, endMs, stepMs } = times;
  const count = stepMs === 0 ? 1 : Math.floor((endMs - startMs) / stepMs) + 1;
  if (count > scope.limits.pointsMax)
    throw new OperatingError(
      "bad_request",
      `exceeded maximum resolution of ${scope.limits.pointsMax} points per time series; raise the step`,
    );
  const steps = Array.from({ length: count }, (_, i) =>
    stepMs === 0 ? endMs : startMs + i * stepMs,
  );
  const result = await evaluate(query, steps, scope);
  if (typeof result === "number") return result;
  return result.map(({ labels, values }) => ({
    labels,
    timesMs: steps.filter((_, i) => !Number.isNaN(values[i])),
    values: values.filter((value) => !Number.isNaN(value)),
  }));
}

/** One value a step; NaN where there is none. */
type Column = { readonly labels: Labels; readonly values: number[] };

async function evaluate(
  query: MetricQuery,
  steps: readonly number[],
  scope: LogScope,
): Promise<Column[] | number> {
  switch (query.kind) {
    case "number":
      return query.value;
    case "vector":
      return [{ labels: {}, values: steps.map(() => query.value) }];
    case "range":
      return overRange(query, steps, scope);
    case "aggregate": {
      const of = await evaluate(query.of, steps, scope);
      if (typeof of === "number")
        throw new OperatingError("bad_request", `${query.op} needs a vector, not a number`);
      return aggregate(query, of, steps.length);
    }
    case "binary": {
      const left = await evaluate(query.left, steps, scope);
      return combine(query.op, left, await evaluate(query.right, steps, scope));
    }
  }
}

async function overRange(
  query: Extract<MetricQuery, { kind: "range" }>,
  steps: readonly number[],
  scope: LogScope,
): Promise<Column[]> {
  const { rangeMs, offsetMs, op } = query;
  const first = (steps[0] ?? 0) - offsetMs - rangeMs;
  const last = (steps.at(-1) ?? 0) - offsetMs;
  const { recordsMax, seriesMax } = scope.limits;
  // Left-open as Loki's ranges: a record exactly rangeMs old is outside, one at the step itself inside.
  const startNs = BigInt(Math.round(first)) * 1_000_000n + 1n;
  const endNs = BigInt(Math.round(last)) * 1_000_000n + 1n;
  const range = { startNs, endNs, limit: recordsMax + 1, direction: "forward" } as const;
  const records = await selectRecords(query.log, range, scope);
  if (records.length > recordsMax)
    throw new OperatingError(
      "bad_request",
      `the query reads over ${recordsMax} records; narrow it`,
    );
  const groups = Map.groupBy(records, (record) => labelsKey(seriesLabels(record)));
  if (groups.size > seriesMax)
    throw new OperatingError(
      "bad_request",
      `maximum of series (${seriesMax}) reached for a single query`,
    );
  const isBytes = op.startsWith("bytes");
  const perSecond = op === "rate" || op === "bytes_rate" ? rangeMs / 1_000 : 1;
  return [...groups.values()].map((group) => {
    const timesMs = group.map((record) => Number(record.timestampNs) / 1e6);
    const weights = group.map((record) => (isBytes ? Buffer.byteLength(record.body) : 1));
    const sums = windowSums(timesMs, weights, steps, offsetMs, rangeMs);
    const labels = group[0] === undefined ? {} : seriesLabels(group[0]);
    return { labels, values: sums.map((sum) => sum / perSecond) };
  });
}

/** Sum of weights in (step - offset - range, step - offset] for each step; NaN where nothing is in it. Both lists ascend. */
function windowSums(
  timesMs: readonly number[],
  weights: readonly number[],
  steps: readonly number[],
  offsetMs: number,
  rangeMs: number,
): number[] {
  let from = 0;
  let to = 0;
  let sum = 0;
  return steps.map((step) => {
    const end = step - offsetMs;
    for (; to < timesMs.length && (timesMs[to] ?? 0) <= end; to++) sum += weights[to] ?? 0;
    for (; from < to && (timesMs[from] ?? 0) <= end - rangeMs; from++) sum -= weights[from] ?? 0;
    return from === to ? Number.NaN : sum;
  });
}

function aggregate(
  query: Extract<MetricQuery, { kind: "aggregate" }>,
  columns: readonly Column[],
  steps: number,
): Column[] {
  const { without, names } = query.grouping;
  const labelsOf = (labels: Labels) =>
    Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name) !== without));
  const groups = Map.groupBy(columns, ({ labels }) => labelsKey(labelsOf(labels)));
  return [...groups.values()].map((group) => ({
    labels: labelsOf(group[0]?.labels ?? {}),
    values: Array.from({ length: steps }, (_, i) =>
      reduce(
        query.op,
        group.map(({ values }) => values[i] ?? Number.NaN).filter((value) => !Number.isNaN(value)),
      ),
    ),
  }));
}

function reduce(op: "sum" | "min" | "max" | "avg" | "count", values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sum = values.reduce((total, value) => total + value, 0);
  switch (op) {
    case "sum":
      return sum;
    case "avg":
      return sum / values.length;
    case "count":
      return values.length;
    case "min":
      return values.reduce((a, b) => Math.min(a, b));
    case "max":
      return values.reduce((a, b) => Math.max(a, b));
  }
}

function combine(
  op: "+" | "-" | "*" | "/",
  left: Column[] | number,
  right: Column[] | number,
): Column[] | number {
  const apply = (a: number, b: number) =>
    op === "+" ? a + b : op === "-" ? a - b : op === "*" ? a * b : a / b;
  if (typeof left === "number" && typeof right === "number") return apply(left, right);
  if (typeof left === "number")
    return typeof right === "number"
      ? apply(left, right)
      : right.map((side) => ({ ...side, values: side.values.map((value) => apply(left, value)) }));
  if (typeof right === "number")
    return left.map((side) => ({
      ...side,
      values: side.values.map((value) => apply(value, right)),
    }));
  const others = new Map(right.map((side) => [labelsKey(side.labels), side.values]));
  return left.flatMap(({ labels, values }) => {
    const other = others.get(labelsKey(labels));
    if (other === undefined) return [];
    return [{ labels, values: values.map((value, i) => apply(value, other[i] ?? Number.NaN)) }];
  });
}

/** Stream labels, structured metadata and the level: what Loki's metric queries group by. */
function seriesLabels(record: LogRecord): Labels {
  return { ...record.stream, detected_level: levelOf(record.severity), ...record.attributes };
}

function labelTest({ name, op, value }: Matcher): (record: LogRecord) => boolean {
  const regex = op === "=~" || op === "!~" ? anchoredRegex(value) : undefined;
  return (record) => {
    const has = seriesLabels(record)[name] ?? "";
    const holds = regex === undefined ? has === value : regex.test(has);
    return op === "=" || op === "=~" ? holds : !holds;
  };
}
