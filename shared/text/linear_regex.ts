import { RE2JS } from "re2js";
import { OperatingError, messageOf } from "../errors.ts";

/** A users' regular expression: RE2 syntax, linear time, never the engine's own backtracking one. */
export type LinearRegex = {
  test(text: string): boolean;
  /** Groups by number (0 is the whole match), or undefined without a match. */
  exec(text: string): (string | undefined)[] | undefined;
  /** The text with every match replaced by what `by` makes of its groups; an empty match is left alone. */
  replace(text: string, by: (groups: (string | undefined)[]) => string): string;
  /** The text with what each group of every match took replaced, or the whole match where there are no groups. */
  replaceGroups(
    text: string,
    by: (taken: string, groups: (string | undefined)[]) => string,
  ): string;
  /** Start and end of each match that is not empty, up to so many. */
  ranges(text: string, countMax: number): [number, number][];
  readonly source: string;
  /** Numbers of the named groups. */
  readonly groups: ReadonlyMap<string, number>;
};

/** Matches the whole text, dot matches newline: the meaning of `=~` in selectors and of relabelling. Throws OperatingError("bad_request"). */
export function anchoredRegex(pattern: string): LinearRegex {
  return compile(`^(?s:${pattern})$`, pattern);
}

/** Matches anywhere: the meaning of line filters. Throws OperatingError("bad_request"). */
export function searchingRegex(pattern: string): LinearRegex {
  return compile(pattern, pattern);
}

function groupsOf(matcher: ReturnType<RE2JS["matcher"]>): (string | undefined)[] {
  return Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined);
}

function compile(pattern: string, source: string): LinearRegex {
  try {
    // Compiled alone first, so that "a)(b" is refused and not repaired by the anchors around it.
    RE2JS.compile(source);
    const compiled = RE2JS.compile(pattern);
    return {
      source,
      groups: new Map(Object.entries(compiled.namedGroups())),
      test: (text) => compiled.matcher(text).find(),
      ranges: (text, countMax) => {
        const matcher = compiled.matcher(text);
        const found: [number, number][] = [];
        while (found.length < countMax && matcher.find())
          if (matcher.end() > matcher.start()) found.push([matcher.start(), matcher.end()]);
        return found;
      },
      replace: (text, by) => {
        const matcher = compiled.matcher(text);
        let next = "";
        let from = 0;
        while (matcher.find()) {
          if (matcher.end() === matcher.start()) continue;
          next += text.slice(from, matcher.start()) + by(groupsOf(matcher));
          from = matcher.end();
        }
        return from === 0 ? text : next + text.slice(from);
      },
      replaceGroups: (text, by) => {
        const matcher = compiled.matcher(text);
        let next = "";
        let from = 0;
        while (matcher.find()) {
          const groups = groupsOf(matcher);
          for (let i = Math.min(1, matcher.groupCount()); i < groups.length; i++) {
            const taken = groups[i];
            // A group within one that was replaced is gone with it.
            if (taken === undefined || taken === "" || matcher.start(i) < from) continue;
            next += text.slice(from, matcher.start(i)) + by(taken, groups);
            from = matcher.end(i);
          }
        }
        return from === 0 ? text : next + text.slice(from);
      },
      exec: (text) => {
        const matcher = compiled.matcher(text);
        return matcher.find() ? groupsOf(matcher) : undefined;
      },
    };
  } catch (cause) {
    throw new OperatingError("bad_request", `regular expression "${source}": ${messageOf(cause)}`, {
      cause,
    });
  }
}
