import { expect, test } from "bun:test";
import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  letrec,
  oneof,
  option,
  property,
  record,
  string,
  stringMatching,
  tuple,
} from "fast-check";
import { builderText, type BuilderQuery, type Operation } from "./builder.ts";
import { matchOperators } from "./expr.ts";
import { parsePromql } from "./parse.ts";
import { readBuilder } from "./read_builder.ts";

const word = oneof(
  stringMatching(/^[a-z_][a-z0-9_]{0,8}$/),
  // PromQL reads these as something else where a name stands, in any case.
  constantFrom(
    "on",
    "By",
    "offset",
    "inf",
    "NaN",
    "sum",
    "bool",
    "and",
    "group_left",
    "start",
    "rate",
  ),
);
const name = oneof(word, string({ minLength: 1, maxLength: 8, unit: "grapheme-ascii" }));
const range = constantFrom("5m", "1h30m", "$__rate_interval", "90s");
const labels = array(name, { maxLength: 3 });
const number = constantFrom("2", "0.5", "1e3", "-1", "5m");
const matcher = record({
  label: name.filter((label) => label !== "__name__"),
  op: constantFrom(...matchOperators),
  value: string({ maxLength: 10, unit: "binary" }).filter((text) => text.isWellFormed()),
});
const overTime = oneof(
  record({
    kind: constant("over_time" as const),
    name: constantFrom("rate", "increase", "avg_over_time"),
    range,
    parameters: constant([]),
  }),
  record({
    kind: constant("over_time" as const),
    name: constantFrom("quantile_over_time", "predict_linear"),
    range,
    parameters: tuple(number),
  }),
);
const comparison = record({ op: constantFrom("==", ">", "<="), bool: boolean() });
const arithmetic = record({
  op: constantFrom("+", "-", "*", "/", "^", "%"),
  bool: constant(false),
});
const operator = oneof(comparison, arithmetic);

const { query } = letrec<{ query: BuilderQuery; operation: Operation }>((tie) => ({
  operation: oneof(
    { depthSize: "small", withCrossShrink: true },
    overTime,
    record({
      kind: constant("function" as const),
      name: constantFrom("abs", "ceil", "sort_desc"),
      parameters: constant([]),
    }),
    record({
      kind: constant("function" as const),
      name: constantFrom("histogram_quantile", "clamp_min"),
      parameters: tuple(number),
    }),
    record({
      kind: constant("aggregate" as const),
      op: constantFrom("sum", "avg", "max"),
      parameter: constant(""),
      grouping: option(record({ mode: constantFrom("by", "without"), labels }), {
        nil: undefined,
      }),
    }),
    record({
      kind: constant("aggregate" as const),
      op: constantFrom("topk", "quantile"),
      parameter: number,
      grouping: constant(undefined),
    }),
    record({ number, side: constantFrom("left", "right"), operator }).map(
      ({ operator: { op, bool }, ...rest }) => ({ kind: "math" as const, op, bool, ...rest }),
    ),
    record({
      right: tie("query"),
      operator,
      matching: option(
        record({
          mode: constantFrom("on", "ignoring"),
          labels,
          group: option(record({ side: constantFrom("left", "right"), labels }), {
            nil: undefined,
          }),
        }),
        { nil: undefined },
      ),
    }).map(({ operator: { op, bool }, ...rest }) => ({
      kind: "binary" as const,
      op,
      bool,
      ...rest,
    })),
  ),
  query: record({
    metric: name,
    matchers: array(matcher, { maxLength: 3 }),
    offset: constantFrom("", "1h", "-5m"),
    operations: array(tie("operation"), { maxLength: 4, depthIdentifier: "operations" }),
  }),
}));

test("readBuilder() gives back any blocks that builderText() wrote", () => {
  assert(
    property(query, (blocks) => {
      const text = builderText(blocks);
      expect({ text, ...readBuilder(text) }).toEqual({ text, query: blocks, why: undefined });
    }),
    { numRuns: 300 },
  );
});

test("builderText() writes again what readBuilder() read, for queries people write", () => {
  for (const text of [
    "up",
    'sum by (job) (rate(http_requests_total{code=~"5.."}[5m]))',
    "histogram_quantile(0.95, sum by (le) (rate(latency_bucket[$__rate_interval])))",
    '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))',
    "(node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes) / node_memory_MemTotal_bytes",
    "topk(5, up offset 1h)",
    "a / on(job, instance) group_left(version) b",
    'label_replace(up, "host", "$1", "instance", "(.*):.*")',
    "max_over_time(sum(rate(x[5m]))[1h:])",
    '{"my.metric", "host.name"="web"}',
    "a > bool 1",
  ]) {
    const { query: blocks, why } = readBuilder(text);
    expect(why).toBeUndefined();
    if (blocks !== undefined) expect(builderText(blocks)).toBe(text);
  }
});

const why = (text: string) => readBuilder(text).why;

test("readBuilder() names what blocks can't show", () => {
  expect(why("rate(up[5m:1m])")).toBe("a subquery with a step: up[5m:1m]");
  expect(why("up @ 17")).toBe("a fixed time (@): up @ 17");
  expect(why("-up")).toBe("a sign before up");
  expect(why("1 + 1")).toBe("arithmetic without a metric: 1 + 1");
  expect(why("topk(scalar(n), up)")).toBe("a parameter of topk that is computed: scalar(n)");
  expect(why("time()")).toBe("a function of no metric: time()");
  expect(why("sum(")).toBe("it ends too early");
  expect(why("sum(up) nonsense")).toContain('"nonsense"');
});

test("parsePromql() keeps a variable where a length stands", () => {
  const { expr } = parsePromql("rate(up[$__rate_interval])");
  expect(expr?.kind === "call" && expr.args[0]).toMatchObject({
    kind: "range",
    range: "$__rate_interval",
  });
});
