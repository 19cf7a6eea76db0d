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
import { randomRules, sampleValues } from "./random_rules.ts";

const promtool = Bun.which("promtool") ?? undefined;
const folder = mkdtempSync(join(tmpdir(), "lapwing-promtool-rules-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [stepMs, minutes] = [30_000, 20];
const lastMs = minutes * 60_000;

const values = fc.array(sampleValues, { minLength: 2 * minutes, maxLength: 2 * minutes });
const series = fc.record({ host: fc.constantFrom("a", "b", "c"), values });
const scenario = fc.record({
  series: fc.uniqueArray(series, { selector: ({ host }) => host, minLength: 1, maxLength: 3 }),
  rules: randomRules({
    prefix: "",
    times: ["0s", "30s", "1m", "2m", "90s", "5m"],
    // No multiple of the step: versions before 3 take a sample on the left edge.
    range: "100s",
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
