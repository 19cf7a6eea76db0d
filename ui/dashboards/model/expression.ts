import type { PanelQuery } from "#shared/dashboards/dashboard.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Frame } from "../../frames/frame.ts";
import { isReducer, reduceNumber } from "../../frames/reduce.ts";
import type { Window } from "../../state/time_range.ts";
import { variablesIn } from "./interpolate.ts";
import { durationOf } from "./interval.ts";
import { evaluateMath, truth } from "./math_values.ts";
import { parseMath } from "./math.ts";
import { framesOfSeries, seriesOfFrames, type Series } from "./series.ts";

/** Frames of the queries and expressions that are already answered, by their refs. */
export type Answers = ReadonlyMap<string, readonly Frame[]>;

type Expression = Pick<PanelQuery, "ref" | "expr" | "options">;

/** Refs of the queries that an expression is computed from. */
export function refsOf({ expr, options }: Expression): readonly string[] {
  if (options?.["type"] === "classic_conditions")
    return conditionsOf(options).map(({ ref }) => ref);
  return options?.["type"] === "math"
    ? variablesIn(expr).concat(bracedRefs(expr))
    : [expr.trim().replace(/^\$\{?|\}$/g, "")];
}

function bracedRefs(expr: string): readonly string[] {
  return [...expr.matchAll(/\$\{([^}]+)\}/g)].flatMap(([, ref]) =>
    ref === undefined || /^\w+$/.test(ref) ? [] : [ref],
  );
}

/**
 * Grafana's server-side expressions: math, reduce, resample, threshold and classic conditions over the answers of other queries.
 * Throws OperatingError("bad_request") for what can't be computed, naming it.
 */
export function computeExpression(
  expression: Expression,
  answers: Answers,
  window: Window,
): readonly Frame[] {
  const { ref, expr, options = {} } = expression;
  const inputs = (name: string): readonly Series[] => {
    const frames = answers.get(name);
    if (frames === undefined)
      throw refused(`the expression ${ref} needs "${name}", and no query has this name`);
    return seriesOfFrames(frames);
  };
  const [input = ""] = refsOf(expression);
  switch (options["type"]) {
    case "math":
      return framesOfSeries(ref, evaluateMath(parseMath(expr), inputs));
    case "reduce":
      return framesOfSeries(
        ref,
        inputs(input).map((series) => reduced(series, options)),
      );
    case "resample":
      return framesOfSeries(
        ref,
        inputs(input).map((series) => resampled(series, options, window)),
      );
    case "threshold":
      return framesOfSeries(
        ref,
        inputs(input).map((series) => compared(series, evaluatorOf(options))),
      );
    case "classic_conditions":
      return framesOfSeries(ref, [classic(options, inputs)]);
    default:
      throw refused(
        `the expression ${ref} is of the kind "${String(options["type"])}", expected math, reduce, resample, threshold or classic_conditions`,
      );
  }
}

function refused(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}

/** Grafana's reducers of expressions, by what they are called here. */
const reducers: Readonly<Record<string, string>> = {
  last: "last",
  mean: "mean",
  min: "min",
  max: "max",
  sum: "sum",
  count: "count",
  median: "median",
  avg: "mean",
};

function reduced({ labels, values }: Series, options: Readonly<Record<string, unknown>>): Series {
  const settings = recordOf(options["settings"]);
  const given = typeof options["reducer"] === "string" ? options["reducer"] : "last";
  const reducer = Object.hasOwn(reducers, given) ? (reducers[given] ?? given) : given;
  if (!isReducer(reducer))
    throw refused(`"${given}" is no reducer, expected one of ${Object.keys(reducers).join(", ")}`);
  const mode = settings["mode"];
  const kept =
    mode === "dropNN"
      ? values.filter(Number.isFinite)
      : mode === "replaceNN"
        ? values.map((value) =>
            Number.isFinite(value) ? value : Number(settings["replaceWithValue"] ?? 0),
          )
        : values;
  // Without a mode one value that is no number makes the answer none, as in Grafana.
  const isStrict = mode === undefined && reducer !== "count" && reducer !== "last";
  const value = isStrict && kept.some(Number.isNaN) ? Number.NaN : reduceNumber(kept, reducer);
  return {
    labels,
    times: undefined,
    values: Float64Array.of(reducer === "count" ? kept.length : value),
  };
}

const stepsMax = 20_000;

/** On a new step: the last value where there are more samples than steps, or none; the one before where there are fewer. */
function resampled(
  { labels, times, values }: Series,
  options: Readonly<Record<string, unknown>>,
  window: Window,
): Series {
  const stepMs = durationOf(textOf(options["window"]));
  if (stepMs === undefined)
    throw refused(
      `"${textOf(options["window"])}" is no duration to resample by, expected one such as "1m"`,
    );
  if (times === undefined) return { labels, times, values };
  const count = Math.floor((window.endMs - window.startMs) / stepMs) + 1;
  if (count > stepsMax)
    throw refused(
      `resampling gives ${count} points, expected at most ${stepsMax}: take a longer window`,
    );
  const [down, up] = [
    textOf(options["downsampler"]) || "mean",
    textOf(options["upsampler"]) || "fillna",
  ];
  const grid = Float64Array.from({ length: count }, (_, i) => window.startMs + i * stepMs);
  let from = 0;
  let last = Number.NaN;
  const made = grid.map((time) => {
    let to = from;
    while (to < times.length && (times[to] ?? 0) <= time) to += 1;
    const slice = values.slice(from, to).filter((value) => !Number.isNaN(value));
    from = to;
    if (slice.length > 0) {
      last = slice.at(-1) ?? last;
      return reduceNumber(
        slice,
        Object.hasOwn(reducers, down) ? (reducers[down] ?? "mean") : "mean",
      );
    }
    if (up === "pad") return last;
    return up === "backfilling" ? (values[from] ?? Number.NaN) : Number.NaN;
  });
  return { labels, times: grid, values: made };
}

type Evaluator = { readonly type: string; readonly params: readonly number[] };

function evaluatorOf(options: Readonly<Record<string, unknown>>): Evaluator {
  const [condition] = Array.isArray(options["conditions"]) ? options["conditions"] : [];
  return evaluator(recordOf(recordOf(condition)["evaluator"]));
}

function evaluator(source: Readonly<Record<string, unknown>>): Evaluator {
  const params = Array.isArray(source["params"]) ? source["params"].map(Number) : [];
  return { type: textOf(source["type"]), params };
}

function holds(
  value: number,
  { type, params: [a = Number.NaN, b = Number.NaN] }: Evaluator,
): boolean {
  switch (type) {
    case "gt":
      return value > a;
    case "gte":
      return value >= a;
    case "lt":
      return value < a;
    case "lte":
      return value <= a;
    case "eq":
      return value === a;
    case "ne":
      return value !== a;
    case "within_range":
      return value > a && value < b;
    case "outside_range":
      return value < a || value > b;
    case "within_range_included":
      return value >= a && value <= b;
    case "outside_range_included":
      return value <= a || value >= b;
    case "no_value":
      return Number.isNaN(value);
    default:
      throw refused(
        `"${type}" is no comparison of a threshold, expected gt, lt, within_range, outside_range or another of Grafana's`,
      );
  }
}

function compared(series: Series, own: Evaluator): Series {
  return {
    ...series,
    values: series.values.map((value) =>
      Number.isNaN(value) && own.type !== "no_value" ? value : truth(holds(value, own)),
    ),
  };
}

type Condition = {
  readonly ref: string;
  readonly reducer: string;
  readonly evaluator: Evaluator;
  readonly isOr: boolean;
};

function conditionsOf(options: Readonly<Record<string, unknown>>): readonly Condition[] {
  const list: readonly unknown[] = Array.isArray(options["conditions"])
    ? options["conditions"]
    : [];
  return list.map((each) => {
    const source = recordOf(each);
    const params: unknown = recordOf(source["query"])["params"];
    return {
      ref: textOf(Array.isArray(params) ? params[0] : ""),
      reducer: textOf(recordOf(source["reducer"])["type"]) || "last",
      evaluator: evaluator(recordOf(source["evaluator"])),
      isOr: textOf(recordOf(source["operator"])["type"]).endsWith("or"),
    };
  });
}

/** One where the conditions hold, each for any of the series of its query. */
function classic(
  options: Readonly<Record<string, unknown>>,
  inputs: (ref: string) => readonly Series[],
): Series {
  let result: boolean | undefined;
  for (const { ref, reducer, evaluator: own, isOr } of conditionsOf(options)) {
    const name = Object.hasOwn(reducers, reducer) ? (reducers[reducer] ?? reducer) : reducer;
    const is = inputs(ref).some(({ values }) => holds(reduceNumber(values, name), own));
    result = result === undefined ? is : isOr ? result || is : result && is;
  }
  return { labels: {}, times: undefined, values: Float64Array.of(truth(result ?? false)) };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
