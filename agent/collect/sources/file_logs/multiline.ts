import { z } from "zod";
import { duration } from "#shared/text/duration.ts";
import { LinearPattern } from "../../../pipeline/processors/regex.ts";
import type { LineJoiner } from "./line_joiner.ts";
import { stackTraces } from "./stack_traces.ts";

/** How lines of a file are joined to records. A record is at most `line_size_max` bytes. */
export const MultilineConfig = z.lazy(() =>
  z
    .strictObject({
      /**
       * stack_traces: those of Java, Python, Go, Node, Ruby, PHP, .NET and Perl are recognised; start: a record begins where `start`
       * matches; indented: a line that begins with a space or tab belongs to the one before.
       */
      mode: z.enum(["stack_traces", "start", "indented"]).default("stack_traces"),
      /** RE2. */
      start: LinearPattern.optional(),
      /** A longer record is taken in parts. */
      lines_max: z.number().int().min(2).max(10_000).default(1_000),
      /** A record is taken as it is when its file has not grown for so long. */
      flush_timeout: duration.pipe(z.number().min(10)).prefault("1s"),
    })
    .refine(({ mode, start }) => (mode === "start") === (start !== undefined), {
      path: ["start"],
      error: `expected a pattern with mode "start", and none with others`,
    }),
);
export type MultilineConfig = z.output<typeof MultilineConfig>;

export function lineJoiner({ mode, start }: MultilineConfig): LineJoiner {
  if (mode === "stack_traces") return stackTraces();
  if (mode === "indented" || start === undefined)
    return { start: () => {}, continues: (line) => (/^[ \t]/.test(line) ? "yes" : "no") };
  return { start: () => {}, continues: (line) => (start.test(line) ? "no" : "yes") };
}
