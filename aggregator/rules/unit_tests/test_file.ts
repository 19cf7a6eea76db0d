import { parse } from "yaml";
import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseNumber } from "#shared/query_language/promql/literals.ts";
import { duration } from "#shared/text/duration.ts";

const Texts = z.record(z.string(), z.string());
const number = z.string().transform((text, context) => {
  const isNegative = text.startsWith("-");
  const value = parseNumber(
    text.replace(/^[+-]/, "").replace(/^\./, (dot) => (/^\.\d/.test(text) ? dot : "")),
  );
  if (value !== undefined) return isNegative ? -value : value;
  context.addIssue({ code: "custom", message: "expected a number", input: text });
  return z.NEVER;
});
const flag = z.enum(["true", "false"]).transform((text) => text === "true");

/** Nothing in YAML is an empty text here. */
const listOf = <Item extends z.ZodType>(item: Item) =>
  z.preprocess(
    (value) => (value === "" || value === null ? undefined : value),
    z.array(item).default([]),
  );
const textsOf = z.preprocess((value) => (value === "" ? undefined : value), Texts.default({}));

const AlertTest = z.strictObject({
  eval_time: duration,
  alertname: z.string().min(1),
  exp_alerts: listOf(z.strictObject({ exp_labels: textsOf, exp_annotations: textsOf })),
});
const ExpressionTest = z.strictObject({
  expr: z.string(),
  eval_time: duration,
  exp_samples: listOf(
    z.strictObject({
      labels: z.string().default(""),
      value: number.prefault("0"),
      histogram: z.string().default(""),
    }),
  ),
});
const TestGroup = z.strictObject({
  name: z.string().default(""),
  interval: duration.prefault("1m"),
  start_timestamp: z.string().default("0"),
  input_series: listOf(z.strictObject({ series: z.string(), values: z.string().default("") })),
  alert_rule_test: listOf(AlertTest),
  promql_expr_test: listOf(ExpressionTest),
  external_labels: textsOf,
  external_url: z.string().default(""),
});
const TestFile = z.strictObject({
  rule_files: listOf(z.string()),
  evaluation_interval: duration.prefault("1m"),
  group_eval_order: listOf(z.string()),
  fuzzy_compare: flag.prefault("false"),
  tests: listOf(TestGroup),
});

export type TestFile = z.output<typeof TestFile>;
export type TestGroup = z.output<typeof TestGroup>;
export type AlertTest = z.output<typeof AlertTest>;
export type ExpressionTest = z.output<typeof ExpressionTest>;

/** Reads a file of unit tests of rules in promtool's form. Throws OperatingError("bad_request") with all mistakes. */
export function readTestFile(text: string): TestFile {
  let content: unknown;
  try {
    // Scalars as they are written, as Go reads them into texts.
    content = parse(text, { schema: "failsafe", merge: true });
  } catch (cause) {
    throw new OperatingError("bad_request", messageOf(cause), { cause });
  }
  const parsed = TestFile.safeParse(content);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new OperatingError("bad_request", mistakes.join("\n"));
}
