import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import type { Records } from "./records.ts";

/** Throws an error of isTooManySteps() where an expression takes too many steps for the record. */
export type Matches = (records: Records, row: number) => boolean;

/** A LogQL stream selector with line filters and label filters: `{job="nginx"} |= "GET" !~ "health" | status >= 500`. */
export const Match = z.string().transform((text, context): Matches => {
  // Loaded by the first that is written: most agents match nothing.
  const loaded: typeof import("./compile_match.ts") = require("./compile_match.ts");
  try {
    return loaded.compileMatch(text);
  } catch (thrown) {
    context.addIssue({ code: "custom", message: messageOf(thrown), input: text });
    return z.NEVER;
  }
});
