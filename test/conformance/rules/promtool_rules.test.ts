import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { readRuleFiles } from "#aggregator/rules/read_rules.ts";
import { RuleStage } from "#aggregator/rules/unit_tests/rule_stage.ts";
import { readTestFile } from "#aggregator/rules/unit_tests/test_file.ts";
import { printedLabels } from "#shared/model/printed_labels.ts";
import { formatDuration } from "#shared/text/duration.ts";
import { formatSample } from "#shared/text/go_float_text.ts";

const promtool = Bun.which("promtool") ?? undefined;
const folder = mkdtempSync(join(tmpdir(), "lapwing-promtool-rules-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [stepMs, minutes] = [30_000, 20];
const lastMs = minutes * 60_000;

const hosts = ["a", "b", "c"];
const value = fc.constantFrom("0", "1", "2", "3.5", "_", "stale");
const values = fc.array(value, { minLength: 2 * minutes, maxLength: 2 * minutes });
const series = fc.record({ host: fc.constantFrom(...hosts), values });
const time = fc.constantFrom("0s", "30s", "1m", "2m", "90s", "5m");
const condition = fc.constantFrom(
  "x > 1",
  "x >= 1 and x < 3",
  "max by (host) (x) > 2",
  "sum(x) > 3",
  // No multiple of the step, and no rate: versions before 3 take a sample on the left edge, and extrapolate otherwise.
  "changes(x[100s]) > 1",
  "max_over_time(x[100s]) > 2",
  "absent(x)",
  "r:sum > 2",
  'ALERTS{alertname="First", alertstate="firing"}',
  "vector(1)",
  "x unless x > 2",
  "scalar(sum(x)) > bool 1",
);
const texts = fc.constantFrom(
  "static",
  "{{ $labels.host }} at {{ $value }}",
  "{{ $value | humanize }} {{ $value | humanizePercentage }} {{ humanizeDuration $value }}",
  '{{ if eq $labels.host "a" }}it is a{{ else }}it is {{ $labels.host | toUpper }}{{ end }}',
  '{{ range query "x" | sortByLabel "host" }}{{ .Labels.host }}={{ .Value }};{{ end }}',
  '{{ with query "sum(x)" }}{{ . | first | value | printf "%.2f" }}{{ end }}',
  '{{ reReplaceAll "([a-c])" "<$1>" $labels.host }} {{ $externalLabels.region }} {{ $externalURL }}',
  "{{ $labels.missing }}|{{ .Labels.alertname }}|{{ humanize1024 4096.5 }}|{{ 1.5e9 | humanizeTimestamp }}",
  '{{ define "t" }}<{{ .host }}>{{ end }}{{ template "t" $labels }}{{ block "u" . }}{{ .Value }}{{ end }}',
  '{{ printf "%s-%d-%.3g" $labels.host 3 1234.5 }} {{ title "some words" }} {{ match "a+" $labels.host }}',
  '{{ printf "%.1f %.0f %5.2f|%+.3e %g %G" 0.25 2.5 3.14159 1234.5 1e21 1e-7 }} {{ printf "%.4g %.3g %.2g" 1234.5 0.00012345 99.95 }}',
  "{{ humanize 1234.5 }} {{ humanize 0.0012345 }} {{ humanizeDuration 0.00123 }} {{ humanizeDuration 93784.5 }} {{ humanize1024 1.5e12 }}",
  "{{ stripPort `h:80` }} {{ stripDomain `h.example.org:80` }} {{ parseDuration `1h30m` }} {{ toTime 3600.5 }}",
);
/** Of a label that expands to nothing, Prometheus writes the template itself into ALERTS. */
const labelTexts = texts.filter((text) => !text.includes("query"));
const alerting = fc.record({
  alert: fc.constantFrom("First", "Second", "Third"),
  expr: condition,
  for: time,
  keep_firing_for: time,
  labels: fc.dictionary(fc.constantFrom("severity", "team", "host"), labelTexts, { maxKeys: 2 }),
  annotations: fc.dictionary(fc.constantFrom("summary", "description"), texts, { maxKeys: 2 }),
});
const recording = fc.record({
  record: fc.constantFrom("r:sum", "r:max"),
  expr: fc.constantFrom("sum(x)", "sum by (host) (x)", "max(x) > 1", "count(ALERTS)"),
  labels: fc.dictionary(fc.constantFrom("team"), fc.constantFrom("one", "two"), { maxKeys: 1 }),
});
const scenario = fc.record({
  series: fc.uniqueArray(series, { selector: ({ host }) => host, minLength: 1, maxLength: 3 }),
  rules: fc.uniqueArray(fc.oneof(recording, alerting), {
    minLength: 2,
    maxLength: 5,
    // Two rules of one name may make the same series.
    selector: (rule) => ("record" in rule ? rule.record : rule.alert),
  }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** A test file that expects of each alert and recorded series what we find; undefined where a rule fails here. */
async function expectedByUs({ series: all, rules }: Scenario, name: string) {
  const file = join(folder, `${name}.rules.yaml`);
  writeFileSync(file, stringify({ groups: [{ name: "g", rules }] }));
  const group = {
    interval: formatDuration(stepMs),
    input_series: all.map((one) => ({
      series: `x{host="${one.host}"}`,
      values: one.values.join(" "),
    })),
    external_labels: { region: "eu" },
    external_url: "http://lapwing.example/at",
  };
  const head = { rule_files: [file], evaluation_interval: formatDuration(stepMs) };
  const groups = await readRuleFiles({
    files: [file],
    evaluation_interval: stepMs,
    query_offset: 0,
  });
  const [parsed] = readTestFile(stringify({ ...head, tests: [group] })).tests;
  if (parsed === undefined) throw new Error("no test");
  const stage = new RuleStage(parsed, groups);
  const alerts: object[] = [];
  const names = [...new Set(rules.flatMap((rule) => ("alert" in rule ? [rule.alert] : [])))];
  for (let atMs = 0; atMs <= lastMs; atMs += stepMs) {
    if ((await stage.evaluate(atMs)).length > 0) return undefined;
    for (const alertname of names)
      alerts.push({
        eval_time: formatDuration(atMs),
        alertname,
        exp_alerts: stage.firing(alertname).map(({ labels, annotations }) => {
          const { alertname: _, ...own } = labels;
          return { exp_labels: own, exp_annotations: annotations };
        }),
      });
  }
  const questions = ["ALERTS", "ALERTS_FOR_STATE", '{__name__=~"r:.*"}'];
  const expressions: object[] = [];
  for (const expr of questions)
    for (const atMs of [lastMs / 4, lastMs / 2, lastMs])
      expressions.push({
        expr,
        eval_time: formatDuration(atMs),
        exp_samples: (await stage.query(expr, atMs)).map((sample) => ({
          labels: printedLabels(sample.labels),
          value: Number(formatSample(sample.value)),
        })),
      });
  const tests = [{ ...group, alert_rule_test: alerts, promql_expr_test: expressions }];
  return stringify({ ...head, tests });
}

test.skipIf(promtool === undefined)(
  "promtool finds the same alerts, texts and recorded series at the same times (needs promtool)",
  async () => {
    let [files, compared] = [0, 0];
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const name = `t${files++}`;
        const text = await expectedByUs(given, name);
        if (text === undefined) return;
        compared++;
        const path = join(folder, `${name}.test.yaml`);
        writeFileSync(path, text);
        const { exitCode, stdout, stderr } = Bun.spawnSync([promtool ?? "", "test", "rules", path]);
        if (exitCode !== 0)
          throw new Error(Buffer.concat([stdout, stderr]).toString().slice(0, 6_000));
      }),
      { numRuns: 60 },
    );
    expect(compared).toBeGreaterThan(30);
  },
  120_000,
);
