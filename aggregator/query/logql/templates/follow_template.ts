import type { LineTemplate } from "#shared/model/line_template.ts";
import type { VariableBytes } from "../../../read/source.ts";

/**
 * A place of the lines of a template: behind so many bytes of constant parts and so many variables. A number, so that places are compared and
 * kept as numbers.
 */
export type Place = number;
const variablesMax = 64;
/** Within a variable: not at the same place of all lines. */
export const inVariable: Place = -1;
/** Behind the last character of a line, while it is not known where that is. */
export const endOfLine: Place = Number.MAX_SAFE_INTEGER;
/** No place at all: of a group that took no part. */
export const nowhere: Place = -2;

export function placeOf(constant: number, variables: number): Place {
  return constant * variablesMax + variables;
}

export function constantOf(place: Place): number {
  return Math.floor(place / variablesMax);
}

export function variablesBefore(place: Place): number {
  return place % variablesMax;
}

/** What a parser takes out of a line, and where it stands; `from` may be nowhere. */
export type Taken = { readonly name: string; readonly from: Place; readonly to: Place };

/**
 * A parser of lines as a machine that reads them from the begin to the end, once. States are never changed; those with the same key go on in the same
 * way. `at` is the place before a character, `within` how many constant characters of its part stand before it, -1 for one of a variable.
 */
export type LineMachine<State> = {
  readonly start: State;
  step(state: State, code: number, at: Place, within: number): State;
  /** Where lines end; of a state that isDone() it is the same for every place. */
  end(state: State, at: Place): readonly Taken[];
  keyOf(state: State): string;
  /** Whether nothing that follows makes a difference. */
  isDone(state: State): boolean;
  /** Some of the ASCII characters that are marked, at least one of those that the machine can't tell apart. */
  unlike(marked: Uint8Array): readonly number[];
};

/** States that are followed at once. */
const statesMax = 48;
/** Steps that are spent on a template: it costs more than most have lines, where it takes more. */
const stepsMax = 10_000;

/** Steps that may be spent. */
export type Steps = { left: number };

/**
 * What a parser takes out of every line of a template whose variables are made of such bytes, each line the same at the same places; undefined where
 * that can't be said. All values of a variable are followed at once, as a set of states that grows until no byte adds another.
 */
export function followTemplate<State>(
  machine: LineMachine<State>,
  { parts, partEnds }: LineTemplate,
  variables: readonly (VariableBytes | undefined)[],
  steps: Steps,
): readonly Taken[] | undefined {
  if (parts.some((byte) => byte >= 0x80)) return undefined;
  const least = steps.left - stepsMax;
  let states: readonly State[] = [machine.start];
  let constant = 0;
  for (let p = 0; p < partEnds.length; p++) {
    const from = constant;
    for (; constant < (partEnds[p] ?? 0); constant++) {
      const [code, at] = [parts[constant] ?? 0, placeOf(constant, p)];
      states = distinct(
        machine,
        states.map((state) => machine.step(state, code, at, constant - from)),
      );
      steps.left -= states.length;
    }
    if (states.every((state) => machine.isDone(state))) break;
    if (p === partEnds.length - 1) break;
    const bytes = variables[p];
    const after = bytes && overVariable(machine, states, bytes, placeOf(constant, p), steps);
    if (after === undefined || steps.left < Math.max(0, least)) return undefined;
    states = after;
  }
  const at = placeOf(parts.length, partEnds.length - 1);
  const [first, ...others] = states.map((state) => machine.end(state, at));
  if (first === undefined || !others.every((other) => isSame(first, other))) return undefined;
  return first.map((taken) => (taken.to === endOfLine ? { ...taken, to: at } : taken));
}

/** All states after any value of a variable; undefined where they are too many. */
function overVariable<State>(
  machine: LineMachine<State>,
  before: readonly State[],
  { isIn, isFirst, mayBeEmpty }: VariableBytes,
  at: Place,
  steps: Steps,
): readonly State[] | undefined {
  const reached = new Map<string, State>();
  const add = (state: State) => {
    const key = machine.keyOf(state);
    if (!reached.has(key)) reached.set(key, state);
  };
  const firsts = machine.unlike(isFirst);
  steps.left -= before.length * firsts.length;
  for (const state of before) for (const code of firsts) add(machine.step(state, code, at, -1));
  const codes = machine.unlike(isIn);
  // What is added here is come to by this loop, too.
  for (const state of reached.values()) {
    if (reached.size > statesMax || steps.left < 0) return undefined;
    steps.left -= codes.length;
    for (const code of codes) add(machine.step(state, code, inVariable, -1));
  }
  if (mayBeEmpty) for (const state of before) add(state);
  return reached.size > statesMax ? undefined : [...reached.values()];
}

function distinct<State>(machine: LineMachine<State>, states: readonly State[]): readonly State[] {
  if (states.length < 2) return states;
  return [...new Map(states.map((state) => [machine.keyOf(state), state])).values()];
}

function isSame(some: readonly Taken[], others: readonly Taken[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ name, from, to }, i) => {
      const other = others[i];
      return name === other?.name && from === other.from && to === other.to;
    })
  );
}
