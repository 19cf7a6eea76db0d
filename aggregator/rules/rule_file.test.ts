import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CheckedRules, checkRuleFile, expressionFault } from "./rule_file.ts";

const root = join(import.meta.dir, "../..");
const shared = process.env["LAPWING_SHARED"] ?? join(root, "../shared");
const conformance = join(shared, "conformance/prometheus-rules");
const promtool = Bun.which("promtool");

const group = (rules: string, more = "") => `groups:\n- name: g\n${more}  rules:\n${rules}`;
const said = ({ faults }: CheckedRules) => faults.map(({ line, text }) => `${line}: ${text}`);
const checked = (text: string) => said(checkRuleFile(text, "auto"));

/** Files that promtool judges; what one says of each is what we say. */
const files: Readonly<Record<string, string>> = {
  good: group(
    `  - alert: A
    expr: up == 0
    for: 5m
    keep_firing_for: 1h30m
    labels: {severity: page, team: "{{ $labels.team }}"}
    annotations:
      summary: '{{ $labels.instance }} of {{ .Labels.job }} is {{ $value | humanize }}'
      runbook: '{{ range query "up" }}{{ .Labels.instance }}{{ end }}{{ with $x := 1 }}{{ $x }}{{ end }}'
  - record: job:up:sum
    expr: sum by (job) (up)
    labels: {a: b}
`,
    "  interval: 30s\n  limit: 10\n",
  ),
  empty: "",
  noRules: "groups:\n- name: g\n",
  anchors: `groups:
- name: g
  rules:
  - alert: A
    expr: up
    labels: &common {severity: page}
  - alert: B
    expr: up
    labels:
      <<: *common
      team: a
`,
  secondDocument: `${group("  - alert: A\n    expr: up\n")}---\ngroups: 5\n`,
  numbers: group(
    "  - alert: 5\n    expr: 1\n    for: 0\n    labels: {code: 500, yes: true, none: }\n",
  ),
  unknownKey: group("  - alert: A\n    exprs: up\n    expr: up\n"),
  unknownGroupKey: group("  - alert: A\n    expr: up\n", "  intervall: 5m\n"),
  unknownRootKey: "group:\n- name: g\n",
  bothNames: group("  - alert: A\n    record: b\n    expr: up\n"),
  noName: group("  - expr: up\n"),
  noExpression: group("  - alert: A\n"),
  badExpression: group("  - alert: A\n    expr: sum(up\n"),
  badFunction: group("  - alert: A\n    expr: summ(up)\n"),
  badType: group("  - alert: A\n    expr: rate(up)\n"),
  badFor: group("  - alert: A\n    expr: up\n    for: 5x\n"),
  forOfRecord: group("  - record: a\n    expr: up\n    for: 5m\n"),
  annotationsOfRecord: group("  - record: a\n    expr: up\n    annotations: {a: b}\n"),
  badRecord: group("  - record: a b\n    expr: up\n"),
  badLabel: group("  - alert: A\n    expr: up\n    labels: {a-b: c}\n"),
  nameLabel: group("  - record: a\n    expr: up\n    labels: {__name__: c}\n"),
  badAnnotation: group("  - alert: A\n    expr: up\n    annotations: {a-b: c}\n"),
  badTemplate: group("  - alert: A\n    expr: up\n    annotations: {a: '{{ $value '}\n"),
  badTemplateFunction: group(
    "  - alert: A\n    expr: up\n    annotations: {a: '{{ humanise $value }}'}\n",
  ),
  badVariable: group("  - alert: A\n    expr: up\n    labels: {a: '{{ $lables.x }}'}\n"),
  templateOfRecord: group("  - record: a\n    expr: up\n    labels: {a: '{{ $value '}\n"),
  sameGroup: `${group("  - alert: A\n    expr: up\n")}- name: g\n  rules: []\n`,
  noGroupName: "groups:\n- rules: []\n",
  badInterval: group("  - alert: A\n    expr: up\n", "  interval: soon\n"),
  badLimit: group("  - alert: A\n    expr: up\n", "  limit: many\n"),
  listOfLabels: group("  - alert: A\n    expr: up\n    labels: [a]\n"),
  mapOfGroups: "groups: {name: g}\n",
  broken: "groups:\n- name: g\n   rules: []\n",
  twice: group("  - alert: A\n    alert: B\n    expr: up\n"),
};

test.skipIf(promtool === null)("promtool takes and refuses the same files", () => {
  const folder = mkdtempSync(join(tmpdir(), "lapwing-rules-"));
  try {
    const theirs: Record<string, string> = {};
    const ours: Record<string, string> = {};
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, `${name}.yaml`);
      writeFileSync(path, text);
      const { exitCode, stdout } = Bun.spawnSync([promtool ?? "", "check", "rules", path]);
      const count = /SUCCESS: (\d+) rules/.exec(stdout.toString())?.[1] ?? "";
      theirs[name] = exitCode === 0 ? count : "refused";
      const own = checkRuleFile(text, "promql");
      ours[name] = own.faults.length === 0 ? String(own.count) : "refused";
    }
    expect(ours).toEqual(theirs);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("all mistakes of a file are named with their lines", () => {
  const text = `groups:
- name: a
  intervall: 1m
  rules:
  - alert: A
    expr: sum(up
    for: soon
    labels: {a-b: c}
    annotations:
      text: "{{ $value "
  - record: r
    expr: up
    annotations: {a: b}
- name: a
  query_offset: x
  labels: {team: web}
  rules:
  - expr: rate(up)
`;
  const lines = checked(text);
  expect(lines.map((line) => Number(line.split(":")[0]))).toEqual([
    3, 6, 7, 8, 10, 13, 14, 15, 18, 18,
  ]);
  expect(lines[0]).toBe('3: group "a": no such key: intervall');
  expect(lines[1]).toBe(
    '6: group "a", rule 1, "A": could not parse expression: 1:7: parse error: unclosed left parenthesis',
  );
  expect(lines[2]).toBe(
    '7: group "a", rule 1, "A": invalid for "soon": expected a duration such as 15s',
  );
  expect(lines[6]).toBe('14: group "a" is repeated in the same file');
});

const rule = (expr: string) => group(`  - alert: A\n    expr: ${JSON.stringify(expr)}\n`);

test("rules of Loki's ruler are read as LogQL, and only metric queries", () => {
  expect(checked(rule('sum(rate({app="a"} |= "x" | json [5m])) > 1'))).toEqual([]);
  expect(expressionFault('{app="a"} |= "x"', "auto")).toContain("expected a metric query");
  expect(expressionFault('sum(rate({app="a"} |= "x" [5m]', "auto")).toContain("syntax error");
  expect(expressionFault('sum(rate({app="a"} |= "x" [5m]))', "promql")).toContain("parse error");
  expect(expressionFault("up", "logql")).toContain("syntax error");
  expect(expressionFault('sum(rate(up{a="b"}[5m]', "auto")).toContain("unclosed left parenthesis");
});

test("duplicates and further documents are warnings, as for Prometheus", () => {
  const { count, warnings } = checkRuleFile(
    `${group("  - alert: A\n    expr: up\n  - alert: A\n    expr: up == 0\n")}---\na: 1\n`,
    "auto",
  );
  expect(count).toBe(2);
  expect(warnings).toEqual([
    "the file has several documents: Prometheus reads the first one only",
    expect.stringContaining("1 duplicate rule(s) found"),
  ]);
});

const slo = (sli: string, more = "") =>
  `version: prometheus/v1\nservice: s\nslos:\n- name: a\n  objective: 99.9\n  sli: ${sli}\n  alerting: {name: A}\n${more}`;

const raw = (query: string) => `{raw: {error_ratio_query: ${JSON.stringify(query)}}}`;

test("objectives of Sloth's form are checked with their queries", () => {
  const good = checkRuleFile(slo(raw("1 - avg(up{a='{{.window}}'}[{{.window}}])")), "auto");
  expect(said(good)).toEqual([expect.stringContaining("parse error")]);
  const fine = checkRuleFile(slo(raw("1 - avg(avg_over_time(up[{{.window}}]))")), "auto");
  expect([fine.count, fine.what, said(fine)]).toEqual([1, "objectives", []]);
  expect(checked(slo(raw("up")))).toEqual([expect.stringContaining("expected the window")]);
  expect(checked(slo("{event: {}}"))).toHaveLength(2);
  expect(checked(slo("{events: {error_query: 'up[{{.window}}]'}}"))).toEqual([
    '6: slo "a": events: total_query must be set',
  ]);
  expect(checked(slo(raw("a[{{.window}}]"), "extra: 1\n").replace("99.9", "100"))).toHaveLength(2);
});

/** How many rules or objectives the files have; each must be good. */
function countOf(folder: string, pattern: string): number {
  let count = 0;
  for (const name of new Bun.Glob(pattern).scanSync(folder)) {
    const own = checkRuleFile(readFileSync(join(folder, name), "utf8"), "promql");
    expect([name, said(own)]).toEqual([name, []]);
    count += own.count;
  }
  return count;
}

test("rules and objectives that come with integrations are good", () => {
  expect(countOf(root, "agent/integrations/*/rules.yaml")).toBeGreaterThan(100);
  expect(countOf(root, "agent/integrations/*/slo.yaml")).toBeGreaterThan(30);
});

test.skipIf(!existsSync(conformance))("files of rules as people have them are good", () => {
  expect(countOf(conformance, "*.yaml")).toBe(69);
});

const oneRule = (text: string) => `groups: [{name: g, labels: {team: a}, rules: [${text}]}]`;

test("a rule has sql in place of expr, which is kept as it stands, and not both", () => {
  const sql = "SELECT 1 AS value, 'x' AS \"{{ odd }}\"";
  const good = checkRuleFile(oneRule(`{alert: A, sql: ${JSON.stringify(sql)}, for: 1m}`), "auto");
  expect(good.faults).toEqual([]);
  expect(good.groups[0]?.rules).toMatchObject([
    {
      kind: "alerting",
      language: "sql",
      expr: sql,
      query: sql,
      forMs: 60_000,
      labels: { team: "a" },
    },
  ]);
  const labelled = checkRuleFile(
    oneRule("{record: r, sql: SELECT 1, data_labels: [a, b]}"),
    "auto",
  );
  expect(labelled.groups[0]?.rules[0]?.dataLabels).toEqual(["a", "b"]);
  const wrong = checkRuleFile(oneRule("{record: r, expr: up, data_labels: [a-b]}"), "auto");
  expect(wrong.faults.map(({ text }) => text)).toEqual([
    `group "g", rule 1, "r": 'data_labels' goes with 'sql' only`,
    `group "g", rule 1, "r": invalid name in data_labels: "a-b"`,
  ]);
  const both = checkRuleFile(oneRule("{record: r, expr: up, sql: SELECT 1}"), "promql");
  expect(both.faults.map(({ text }) => text)).toEqual([
    `group "g", rule 1, "r": only one of 'expr' and 'sql' must be set`,
  ]);
  const none = checkRuleFile(oneRule('{record: r, sql: " "}'), "auto");
  expect(none.faults.map(({ text }) => text)).toEqual([
    `group "g", rule 1, "r": field 'expr' must be set`,
  ]);
});
