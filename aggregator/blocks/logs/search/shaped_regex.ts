import type { LineTemplate } from "#shared/model/line_template.ts";
import { dead, notText, RegexAutomaton } from "#shared/text/regex_automaton.ts";
import type { RegexProgram } from "#shared/text/regex_program.ts";
import { DigitDiagrams, outcomes } from "./digit_diagrams.ts";
import { StateSets } from "./state_sets.ts";
import { PartsOfTemplates, type TemplateParts } from "./template_parts.ts";
import { bufferOf } from "../texts/text_tests.ts";
import type { SplitForms } from "../texts/forms.ts";
import { type Shape, shapeBytesMax } from "../texts/value_shapes.ts";

/** States that are spent on it: what needs more is gone through line by line. */
const statesMax = 512;

/** A variable in which, or in the constant part after it, lines may begin to match. */
export type VariableTest = {
  readonly variable: number;
  /** By length of the value: where the test begins, below zero for values that need none, and the state there. */
  readonly from: Int16Array;
  readonly state: Int16Array;
  /** Where values of any length are to be read from their begin: the state there; else below zero. */
  readonly always: number;
  readonly parts: TemplateParts;
};

/** What lines of a template come to: all match, none does, those of which a test holds; or that is not told by shapes. */
export type ShapePlan = "all" | "none" | "untold" | readonly VariableTest[];

/**
 * A regular expression over lines of which the shapes of variables are known. Automaton states are followed as sets, all values of a shape at once: where they
 * come together in one state again without a match, as they do at nearly every mark, no value need be read; where they may match, a
 * value is read from the last place in which all are in one state. Exact: shapes hold for all values.
 */
export class ShapedRegex {
  readonly #automaton: RegexAutomaton;
  readonly #sets: StateSets;
  readonly #parts: PartsOfTemplates;
  /** By template and variable. */
  readonly #steps = new Map<LineTemplate, Map<Shape, Step[]>[]>();

  /** As it was planned last: row groups are much alike. */
  readonly #plans = new Map<
    LineTemplate,
    { readonly shapes: readonly (Shape | undefined)[]; readonly plan: ShapePlan }
  >();

  readonly #diagrams: DigitDiagrams;
  /** By test, then by pattern; and by all that a diagram is made of, as tests are much alike. */
  readonly #rootsOf = new Map<VariableTest, Map<string, number>>();
  readonly #madeRoots = new Map<string, number>();
  /** As they were told last. */
  readonly #roots = new WeakMap<SplitForms["forms"], Roots>();

  constructor(program: RegexProgram) {
    this.#automaton = new RegexAutomaton(program, false, statesMax);
    this.#diagrams = new DigitDiagrams(this.#automaton);
    this.#sets = new StateSets(this.#automaton);
    this.#parts = new PartsOfTemplates(this.#automaton);
  }

  get templates(): number {
    return this.#parts.size;
  }

  /** Whether it needs too many states: what was planned or tested is no good any more. */
  get hasFailed(): boolean {
    return this.#automaton.hasFailed || this.#sets.hasFailed;
  }

  /** `shapes`: of the variables, as far as they are known. */
  plan(template: LineTemplate, shapes: readonly (Shape | undefined)[]): ShapePlan {
    const before = this.#plans.get(template);
    if (before?.shapes.every((shape, v) => shape === shapes[v]) === true) return before.plan;
    const plan = this.#plan(template, shapes);
    this.#plans.set(template, { shapes, plan });
    return plan;
  }

  #plan(template: LineTemplate, shapes: readonly (Shape | undefined)[]): ShapePlan {
    const parts = this.#parts.of(template);
    const first = parts.after(0, this.#automaton.start);
    if (parts.matchesAfter(0, this.#automaton.start)) return "all";
    if (first < 0) return "untold";
    const tests: VariableTest[] = [];
    let set = this.#sets.of([first]);
    let steps = this.#steps.get(template);
    if (steps === undefined) this.#steps.set(template, (steps = []));
    for (let variable = 0; variable < parts.last; variable++) {
      if (this.#sets.isDead(set)) break;
      const shape = shapes[variable];
      if (shape === undefined) {
        // The rest of a line is what it likes to be. It is read from its begin where all lines come to it in one state.
        const [only, other] = this.#sets.states(set);
        if (variable < parts.last - 1 || only === undefined || other !== undefined) return "untold";
        tests.push({ variable, from: noLengths, state: noLengths, always: only, parts });
        return tests;
      }
      const known = (steps[variable] ??= new Map());
      let ofSets = known.get(shape);
      if (ofSets === undefined) known.set(shape, (ofSets = []));
      const step = (ofSets[set] ??= this.#variable(parts, variable, set, shape));
      if (step.set < 0 || this.hasFailed) return "untold";
      if (step.test !== undefined) tests.push(step.test);
      if (this.#sets.isEmpty(step.set)) return "all";
      set = step.set;
    }
    return tests.length === 0 ? "none" : tests;
  }

  /** What becomes of lines in a set of states over a variable and the part after it. */
  #variable(parts: TemplateParts, variable: number, set: number, shape: Shape): Step {
    const sets = this.#sets;
    const step = sets.step(set, shape);
    const matching = new Set<number>();
    const others: number[] = [];
    for (const state of sets.states(step.union)) {
      const after = parts.after(variable + 1, state);
      if (after < 0) return untold;
      if (parts.matchesAfter(variable + 1, state)) matching.add(state);
      else others.push(after);
    }
    const next = sets.of(others);
    const from = new Int16Array(shapeBytesMax + 1).fill(-1);
    const state = new Int16Array(shapeBytesMax + 1).fill(dead);
    let isTested = false;
    for (const [i, length] of shape.lengths.entries()) {
      const after = sets.states(step.after[i] ?? 0);
      if (step.mayMatch[i] !== true && !after.some((one) => matching.has(one))) continue;
      isTested = true;
      from[length] = step.from[i] ?? -1;
      state[length] = step.state[i] ?? dead;
      if ((from[length] ?? -1) < 0) return untold;
    }
    return { set: next, test: isTested ? { variable, from, state, always: -1, parts } : undefined };
  }

  /**
   * What a variable's test comes to for each of its forms: a node of `nodes` or an outcome, as digit_diagrams.ts has them. `tests` are those of
   * the variable, by template.
   */
  roots({ forms, patterns }: SplitForms, tests: readonly (VariableTest | undefined)[]): Int32Array {
    const before = this.#roots.get(forms);
    if (before?.tests.every((test, t) => test === tests[t]) === true) return before.roots;
    const all = bufferOf(patterns.bytes);
    const roots = Int32Array.from(forms.templates, (template, form) => {
      const test = tests[template];
      if (test === undefined) return outcomes.miss;
      const pattern = forms.patterns[form] ?? 0;
      const [start, end] = [patterns.starts[pattern] ?? 0, patterns.starts[pattern + 1] ?? 0];
      return patterns.digitCounts === undefined
        ? this.outcomeOf(test, all, start, end)
        : this.#rootOf(test, all.subarray(start, end));
    });
    this.#roots.set(forms, { tests, roots });
    return roots;
  }

  /** What a test comes to for the value bytes[start, end). */
  outcomeOf(test: VariableTest, bytes: Uint8Array, start: number, end: number): number {
    const isAlways = test.always >= 0;
    const at = isAlways ? 0 : (test.from[end - start] ?? -1);
    if (at < 0) return outcomes.miss;
    const before = isAlways ? test.always : (test.state[end - start] ?? dead);
    const after = this.#automaton.run(before, bytes, start + at, end);
    if (after === notText) return outcomes.noText;
    return test.parts.matchesAfter(test.variable + 1, after) ? outcomes.hit : outcomes.miss;
  }

  get nodes(): Int32Array {
    return this.#diagrams.nodes;
  }

  #rootOf(test: VariableTest, pattern: Buffer): number {
    const { length } = pattern;
    const place = test.always >= 0 ? 0 : (test.from[length] ?? -1);
    if (place < 0) return outcomes.miss;
    if (length > shapeBytesMax) return outcomes.untold;
    let known = this.#rootsOf.get(test);
    if (known === undefined) this.#rootsOf.set(test, (known = new Map()));
    const key = pattern.toString("latin1");
    const before = known.get(key);
    if (before !== undefined) return before;
    const state = test.always >= 0 ? test.always : (test.state[length] ?? dead);
    const after = test.variable + 1;
    const made = `${place} ${state} ${test.parts.keyOf(after)}\n${key}`;
    let root = this.#madeRoots.get(made);
    if (root === undefined) {
      const isHitAtEnd = (end: number) => test.parts.matchesAfter(after, end);
      root = this.#diagrams.of({ pattern, place, state, isHitAtEnd });
      this.#madeRoots.set(made, root);
    }
    known.set(key, root);
    return root;
  }
}

type Roots = {
  /** By template. */
  readonly tests: readonly (VariableTest | undefined)[];
  readonly roots: Int32Array;
};

/** The set of lines that have not matched, below zero where a test has no place to begin. */
type Step = { readonly set: number; readonly test: VariableTest | undefined };
const noLengths = new Int16Array();
const untold: Step = { set: -1, test: undefined };
