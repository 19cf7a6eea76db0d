import { expect, test } from "bun:test";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import { messageOf } from "#shared/errors.ts";
import type { Frame } from "../../frames/frame.ts";
import type { AnswerState } from "./answer_store.ts";
import { pacedMetrics } from "./paced_metrics.ts";
import { allQuestions, answerOf, planOf } from "./panel_plan.ts";
import { windowAt, type RunScope } from "./question.ts";

const scope: RunScope = {
  range: { from: "now-1h", to: "now" },
  timeZone: "utc",
  variables: new Map([
    ["factor", { values: ["10"], texts: ["ten"], all: false }],
    ["A", { values: ["wrong"], texts: ["wrong"], all: false }],
  ]),
  filtered: (expr) => expr,
  dashboard: { title: "t", uid: "u" },
};
const place = { x: 0, y: 0, w: 12, h: 8 };
const math = (ref: string, expr: string) => ({
  ref,
  expr,
  source: "expression",
  options: { type: "math" },
});

/** Each of the panels answered: every asked query has one series with the value 2, those of `failed` none. */
function answered(panels: readonly Record<string, unknown>[], failed: readonly string[] = []) {
  const rows = [{ id: 100, panels: panels.map((each, i) => ({ id: i + 1, place, ...each })) }];
  const dashboard = Dashboard.parse({
    title: "t",
    rows: rows.map((row) => ({
      ...row,
      panels: row.panels.map((each) => ({ kind: "timeseries", ...each })),
    })),
  });
  const panel = dashboard.rows[0]?.panels[0];
  if (panel === undefined) throw new Error("there is no panel");
  const plan = planOf(dashboard, panel, scope, 500, 7_200_000);
  const questions = allQuestions(plan);
  const stateOf = (key: string): AnswerState => {
    const question = questions.find((each) => each.key === key);
    const state = { asking: false, answeredMs: 1, tookMs: 1 };
    if (question === undefined || failed.includes(question.expr))
      return { ...state, answered: undefined, error: new Error("it is broken") };
    const window = windowAt(question, 7_200_000);
    const fields = [
      { name: "Time", type: "time", labels: {}, options: {}, values: Float64Array.of(0) },
      { name: "v", type: "number", labels: {}, options: {}, values: Float64Array.of(2) },
    ] as const;
    const frame: Frame = { ref: question.ref, name: "v", length: 1, fields, notices: [] };
    return {
      ...state,
      answered: { frames: [frame], window, stepMs: 1, wholeMs: 1 },
      error: undefined,
    };
  };
  const { frames, complaints } = answerOf(plan, stateOf);
  return {
    asked: questions.map(({ expr }) => expr),
    values: frames.map(({ ref, fields }) => [ref, ...(fields.at(-1)?.values ?? [])]),
    complaints: complaints.map(({ ref, error }) => `${ref}: ${messageOf(error)}`),
  };
}

test("expressions are computed in the order they need each other; hidden queries are asked where one needs them", () => {
  const queries = [
    math("C", "$B + 1"),
    math("B", "$A * $factor"),
    { ref: "A", expr: "up", hidden: true },
    { ref: "D", expr: "down", hidden: true },
  ];
  expect(answered([{ queries }])).toEqual({
    asked: ["up"],
    values: [
      ["C", 21],
      ["B", 20],
    ],
    complaints: [],
  });
});

test("an expression takes another panel's answer, though it be hidden", () => {
  const panels = [
    {
      queries: [
        { ref: "A", source: "panel", hidden: true, options: { panel: 2 } },
        math("B", "$A * 3"),
      ],
    },
    { queries: [{ ref: "Q", expr: "up" }] },
  ];
  expect(answered(panels).values).toEqual([["B", 6]]);
});

test("a query of one value and of the range asks both; a table only the one value, which alone it shows", () => {
  const queries = [{ ref: "A", expr: "up", instant: true, range: true }];
  expect(answered([{ queries }])).toMatchObject({ asked: ["up", "up"], values: [["A", 2]] });
  expect(answered([{ queries, kind: "table" }]).asked).toEqual(["up"]);
  const asTable = queries.map((query) => ({ ...query, format: "table" }));
  expect(answered([{ queries: asTable }]).asked).toEqual(["up"]);
});

test("another panel's answer is taken before its transformations where the query says so", () => {
  const limit = { id: "limit", options: { limitField: 0 } };
  const source = { queries: [{ ref: "Q", expr: "up" }], transformations: [limit] };
  const of = (options: Record<string, unknown>) =>
    answered([
      { queries: [{ ref: "A", source: "panel", options: { panel: 2, ...options } }] },
      source,
    ]).values;
  expect(of({ transformed: false })).toEqual([["A", 2]]);
  expect(of({ transformed: true })).toEqual([["A"]]);
});

test("what is computed from a failed query says nothing more; unknown queries and circles are named", () => {
  const broken = [{ ref: "A", expr: "up" }, math("B", "$A * 2"), math("C", "$B * 2")];
  expect(answered([{ queries: broken }], ["up"])).toMatchObject({
    values: [],
    complaints: ["A: it is broken"],
  });
  expect(answered([{ queries: [math("B", "$Q * 2")] }]).complaints).toEqual([
    'B: the expression B needs "Q", and no query has this name',
  ]);
  const circle = [math("B", "$C"), math("C", "$B")];
  expect(answered([{ queries: circle }]).complaints[0]).toBe(
    "B: these expressions need each other in a circle: B, C",
  );
});

test("the length that a rate looks back over follows the pace of the panel's metrics, but for a smallest step of its own", () => {
  const expr = 'rate(a{host="$factor"}[$__rate_interval])';
  const asked = (options: Record<string, unknown>, paceMs: number | undefined) => {
    const panel = { id: 1, place, kind: "timeseries", queries: [{ ref: "A", expr }], ...options };
    const dashboard = Dashboard.parse({ title: "t", rows: [{ id: 100, panels: [panel] }] });
    const [first] = dashboard.rows[0]?.panels ?? [];
    if (first === undefined) throw new Error("there is no panel");
    const paces = { metricsIn: pacedMetrics, paceOf: () => paceMs, want: () => {} };
    const { moment, questions } = planOf(dashboard, first, { ...scope, paces }, 500, 7_200_000);
    return [questions[0]?.expr, questions[0]?.stepMs, ...moment.paced];
  };
  expect(asked({}, undefined)).toEqual(['rate(a{host="10"}[1m])', 15_000, "a"]);
  expect(asked({}, 60_000)).toEqual(['rate(a{host="10"}[4m])', 60_000, "a"]);
  expect(asked({ step_min: "30s" }, 60_000)).toEqual(['rate(a{host="10"}[2m])', 30_000]);
});
