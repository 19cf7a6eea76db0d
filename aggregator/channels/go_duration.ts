import { z } from "zod";
import { parseGoDuration } from "#shared/text/go_units.ts";

/** A duration of Go ("1h15m30.5s"); parses to milliseconds. */
export const goDuration = z.string().transform((text, context) => {
  const ns = parseGoDuration(text);
  if (ns !== undefined && ns >= 0) return ns / 1e6;
  context.addIssue({
    code: "custom",
    message: 'expected a duration such as "30s" or "1h30m"',
    input: text,
  });
  return z.NEVER;
});
