import { z } from "zod";
import { duration } from "#shared/text/duration.ts";
import { commonShape, templated } from "../schema_parts.ts";

/** An element of `script_configs`: a program on the aggregator's machine. Off unless the aggregator's own configuration allows scripts. */
export const ScriptConfig = z.strictObject({
  ...commonShape(true),
  /** The program's path and its arguments, which are templates; no shell reads them. */
  command: z
    .array(templated())
    .min(1)
    .refine(([program = ""]) => program.startsWith("/"), "expected the program's absolute path"),
  timeout: duration.prefault("30s"),
});
export type ScriptConfig = z.output<typeof ScriptConfig>;
