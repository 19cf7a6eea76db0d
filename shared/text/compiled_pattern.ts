import { RE2JS } from "re2js";
import { OperatingError, messageOf } from "../errors.ts";
import { patternSize } from "./pattern_size.ts";
import { regexLimits } from "./regex_limits.ts";

/** Larger patterns are kept for those who compile the same one again: a query does so from its parser down to its matchers. */
const keptMin = 200;
const keptMax = 8;
const kept = new Map<string, RE2JS>();

/** A pattern in RE2's syntax, compiled. `shown` stands for it in messages. Throws OperatingError("bad_request"). */
export function compiledPattern(pattern: string, shown = pattern): RE2JS {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  const size = patternSize(pattern);
  const { instructionsMax } = regexLimits();
  if (size > instructionsMax)
    throw new OperatingError(
      "bad_request",
      `regular expression "${shortened(shown)}" compiles to about ${size} instructions, at most ${instructionsMax} are allowed (query.regex.instructions_max): use fewer alternatives or repetitions`,
      { limit: "regex_size" },
    );
  try {
    const compiled = RE2JS.compile(pattern);
    if (size >= keptMin) {
      const [oldest] = kept.keys();
      if (kept.size >= keptMax && oldest !== undefined) kept.delete(oldest);
      kept.set(pattern, compiled);
    }
    return compiled;
  } catch (cause) {
    throw new OperatingError("bad_request", `regular expression "${shown}": ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** The beginning of a pattern that may be long. */
export function shortened(pattern: string): string {
  return pattern.length <= 100 ? pattern : `${pattern.slice(0, 100)}...`;
}
