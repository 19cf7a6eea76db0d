import { type LineTemplate, variablesOf } from "#shared/model/line_template.ts";
import { dead, matched, RegexAutomaton } from "#shared/text/regex_automaton.ts";
import type { RegexProgram } from "#shared/text/regex_program.ts";
import { ShapedRegex } from "./shaped_regex.ts";
import { PartsOfTemplates, type TemplateParts } from "./template_parts.ts";

/** What a regular expression makes of lines of a template: it matches all, none, or it depends on the variables. */
export type Verdict = "all" | "none" | "some";

/** A regular expression over lines that are templates and variables: constant parts are gone through once, not once a line. */
export class TemplateRegex {
  readonly program: RegexProgram;
  /** The same where the shapes of variables are known. It may have failed alone. */
  readonly shaped: ShapedRegex;
  readonly #exact: RegexAutomaton;
  readonly #loose: RegexAutomaton;
  readonly #parts: PartsOfTemplates;
  /** As it was last: frames of the head, and row groups, are much alike. */
  readonly #verdicts = new Map<
    LineTemplate,
    { readonly sets: readonly Uint8Array[]; readonly verdict: Verdict }
  >();

  constructor(program: RegexProgram) {
    this.program = program;
    this.shaped = new ShapedRegex(program);
    this.#exact = new RegexAutomaton(program);
    this.#parts = new PartsOfTemplates(this.#exact);
    this.#loose = new RegexAutomaton(program, true);
  }

  /** How many templates it knows. */
  get templates(): number {
    return this.shaped.templates + this.#parts.size + this.#verdicts.size;
  }

  /** Whether it is no good any more: patterns that need too many states. */
  get hasFailed(): boolean {
    return this.#exact.hasFailed || this.#loose.hasFailed;
  }

  /** `bytesIn` gives, by variable, which bytes it may have: the same object for equal sets. */
  verdict(template: LineTemplate, bytesIn: (variable: number) => Uint8Array): Verdict {
    const before = this.#verdicts.get(template);
    if (before?.sets.every((set, variable) => set === bytesIn(variable)) === true)
      return before.verdict;
    const sets = Array.from({ length: variablesOf(template) }, (_, variable) => bytesIn(variable));
    const verdict = this.#verdict(template, sets);
    this.#verdicts.set(template, { sets, verdict });
    return verdict;
  }

  #verdict({ parts, partEnds }: LineTemplate, sets: readonly Uint8Array[]): Verdict {
    let start = 0;
    let state = this.#loose.start;
    for (let p = 0; p < partEnds.length && state > dead; p++) {
      const end = partEnds[p] ?? 0;
      state = this.#loose.run(state, parts, start, end);
      const set = sets[p];
      if (set !== undefined) state = this.#loose.widened(state, set);
      start = end;
    }
    // The end of the text is a place like any other to a loose one.
    if (state !== matched) return state < 0 ? "some" : "none";
    start = 0;
    for (let p = 0; p < partEnds.length; p++) {
      const end = partEnds[p] ?? 0;
      if (this.#exact.matchesAlways(parts.subarray(start, end))) return "all";
      start = end;
    }
    return "some";
  }

  /** The parts of a template, gone through once from each state. */
  open(template: LineTemplate): TemplateParts {
    return this.#parts.of(template);
  }

  /** The state that lines begin in. */
  get start(): number {
    return this.#exact.start;
  }

  /** As RegexAutomaton.run(). */
  run(state: number, bytes: Uint8Array, from: number, to: number): number {
    return this.#exact.run(state, bytes, from, to);
  }

  isMatchAtEnd(state: number): boolean {
    return this.#exact.isMatchAtEnd(state);
  }

  /** Whether a whole line matches; undefined where its bytes are no text. */
  test(bytes: Uint8Array, start: number, end: number): boolean | undefined {
    const state = this.#exact.run(this.#exact.start, bytes, start, end);
    return state < 0 ? undefined : this.#exact.isMatchAtEnd(state);
  }
}
