import type { RE2JS } from "re2js";
import { turnsSoFar } from "../async/turns.ts";
import { limitOf, OperatingError } from "../errors.ts";
import { shortened } from "./compiled_pattern.ts";
import { notText, RegexAutomaton, tooManySteps } from "./regex_automaton.ts";
import { regexLimits } from "./regex_limits.ts";
import { type Literals, RegexProgram } from "./regex_program.ts";
import { groupsOf, type Spans, spansOf } from "./regex_spans.ts";
import { SteppedMatcher } from "./stepped_match.ts";

/** What an expression may cost. */
export type StepLimit = {
  /** Steps of one text. */
  readonly stepsMax: number;
  /** query: many texts in one turn of the event loop share a budget besides; record: each text has its own. */
  readonly use: "query" | "record";
};

const encoder = new TextEncoder();
/** An automaton's step builds a set of instructions: it costs some four steps of the machine that counts them. */
const automatonShare = 0.25;

/** Whether an expression needed more steps for a text than it may. */
export function isTooManySteps(thrown: unknown): thrown is OperatingError {
  return limitOf(thrown) === "regex_match_steps";
}

/**
 * Matches of large patterns in long texts, which re2js takes seconds for. First an automaton is asked, whose cost is that of the text alone once its
 * states are known; groups, and patterns of too many states, take a machine that counts its steps.
 */
export class HeavyRegex {
  readonly #compiled: RE2JS;
  readonly #source: string;
  readonly #limit: StepLimit;
  /** What must stand in a text that matches. */
  readonly #literals: Literals | undefined;
  readonly #automaton: RegexAutomaton | undefined;
  readonly #matcher: SteppedMatcher | undefined;
  #turn = -1;
  #stepsInTurn = 0;

  constructor(compiled: RE2JS, pattern: string, source: string, limit: StepLimit) {
    this.#compiled = compiled;
    this.#source = source;
    this.#limit = limit;
    const program = RegexProgram.of(pattern);
    this.#literals = fewLiterals(program?.literals);
    this.#automaton = program && new RegexAutomaton(program);
    this.#matcher = program && new SteppedMatcher(program);
  }

  test(text: string, isLight: boolean): boolean {
    const known = this.#quickly(text);
    if (known !== undefined) return known;
    if (this.#limit.use === "query") this.#countSteps(text);
    if (isLight) return this.#compiled.matcher(text).find();
    return this.#first(text) !== undefined;
  }

  exec(text: string): (string | undefined)[] | undefined {
    const found = this.#quickly(text) === false ? undefined : this.#first(text);
    return found && groupsOf(text, found);
  }

  /** All matches from a place on. All of a text together take as many steps as one may. */
  *spans(text: string, from: number): Generator<Spans> {
    if (from === 0 && this.#quickly(text) === false) return;
    if (this.#matcher !== undefined) {
      const onTooMany = () => this.#tooMany(text);
      yield* this.#matcher.all(text, from, this.#limit.stepsMax, onTooMany);
      return;
    }
    if (this.#limit.stepsMax !== Infinity) throw this.#tooMany(text);
    const matcher = this.#compiled.matcher(text);
    while (matcher.find()) if (matcher.start() >= from) yield spansOf(matcher);
  }

  #first(text: string): Spans | undefined {
    if (this.#matcher !== undefined)
      return this.#matcher.first(text, this.#limit.stepsMax, () => this.#tooMany(text));
    if (this.#limit.stepsMax !== Infinity) throw this.#tooMany(text);
    const matcher = this.#compiled.matcher(text);
    return matcher.find() ? spansOf(matcher) : undefined;
  }

  /** Many texts may be matched in one go, as values of labels are. */
  #countSteps(text: string): void {
    const { stepsMax } = this.#limit;
    if (stepsMax === Infinity) return;
    const turn = turnsSoFar();
    if (turn !== this.#turn) [this.#turn, this.#stepsInTurn] = [turn, 0];
    const steps = text.length * this.#compiled.re2().numberOfInstructions();
    this.#stepsInTurn += Math.min(stepsMax, steps);
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
    if (this.#literals !== undefined && !holds(text, this.#literals)) return false;
    const automaton = this.#automaton;
    if (automaton === undefined || automaton.hasFailed) return undefined;
    if (this.#limit.use === "record") automaton.allow(this.#limit.stepsMax * automatonShare);
    const bytes = encoder.encode(text);
    const state = automaton.run(automaton.start, bytes, 0, bytes.length);
    if (state === notText || state === tooManySteps) return undefined;
    const isMatch = automaton.isMatchAtEnd(state);
    return isMatch || !automaton.hasFailed ? isMatch : undefined;
  }

  #tooMany(text: string): OperatingError {
    const { stepsMax, use } = this.#limit;
    const setting = use === "query" ? " (query.regex.match_steps_max)" : "";
    const advice = use === "query" ? "filter out long lines first" : "drop long lines first";
    return new OperatingError(
      "bad_request",
      `regular expression "${shortened(this.#source)}" takes more than ${stepsMax} steps for a text of ${text.length} characters${setting}: use fewer groups and repetitions, or ${advice}`,
      { limit: "regex_match_steps" },
    );
  }
}

/** More of them are not looked for one by one. */
const literalsMax = 32;

function fewLiterals(literals: Literals | undefined): Literals | undefined {
  const count = (one: Literals): number =>
    one.kind === "text" ? 1 : one.of.reduce((sum, part) => sum + count(part), 0);
  return literals !== undefined && count(literals) <= literalsMax ? literals : undefined;
}

function holds(text: string, literals: Literals): boolean {
  switch (literals.kind) {
    case "text":
      return text.includes(literals.text);
    case "all":
      return literals.of.every((part) => holds(text, part));
    case "any":
      return literals.of.some((part) => holds(text, part));
  }
}
