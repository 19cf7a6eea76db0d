import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import type { Matches } from "./compile_match.ts";

/** A LogQL stream selector with line filters and label filters: `{job="nginx"} |= "GET" !~ "health" | status >= 500`. */
export const Match = z.string().transform((text, context): Matches => {
  // Loaded by the first that is written: most agents match nothing.
  const { compileMatch }: typeof import("./compile_match.ts") = require("./compile_match.ts");
  try {
    return compileMatch(text);
  } catch (thrown) {
    context.addIssue({ code: "custom", message: messageOf(thrown), input: text });
    return z.NEVER;
  }
});
