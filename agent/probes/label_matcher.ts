import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { compileMatchers } from "#shared/query_language/matchers.ts";
import { parseMetricSelector } from "#shared/query_language/promql/parse.ts";
import type { LabelMatcher as Compiled } from "./vantages.ts";

const expected = 'expected a condition such as region=~"eu-.*"';

/** One condition as in a selector of PromQL: `region="eu"`, `env!="dev"`, `zone=~"a|b"`. A label that is absent is empty. */
export const LabelMatcher = z.string().transform((text, context): Compiled => {
  const selector = `{${text}}`;
  let why = "";
  try {
    const matchers = parseMetricSelector(selector);
    if (matchers.length === 1 && matchers[0]?.name !== metricNameLabel)
      return { source: text, matches: compileMatchers(matchers) };
  } catch (thrown) {
    why = ` (${selector}: ${messageOf(thrown)})`;
  }
  context.addIssue({ code: "custom", message: `${expected}${why}`, input: text });
  return z.NEVER;
});
