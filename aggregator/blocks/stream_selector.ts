import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { parseMetricSelector } from "#shared/query_language/promql/parse.ts";

/** Streams of logs by their labels, `{app="x", env=~"dev|test"}`, as matchers. */
export const streamSelector = z.string().transform((text, context) => {
  try {
    if (!/^\s*\{/.test(text)) throw new RangeError("it does not begin with {");
    return parseMetricSelector(text);
  } catch (error) {
    const message = `expected a selector of streams such as {app="x"}: ${messageOf(error)}`;
    context.issues.push({ code: "custom", message, input: text });
    return z.NEVER;
  }
});
