import type { RE2JS } from "re2js";
import { compiledPattern } from "./compiled_pattern.ts";
import { HeavyRegex, type StepLimit } from "./heavy_regex.ts";
import { plainAlternatives, type TextList } from "./plain_alternatives.ts";
import { recordStepsMax } from "./regex_limits.ts";
import { groupsOf, placeAfter, type Spans, spansOf } from "./regex_spans.ts";

/** A users' regular expression: RE2 syntax, linear time, never the engine's own backtracking one. */
export type LinearRegex = {
  test(text: string): boolean;
  /** Groups by number (0 is the whole match), or undefined without a match. */
  exec(text: string): (string | undefined)[] | undefined;
  /** The text with every match replaced by what `by` makes of its groups; an empty match is left alone. */
  replace(text: string, by: (groups: (string | undefined)[]) => string): string;
  /** The text with what each group of every match took replaced, or the whole match where there are no groups; `only` is one group. */
  replaceGroups(
    text: string,
    by: (taken: string, groups: (string | undefined)[]) => string,
    only?: number,
  ): string;
  /** Start and end of each match that is not empty, up to so many. */
  ranges(text: string, countMax: number): [number, number][];
  readonly source: string;
  /** Numbers of the named groups. */
  readonly groups: ReadonlyMap<string, number>;
};

/**
 * Matches the whole text, dot matches newline: the meaning of `=~` in selectors and of relabelling. Throws OperatingError("bad_request"), and
 * so do its functions where a text takes more than `stepsMax` steps.
 */
export function anchoredRegex(pattern: string, stepsMax = Infinity): LinearRegex {
  return anchored(pattern, { stepsMax, use: "query" });
}

/** Matches anywhere: the meaning of line filters. Throws as anchoredRegex() does. */
export function searchingRegex(pattern: string, stepsMax = Infinity): LinearRegex {
  return compile(pattern, pattern, { stepsMax, use: "query" });
}

/** The two for records on their way in, each of which may take recordStepsMax steps of an expression: see isTooManySteps(). */
export const recordRegex = {
  anchored: (pattern: string) => anchored(pattern, recordLimit),
  searching: (pattern: string) => compile(pattern, pattern, recordLimit),
} as const;

const recordLimit: StepLimit = { stepsMax: recordStepsMax, use: "record" };

function anchored(pattern: string, limit: StepLimit): LinearRegex {
  const isListed = plainAlternatives(pattern);
  if (isListed === undefined) return compile(`^(?s:${pattern})$`, pattern, limit);
  return listed(pattern, isListed, limit);
}

/** A list of texts, which may be long: it is compiled only for those who ask for more than whether a text is in it. */
function listed(pattern: string, isListed: TextList, limit: StepLimit): LinearRegex {
  let known: LinearRegex | undefined;
  const compiled = () => (known ??= compile(`^(?s:${pattern})$`, pattern, limit));
  const test = (text: string) => isListed(text) ?? compiled().test(text);
  return {
    source: pattern,
    groups: new Map(),
    test,
    exec: (text) => (test(text) ? compiled().exec(text) : undefined),
    ranges: (text, countMax) => (test(text) ? compiled().ranges(text, countMax) : []),
    replace: (text, by) => (test(text) ? compiled().replace(text, by) : text),
    replaceGroups: (text, by, only) =>
      test(text) ? compiled().replaceGroups(text, by, only) : text,
  };
}

function compile(pattern: string, source: string, limit: StepLimit): LinearRegex {
  const compiled = checked(pattern, source);
  const size = compiled.re2().numberOfInstructions();
  const isLight = (text: string) => text.length * size <= lightMax;
  // re2js copies what groups took from step to step.
  const sizeWithGroups = size * (1 + compiled.groupCount() / 8);
  const isLean = size * compiled.groupCount() <= leanMax;
  const isLightWithGroups = (text: string) => isLean && text.length * sizeWithGroups <= lightMax;
  let known: HeavyRegex | undefined;
  const heavy = () => (known ??= new HeavyRegex(compiled, pattern, source, limit));
  /** Every match: re2js's while they cost little together, then those of the machine that counts its steps. */
  function* matches(text: string): Generator<Spans> {
    let from = 0;
    if (isLightWithGroups(text)) {
      const matcher = compiled.matcher(text);
      for (let cost = 0; cost <= lightMax; cost += (text.length - from) * sizeWithGroups) {
        if (!matcher.find()) return;
        const spans = spansOf(matcher);
        yield spans;
        from = placeAfter(text, spans);
      }
    }
    yield* heavy().spans(text, from);
  }
  return {
    source,
    groups: new Map(Object.entries(compiled.namedGroups())),
    test: (text) =>
      size <= smallMax && isLight(text)
        ? compiled.matcher(text).find()
        : heavy().test(text, isLight(text)),
    exec: (text) => {
      if (!isLightWithGroups(text)) return heavy().exec(text);
      const matcher = compiled.matcher(text);
      return matcher.find() ? groupsOf(text, spansOf(matcher)) : undefined;
    },
    ...replacing(matches),
  };
}

/** The pattern, which stands within anchors or not. */
function checked(pattern: string, source: string): RE2JS {
  // Compiled alone first, so that "a)(b" is refused and not repaired by the anchors around it.
  if (pattern !== source && source.includes(")")) compiledPattern(source);
  try {
    return compiledPattern(pattern, source);
  } catch (thrown) {
    // The error is about what the user wrote.
    if (pattern !== source) compiledPattern(source);
    throw thrown;
  }
}

/** Instructions times characters up to which re2js is quick, whatever the pattern: 5 ms at worst. */
const lightMax = 200_000;
/** Instructions times groups up to which re2js needs little memory: it has room for the groups of each thread, of hundreds of groups 10 MB, which takes 200 ms to clear. */
const leanMax = 50_000;
/** Instructions of a pattern that re2js tests quickly, whatever the text. */
const smallMax = 200;

function replacing(
  matches: (text: string) => Iterable<Spans>,
): Pick<LinearRegex, "ranges" | "replace" | "replaceGroups"> {
  return {
    ranges: (text, countMax) => {
      const found: [number, number][] = [];
      if (countMax <= 0) return found;
      for (const spans of matches(text)) {
        const [start = 0, end = 0] = [spans[0], spans[1]];
        if (end > start) found.push([start, end]);
        if (found.length >= countMax) break;
      }
      return found;
    },
    replace: (text, by) => {
      let next = "";
      let from = 0;
      for (const spans of matches(text)) {
        const [start = 0, end = 0] = [spans[0], spans[1]];
        if (end === start) continue;
        next += text.slice(from, start) + by(groupsOf(text, spans));
        from = end;
      }
      return from === 0 ? text : next + text.slice(from);
    },
    replaceGroups: (text, by, only) => {
      let next = "";
      let from = 0;
      for (const spans of matches(text)) {
        const groups = groupsOf(text, spans);
        const first = only ?? Math.min(1, groups.length - 1);
        for (let i = first; i <= (only ?? groups.length - 1); i++) {
          const [start = 0, end = 0] = [spans[2 * i], spans[2 * i + 1]];
          const taken = groups[i];
          // A group within one that was replaced is gone with it.
          if (taken === undefined || taken === "" || start < from) continue;
          next += text.slice(from, start) + by(taken, groups);
          from = end;
        }
      }
      return from === 0 ? text : next + text.slice(from);
    },
  };
}
