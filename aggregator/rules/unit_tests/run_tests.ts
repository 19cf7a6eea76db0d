import { messageOf } from "#shared/errors.ts";
import { histogramNotation } from "#shared/model/histogram_text.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import { printedLabels } from "#shared/model/printed_labels.ts";
import { parseHistogram } from "#shared/query_language/promql/test_series/histograms.ts";
import { parseTestLabels } from "#shared/query_language/promql/test_series/series.ts";
import { formatDuration } from "#shared/text/duration.ts";
import { formatShort } from "#shared/text/go_float_text.ts";
import type { RuleGroup, RuleSample } from "../rule.ts";
import { RuleStage } from "./rule_stage.ts";
import type { AlertTest, ExpressionTest, TestFile, TestGroup } from "./test_file.ts";

/** Runs one test of a file against groups of rules, as promtool does (cmd/promtool/unittest.go). Gives what failed. */
export async function runTestGroup(
  test: TestGroup,
  { evaluation_interval: stepMs, fuzzy_compare: isFuzzy }: TestFile,
  groups: readonly RuleGroup[],
): Promise<string[]> {
  const stage = new RuleStage(test, groups);
  const lastMs = Math.max(
    0,
    ...[...test.alert_rule_test, ...test.promql_expr_test].map((one) => one.eval_time),
  );
  const failures: string[] = [];
  for (let atMs = 0; atMs <= lastMs; atMs += stepMs) {
    const faults = await stage.evaluate(atMs);
    if (faults.length > 0) return [...failures, ...faults];
    // An evaluation stands for the time up to the next one.
    for (const one of test.alert_rule_test)
      if (one.eval_time >= atMs && one.eval_time < atMs + stepMs)
        failures.push(...checkAlerts(stage, one, test.name));
  }
  for (const one of test.promql_expr_test)
    failures.push(...(await checkExpression(stage, one, isFuzzy)));
  return failures;
}

function checkAlerts(
  stage: RuleStage,
  { alertname, eval_time: atMs, exp_alerts: wanted }: AlertTest,
  name: string,
): string[] {
  const got = stage
    .firing(alertname)
    .map(({ labels, annotations }) => alertText(labels, annotations));
  const expected = wanted.map(({ exp_labels: labels, exp_annotations: annotations }) =>
    alertText({ ...labels, alertname }, annotations),
  );
  if (sameTexts(got, expected)) return [];
  const where = `${name === "" ? "" : `    name: ${name},\n`}    alertname: ${alertname}, time: ${formatDuration(atMs)}, `;
  return [`${where}\n        exp:${listed(expected)}, \n        got:${listed(got)}`];
}

async function checkExpression(
  stage: RuleStage,
  { expr, eval_time: atMs, exp_samples: wanted }: ExpressionTest,
  isFuzzy: boolean,
): Promise<string[]> {
  const where = `    expr: ${JSON.stringify(expr)}, time: ${formatDuration(atMs)}`;
  try {
    const got = await stage.query(expr, atMs);
    const expected = wanted.map(({ labels, value, histogram }) => ({
      labels: labels === "" ? {} : parseTestLabels(labels),
      value,
      ...(histogram !== "" && { histogram: parseHistogram(histogram).histogram }),
    }));
    const [a, b] = [sorted(got), sorted(expected)];
    const isSame = a.length === b.length && a.every((one, i) => same(one, b[i], isFuzzy));
    if (isSame) return [];
    return [`${where},\n        exp: ${samplesText(b)}\n        got: ${samplesText(a)}`];
  } catch (thrown) {
    return [`${where}, err: ${messageOf(thrown)}`];
  }
}

function alertText(labels: Labels, annotations: Labels): string {
  return `Labels:${printedLabels(labels)} Annotations:${printedLabels(annotations)}`;
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted());
}

function listed(texts: readonly string[]): string {
  const lines = texts.toSorted().map((text, i) => `\n            ${i}: ${text}`);
  return lines.length === 0 ? "[]" : `[${lines.join("")}\n            ]`;
}

function sorted(samples: readonly RuleSample[]): RuleSample[] {
  const keyed = samples.map((sample) => [labelsKey(sample.labels), sample] as const);
  return keyed.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, sample]) => sample);
}

function same(got: RuleSample, wanted: RuleSample | undefined, isFuzzy: boolean): boolean {
  if (wanted === undefined || labelsKey(got.labels) !== labelsKey(wanted.labels)) return false;
  if (got.histogram !== undefined || wanted.histogram !== undefined)
    return notationOf(got) === notationOf(wanted);
  if (Object.is(got.value, wanted.value) || got.value === wanted.value) return true;
  return isFuzzy && areNeighbours(got.value, wanted.value);
}

/** Whether no other number lies between two. */
function areNeighbours(a: number, b: number): boolean {
  const words = new BigInt64Array(Float64Array.of(a, b).buffer);
  const [first = 0n, second = 0n] = words;
  return Math.sign(a) === Math.sign(b) && (first - second === 1n || second - first === 1n);
}

function notationOf({ histogram }: RuleSample): string {
  return histogram === undefined
    ? ""
    : histogramNotation({ ...histogram, counterResetHint: "unknown" });
}

function samplesText(samples: readonly RuleSample[]): string {
  if (samples.length === 0) return "nil";
  return samples
    .map((sample) => {
      const value = sample.histogram === undefined ? formatShort(sample.value) : notationOf(sample);
      return `${printedLabels(sample.labels)} ${value}`;
    })
    .join(", ");
}
