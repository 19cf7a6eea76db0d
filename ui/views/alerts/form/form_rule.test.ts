import { expect, test } from "bun:test";
import { parseLogqlSyntax } from "#shared/query_language/logql/parse.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import { type AlertForm, emptyForm, emptyMeasure, formKinds, type FormKind } from "./alert_form.ts";
import { formFaults } from "./form_faults.ts";
import { ruleOfForm } from "./form_rule.ts";

const load = { ...emptyMeasure, metric: "node_load1" };
const errors = {
  ...emptyMeasure,
  metric: "http_errors_total",
  matchers: [{ label: "code", op: "=~" as const, value: "5.." }],
  reading: "rate" as const,
  grouping: "sum" as const,
  by: ["host"],
};
const alerts = [
  { name: "A", isNegated: false },
  { name: "B.1", isNegated: false },
];

function form<Kind extends FormKind>(
  kind: Kind,
  part: Partial<Extract<AlertForm, { kind: Kind }>>,
): AlertForm {
  return { ...emptyForm(kind), ...part };
}

const cases: readonly (readonly [AlertForm, string])[] = [
  [form("threshold", { measure: load, value: "4" }), "node_load1 > 4"],
  [
    form("threshold", { measure: errors, op: ">=", value: " 0.5 " }),
    'sum by (host) (rate(http_errors_total{code=~"5.."}[5m])) >= 0.5',
  ],
  [
    form("threshold", { measure: { ...load, reading: "average", grouping: "max" }, value: "-1e3" }),
    "max(avg_over_time(node_load1[5m])) > -1e3",
  ],
  [
    form("change", { measure: load, direction: "up", against: "1w" }),
    "(node_load1 / node_load1 offset 1w - 1) * 100 > 50",
  ],
  [
    form("change", { measure: load, direction: "down", percent: "20" }),
    "(node_load1 / node_load1 offset 1d - 1) * 100 < -20",
  ],
  [
    form("change", { measure: errors, against: "1h" }),
    'abs((sum by (host) (rate(http_errors_total{code=~"5.."}[5m])) / sum by (host) (rate(http_errors_total{code=~"5.."}[5m] offset 1h)) - 1) * 100) > 50',
  ],
  [form("absence", { measure: load, of: "all" }), "absent_over_time(node_load1[10m])"],
  [
    form("absence", { measure: load }),
    "last_over_time(node_load1[1h] offset 10m) unless last_over_time(node_load1[10m])",
  ],
  [
    form("log_rate", { text: 'said "no"', value: "10" }),
    'sum(count_over_time({service_name=~".+"} |= "said \\"no\\"" [5m])) > 10',
  ],
  [
    form("log_rate", {
      matchers: [{ label: "service_name", op: "=", value: "shop" }],
      find: "pattern",
      text: "<_> failed",
      by: ["host"],
    }),
    'sum by (host) (count_over_time({service_name="shop"} |> "<_> failed" [5m])) > 0',
  ],
  [form("forecast", { measure: load }), "predict_linear(node_load1[6h], 14400) < 0"],
  [
    form("forecast", { measure: errors, op: ">", value: "9", within: "1d" }),
    'predict_linear((sum by (host) (rate(http_errors_total{code=~"5.."}[5m])))[6h:1m], 86400) > 9',
  ],
  [
    form("outlier", { measure: load, peers: ["job"] }),
    "abs(node_load1 / on (job) group_left () quantile by (job) (0.5, node_load1) - 1) * 100 > 50 and on (job) count by (job) (node_load1) >= 3",
  ],
  [
    form("outlier", { measure: load, percent: "20" }),
    "abs(node_load1 / on () group_left () quantile (0.5, node_load1) - 1) * 100 > 20 and on () count (node_load1) >= 3",
  ],
  [
    form("composite", { parts: alerts }),
    'max(ALERTS{alertname="A", alertstate="firing"}) and max(ALERTS{alertname="B.1", alertstate="firing"})',
  ],
  [
    form("composite", { parts: [{ name: "B", isNegated: true }, ...alerts], by: ["host"] }),
    'max by (host) (ALERTS{alertname="A", alertstate="firing"}) and max by (host) (ALERTS{alertname="B.1", alertstate="firing"}) unless max by (host) (ALERTS{alertname="B", alertstate="firing"})',
  ],
  [
    form("composite", {
      parts: [
        { name: "A", isNegated: false },
        { name: "B", isNegated: true },
      ],
      joining: "or",
    }),
    'max(ALERTS{alertname="A", alertstate="firing"}) or (vector(1) unless max(ALERTS{alertname="B", alertstate="firing"}))',
  ],
  [
    form("composite", { parts: alerts, joining: "quorum", by: ["host"] }),
    'count by (host) (max by (host, alertname) (ALERTS{alertname=~"A|B\\\\.1", alertstate="firing"})) >= 2',
  ],
];

test.each(cases)("%j is the rule %s", (given, expr) => {
  expect(formFaults(given)).toEqual([]);
  const rule = ruleOfForm(given);
  expect(rule.expr).toBe(expr);
  // The aggregator's own parsers take it.
  const parse = { promql: parsePromql, logql: parseLogqlSyntax }[rule.language];
  expect(() => parse(rule.expr)).not.toThrow();
});

test("every kind of form has a case", () => {
  expect([...new Set(cases.map(([{ kind }]) => kind))].toSorted()).toEqual(formKinds.toSorted());
});

test.each([
  [form("threshold", {}), ["choose a metric", 'value "": expected a number']],
  [
    form("threshold", { measure: { ...errors, window: "x" }, value: "1" }),
    ['window "x": expected a duration such as 5m'],
  ],
  [form("change", { measure: load, percent: "-1" }), ['percent "-1": expected a number above 0']],
  [form("absence", { measure: load, window: "0s" }), ['for "0s": expected a duration such as 5m']],
  [form("log_rate", {}), ["choose a label or write what lines contain"]],
  [form("forecast", { measure: load, within: "" }), ['within "": expected a duration such as 5m']],
  [form("outlier", { measure: load, percent: "x" }), ['percent "x": expected a number above 0']],
  [form("composite", { parts: [] }), ["choose at least two alerts"]],
  [
    form("composite", { parts: alerts.map((part) => ({ ...part, isNegated: true })) }),
    ["one alert at least must fire"],
  ],
  [
    form("composite", { parts: alerts, joining: "quorum", quorum: "3" }),
    ['"3": expected a quorum of 1 to 2'],
  ],
])("%j lacks %j", (given, faults) => {
  expect(formFaults(given)).toEqual(faults);
});
