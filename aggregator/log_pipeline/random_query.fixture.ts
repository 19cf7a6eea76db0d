import type { Matcher } from "#shared/model/labels.ts";
import type {
  LabelFilter,
  LogQuery,
  LogqlQuery,
  MetricQuery,
  RangeQuery,
  Stage,
  Unwrap,
} from "#shared/query_language/logql/ast.ts";

type Random = (below: number) => number;

/** A query of any shape, the same for the same seed. */
export function randomQuery(seed: number): LogqlQuery {
  let state = (seed * 2_654_435_761 + 12_345) % 2_147_483_647 || 1;
  const random: Random = (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  for (let i = 0; i < 5; i++) random(2);
  return random(3) === 0 ? logQuery(random) : metricQuery(random, 3);
}

function pick<Item>(random: Random, items: readonly [Item, ...Item[]]): Item {
  return items[random(items.length)] ?? items[0];
}

function list<Item>(random: Random, most: number, make: () => Item): Item[] {
  return Array.from({ length: 1 + random(most) }, make);
}

const name = (random: Random) =>
  pick(random, ["app", "level", "status_code", "duration", "_x9", "count"]);
const text = (random: Random) =>
  pick(random, [
    "error",
    "",
    'a "b" c',
    "back`tick",
    "line\nbreak",
    "é\u0001",
    String.raw`\d`,
    "10.0.0.1",
  ]);

function matcher(random: Random): Matcher {
  const op = pick(random, ["=", "!=", "=~", "!~"] as const);
  return {
    name: name(random),
    op,
    value: op.includes("~") ? pick(random, ["a.*", "x|y", ""]) : text(random),
  };
}

const isChoice = (one: Stage | undefined) => one?.type === "drop" || one?.type === "keep";

function logQuery(random: Random): LogQuery {
  const certain: Matcher = { name: "app", op: "=", value: "x" };
  const matchers = [certain, ...Array.from({ length: random(3) }, () => matcher(random))];
  const stages = Array.from({ length: random(5) }, () => stage(random));
  // A line filter behind a bare name of drop or keep reads as a condition on that label.
  const clear = stages.filter((one, i) => one.type !== "line_filter" || !isChoice(stages[i - 1]));
  return { kind: "log", matchers, stages: clear };
}

function filter(random: Random, depth: number): LabelFilter {
  const kind = pick(random, ["matcher", "number", "duration", "bytes", "ip", "and", "or"] as const);
  if ((kind === "and" || kind === "or") && depth > 0)
    return { kind, left: filter(random, depth - 1), right: filter(random, depth - 1) };
  const op = pick(random, ["==", "!=", ">", ">=", "<", "<="] as const);
  switch (kind) {
    case "number":
      return { kind, name: name(random), op, value: pick(random, [0, 1.5, -3, 1e21]) };
    case "duration":
      return { kind, name: name(random), op, value: pick(random, [250e6, 3_600e9, 90.5e9, 1_500]) };
    case "bytes":
      return { kind, name: name(random), op, value: pick(random, [0, 1_536, 2_000_000]) };
    case "ip":
      return {
        kind,
        name: name(random),
        op: pick(random, ["=", "!="] as const),
        value: "10.0.0.0/8",
      };
    default:
      return { kind: "matcher", matcher: matcher(random) };
  }
}

function stage(random: Random): Stage {
  const choices: readonly [() => Stage, ...(() => Stage)[]] = [
    () => ({
      type: "line_filter",
      op: pick(random, ["|=", "!="] as const),
      matches: list(random, 3, () =>
        random(4) === 0
          ? { kind: "ip" as const, value: "10.0.0.1-10.0.0.9" }
          : { kind: "text" as const, value: text(random) },
      ),
    }),
    () => ({
      type: "line_filter",
      op: pick(random, ["|~", "!~", "|>", "!>"] as const),
      matches: list(random, 2, () => ({ kind: "text" as const, value: "a <_> b" })),
    }),
    () => ({
      type: "json",
      extractions:
        random(2) === 0
          ? []
          : list(random, 2, () => ({ label: name(random), expression: 'a.b["c d"][0]' })),
    }),
    () => ({
      type: "logfmt",
      strict: random(2) === 0,
      keepEmpty: random(2) === 0,
      extractions:
        random(2) === 0 ? [] : list(random, 2, () => ({ label: name(random), expression: "key" })),
    }),
    () => ({ type: "regexp", pattern: "(?P<x>[a-z]+)" }),
    () => ({ type: "pattern", pattern: "<x> <_> <y>" }),
    () => ({ type: pick(random, ["unpack", "decolorize"] as const) }),
    () => ({ type: "label_filter", filter: filter(random, 3) }),
    () => ({ type: "line_format", template: '{{ .x | upper }} "{{ .y }}"' }),
    () => ({
      type: "label_format",
      formats: [
        { kind: "rename", label: "a1", source: name(random) },
        { kind: "template", label: "b1", template: "{{.x}}" },
      ],
    }),
    () => ({
      type: pick(random, ["drop", "keep"] as const),
      labels: list(random, 3, () => {
        const choice = matcher(random);
        return random(2) === 0 ? { name: choice.name } : { name: choice.name, matcher: choice };
      }),
    }),
  ];
  return pick(random, choices)();
}

const grouping = (random: Random) => ({
  without: random(2) === 0,
  names: Array.from({ length: random(3) }, () => name(random)),
});

function rangeQuery(random: Random): RangeQuery {
  const base = {
    kind: "range" as const,
    log: logQuery(random),
    rangeMs: pick(random, [1, 60_000, 5_400_000, 86_400_000]),
    offsetMs: pick(random, [0, 0, 300_000, -60_000]),
  };
  if (random(2) === 0)
    return {
      ...base,
      op: pick(random, [
        "rate",
        "count_over_time",
        "bytes_rate",
        "bytes_over_time",
        "absent_over_time",
      ]),
    };
  const conversion = pick(random, [undefined, "bytes", "duration", "duration_seconds"] as const);
  const unwrap: Unwrap = {
    label: name(random),
    filters: Array.from({ length: random(2) }, () => filter(random, 1)),
    ...(conversion === undefined ? {} : { conversion }),
  };
  if (random(3) === 0)
    return { ...base, unwrap, op: pick(random, ["rate", "sum_over_time", "rate_counter"]) };
  const op = pick(random, [
    "avg_over_time",
    "max_over_time",
    "first_over_time",
    "stddev_over_time",
  ] as const);
  if (random(3) === 0)
    return { ...base, unwrap, op: "quantile_over_time", param: 0.95, grouping: grouping(random) };
  return { ...base, unwrap, op, grouping: grouping(random) };
}

function metricQuery(random: Random, depth: number): MetricQuery {
  const of = () => metricQuery(random, depth - 1);
  if (depth === 0) return rangeQuery(random);
  switch (random(6)) {
    case 0:
      return { kind: "vector", value: pick(random, [0, 1, 2.5]) };
    case 1:
      return {
        kind: "aggregate",
        op: pick(random, ["sum", "max", "stddev", "count"]),
        grouping: grouping(random),
        of: of(),
      };
    case 2:
      return {
        kind: "aggregate",
        op: pick(random, ["topk", "bottomk", "approx_topk"]),
        param: 3,
        of: of(),
      };
    case 3:
      return {
        kind: "label_replace",
        of: of(),
        target: "a",
        replacement: "$1",
        source: "b",
        regex: "(.*)",
      };
    case 4: {
      const group = pick(random, ["none", "none", "left", "right"] as const);
      const on = random(2) === 0;
      const isPlain = group === "none" && !on;
      return {
        kind: "binary",
        op: pick(random, ["+", "-", "*", "/", "%", "^", "==", ">", "<="]),
        bool: false,
        matching: {
          on,
          labels: isPlain ? [] : ["app", "level"],
          group,
          include: group === "none" ? [] : ["extra"],
        },
        left: of(),
        right: random(3) === 0 ? { kind: "number", value: pick(random, [0, -1, 12.5]) } : of(),
      };
    }
    default:
      return rangeQuery(random);
  }
}
