import { RE2JS } from "re2js";
import { OperatingError, messageOf } from "../errors.ts";
import { patternSize } from "./pattern_size.ts";

/**
 * Instructions of one regular expression; a larger one is refused before it is compiled. Compiling takes 2 microseconds for each, and all else waits. A list of
 * 1,500 host names with wildcards has as many; a list of plain names may be of any length, since it needs no program.
 */
export const regexInstructionsMax = 40_000;

/** Larger patterns are kept for those who compile the same one again: a query does so from its parser down to its matchers. */
const keptMin = 200;
const keptMax = 8;
const kept = new Map<string, RE2JS>();

/** A pattern in RE2's syntax, compiled. `shown` stands for it in messages. Throws OperatingError("bad_request"). */
export function compiledPattern(pattern: string, shown = pattern): RE2JS {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  const size = patternSize(pattern);
  if (size > regexInstructionsMax)
    throw new OperatingError(
      "bad_request",
      `regular expression "${shortened(shown)}" compiles to about ${size} instructions, at most ${regexInstructionsMax} are allowed: use fewer alternatives or repetitions`,
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
