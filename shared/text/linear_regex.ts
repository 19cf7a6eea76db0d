import type { RE2JS } from "re2js";
import { turnsSoFar } from "../async/turns.ts";
import { OperatingError } from "../errors.ts";
import { compiledPattern, shortened } from "./compiled_pattern.ts";
import { plainAlternatives, type TextList } from "./plain_alternatives.ts";
import { notText, RegexAutomaton } from "./regex_automaton.ts";
import { regexLimits } from "./regex_limits.ts";
import { RegexProgram } from "./regex_program.ts";
import { SteppedMatcher } from "./stepped_match.ts";

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

/**
 * Matches the whole text, dot matches newline: the meaning of `=~` in selectors and of relabelling. Throws OperatingError("bad_request"), and
 * so do test() and exec() where a match takes more than `stepsMax` steps.
 */
export function anchoredRegex(pattern: string, stepsMax = Infinity): LinearRegex {
  const isListed = plainAlternatives(pattern);
  if (isListed === undefined) return compile(`^(?s:${pattern})$`, pattern, stepsMax);
  return listed(pattern, isListed, stepsMax);
}

/** Matches anywhere: the meaning of line filters. Throws as anchoredRegex() does. */
export function searchingRegex(pattern: string, stepsMax = Infinity): LinearRegex {
  return compile(pattern, pattern, stepsMax);
}

/** A list of texts, which may be long: it is compiled only for those who ask for more than whether a text is in it. */
function listed(pattern: string, isListed: TextList, stepsMax: number): LinearRegex {
  let known: LinearRegex | undefined;
  const compiled = () => (known ??= compile(`^(?s:${pattern})$`, pattern, stepsMax));
  const test = (text: string) => isListed(text) ?? compiled().test(text);
  return {
    source: pattern,
    groups: new Map(),
    test,
    exec: (text) => (test(text) ? compiled().exec(text) : undefined),
    ranges: (text, countMax) => (test(text) ? compiled().ranges(text, countMax) : []),
    replace: (text, by) => (test(text) ? compiled().replace(text, by) : text),
    replaceGroups: (text, by) => (test(text) ? compiled().replaceGroups(text, by) : text),
  };
}

function groupsOf(matcher: ReturnType<RE2JS["matcher"]>): (string | undefined)[] {
  return Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined);
}

function compile(pattern: string, source: string, stepsMax: number): LinearRegex {
  const compiled = checked(pattern, source);
  const size = compiled.re2().numberOfInstructions();
  const isLight = (text: string) => text.length * size <= lightMax;
  // re2js copies what groups took from step to step.
  const sizeWithGroups = size * (1 + compiled.groupCount() / 8);
  let known: HeavyRegex | undefined;
  const heavy = () => (known ??= new HeavyRegex(compiled, pattern, source, stepsMax));
  return {
    source,
    groups: new Map(Object.entries(compiled.namedGroups())),
    test: (text) =>
      size <= smallMax && isLight(text)
        ? compiled.matcher(text).find()
        : heavy().test(text, isLight(text)),
    exec: (text) => {
      if (text.length * sizeWithGroups > lightMax) return heavy().exec(text);
      const matcher = compiled.matcher(text);
      return matcher.find() ? groupsOf(matcher) : undefined;
    },
    ...replacing(compiled),
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
/** Instructions of a pattern that re2js tests quickly, whatever the text. */
const smallMax = 200;
const encoder = new TextEncoder();

/**
 * Matches of large patterns in long texts, which re2js takes seconds for. First an automaton is asked, whose cost is that of the text alone once its
 * states are known; groups, and patterns of too many states, take a machine that counts its steps.
 */
class HeavyRegex {
  readonly #compiled: RE2JS;
  readonly #source: string;
  readonly #stepsMax: number;
  readonly #automaton: RegexAutomaton | undefined;
  readonly #matcher: SteppedMatcher | undefined;
  #turn = -1;
  #stepsInTurn = 0;

  constructor(compiled: RE2JS, pattern: string, source: string, stepsMax: number) {
    this.#compiled = compiled;
    this.#source = source;
    this.#stepsMax = stepsMax;
    const program = RegexProgram.of(pattern);
    this.#automaton = program && new RegexAutomaton(program);
    this.#matcher = program && new SteppedMatcher(program.instructions, program.start);
  }

  test(text: string, isLight: boolean): boolean {
    const known = this.#quickly(text);
    if (known !== undefined) return known;
    this.#countSteps(text);
    return isLight ? this.#compiled.matcher(text).find() : this.#find(text) !== undefined;
  }

  exec(text: string): (string | undefined)[] | undefined {
    return this.#quickly(text) === false ? undefined : this.#find(text);
  }

  /** Many texts may be matched in one go, as values of labels are. */
  #countSteps(text: string): void {
    if (this.#stepsMax === Infinity) return;
    const turn = turnsSoFar();
    if (turn !== this.#turn) [this.#turn, this.#stepsInTurn] = [turn, 0];
    const steps = text.length * this.#compiled.re2().numberOfInstructions();
    this.#stepsInTurn += Math.min(this.#stepsMax, steps);
    const { turnStepsMax } = regexLimits();
    if (this.#stepsInTurn > turnStepsMax)
      throw new OperatingError(
        "bad_request",
        `regular expression "${shortened(this.#source)}" takes more than ${turnStepsMax} steps for the label values or lines that it is matched with in one go (query.regex.turn_steps_max): use fewer alternatives and repetitions, or add a matcher by "="`,
        { limit: "regex_turn_steps" },
      );
  }

  /** Undefined where the automaton does not know. */
  #quickly(text: string): boolean | undefined {
    const automaton = this.#automaton;
    if (automaton === undefined || automaton.hasFailed) return undefined;
    const bytes = encoder.encode(text);
    const state = automaton.run(automaton.start, bytes, 0, bytes.length);
    if (state === notText) return undefined;
    const isMatch = automaton.isMatchAtEnd(state);
    return isMatch || !automaton.hasFailed ? isMatch : undefined;
  }

  #find(text: string): (string | undefined)[] | undefined {
    const tooMany = () =>
      new OperatingError(
        "bad_request",
        `regular expression "${shortened(this.#source)}" takes more than ${this.#stepsMax} steps for a text of ${text.length} characters (query.regex.match_steps_max): use fewer groups and repetitions, or filter out long lines first`,
        { limit: "regex_match_steps" },
      );
    if (this.#matcher !== undefined) return this.#matcher.find(text, this.#stepsMax, tooMany);
    if (this.#stepsMax !== Infinity) throw tooMany();
    const matcher = this.#compiled.matcher(text);
    return matcher.find() ? groupsOf(matcher) : undefined;
  }
}

function replacing(compiled: RE2JS): Pick<LinearRegex, "ranges" | "replace" | "replaceGroups"> {
  return {
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
  };
}
