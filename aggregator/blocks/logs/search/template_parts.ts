import type { LineTemplate } from "#shared/model/line_template.ts";
import { dead, matched, type RegexAutomaton } from "#shared/text/regex_automaton.ts";
import { bufferOf } from "../texts/text_tests.ts";

const unknown = -1;
const noStates = new Int32Array();

/** Of all templates that a query has met. */
export class PartsOfTemplates {
  readonly #automaton: RegexAutomaton;
  readonly #known = new Map<LineTemplate, TemplateParts>();

  constructor(automaton: RegexAutomaton) {
    this.#automaton = automaton;
  }

  get size(): number {
    return this.#known.size;
  }

  of(template: LineTemplate): TemplateParts {
    let parts = this.#known.get(template);
    if (parts === undefined)
      this.#known.set(template, (parts = new TemplateParts(this.#automaton, template)));
    return parts;
  }
}

/** The parts of a template, gone through once from each state. */
export class TemplateParts {
  readonly #automaton: RegexAutomaton;
  readonly #template: LineTemplate;
  /** By part and the state before it. */
  readonly #after: Int32Array[];

  constructor(automaton: RegexAutomaton, template: LineTemplate) {
    this.#automaton = automaton;
    this.#template = template;
    this.#after = Array.from(template.partEnds, () => noStates);
  }

  get last(): number {
    return this.#after.length - 1;
  }

  /** The state after part `p`. */
  after(p: number, state: number): number {
    if (state <= dead) return state;
    const known = this.#after[p]?.[state] ?? unknown;
    return known === unknown ? this.#run(p, state) : known;
  }

  /** Whether lines match that come to part `p` in this state, by the part's end or the line's. */
  matchesAfter(p: number, state: number): boolean {
    const after = this.after(p, state);
    return after === matched || (p === this.last && this.#automaton.isMatchAtEnd(after));
  }

  /** Equal for parts that are alike in all that after() and matchesAfter() tell. */
  keyOf(p: number): string {
    const { parts, partEnds } = this.#template;
    const part = bufferOf(parts.subarray(p === 0 ? 0 : (partEnds[p - 1] ?? 0), partEnds[p] ?? 0));
    return `${p === this.last ? "last" : "part"} ${part.length} ${part.toString("latin1")}`;
  }

  #run(p: number, state: number): number {
    const { parts, partEnds } = this.#template;
    const start = p === 0 ? 0 : (partEnds[p - 1] ?? 0);
    const next = this.#automaton.run(state, parts, start, partEnds[p] ?? 0);
    let after = this.#after[p] ?? noStates;
    if (state >= after.length) {
      const larger = new Int32Array(Math.max(8, 2 * state)).fill(unknown);
      larger.set(after);
      this.#after[p] = after = larger;
    }
    after[state] = next;
    return next;
  }
}
