import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseClassicMatcher, parseClassicMatchers } from "./classic_matchers.ts";
import { type AlertMatcher, isSameMatchers } from "./matcher.ts";
import { parseUtf8Matchers } from "./utf8_matchers.ts";

/**
 * Several matchers in one text, with or without braces: by the UTF-8 parser, and by the classic one where that fails or both read
 * something different (Alertmanager's default mode). Throws OperatingError("bad_request").
 */
export function parseMatchers(input: string): AlertMatcher[] {
  return withFallback(
    () => parseUtf8Matchers(input),
    () => parseClassicMatchers(input),
  );
}

/** One matcher without braces. Throws OperatingError("bad_request"). */
export function parseMatcher(input: string): AlertMatcher {
  if (input.startsWith("{") || input.endsWith("}"))
    throw new OperatingError("bad_request", `unexpected open or close brace: ${input}`);
  const [matcher] = withFallback(
    () => {
      const found = parseUtf8Matchers(input);
      if (found.length === 1) return found;
      throw new OperatingError("bad_request", `expected 1 matcher, found ${found.length}`);
    },
    () => [parseClassicMatcher(input)],
  );
  if (matcher === undefined) throw new OperatingError("bad_request", "no matchers");
  return matcher;
}

function withFallback(utf8: () => AlertMatcher[], classic: () => AlertMatcher[]): AlertMatcher[] {
  const [byUtf8, byClassic] = [attempt(utf8), attempt(classic)];
  if (byUtf8.matchers === undefined) {
    if (byClassic.matchers !== undefined) return byClassic.matchers;
    throw new OperatingError("bad_request", byClassic.fault);
  }
  if (byClassic.matchers === undefined) return byUtf8.matchers;
  return isSameMatchers(byUtf8.matchers, byClassic.matchers) ? byUtf8.matchers : byClassic.matchers;
}

function attempt(parse: () => AlertMatcher[]): {
  readonly matchers: AlertMatcher[] | undefined;
  readonly fault: string;
} {
  try {
    return { matchers: parse(), fault: "" };
  } catch (thrown) {
    return { matchers: undefined, fault: messageOf(thrown) };
  }
}
