import { searchingRegex } from "#shared/text/linear_regex.ts";
import { queryStepsMax } from "#shared/text/regex_limits.ts";
import { ops, place, RegexProgram } from "#shared/text/regex_program.ts";
import { type LineMachine, nowhere, type Place, type Taken } from "./follow_template.ts";

/** A thread of Pike's machine, before what it leads to without a character; `slots` as they were taken so far. */
type Thread = { readonly pc: number; readonly slots: readonly Place[] };
type State = {
  /** The preferred first. */
  readonly threads: readonly Thread[];
  readonly before: Before;
  readonly found: readonly Place[] | undefined;
};
/** What stands before a place. */
type Before = "nothing" | "newline" | "word" | "other";

/** A larger program would take longer for a template than for its lines. */
const sizeMax = 200;
const newline = 10;
const ascii = 0x80;

type Group = { readonly name: string; readonly number: number };

/**
 * The stage `regexp`: the first match, as SteppedMatcher finds it, with the places of its named groups. Undefined for a pattern that is large, or
 * that only re2js knows.
 */
export function regexMachine(
  pattern: string,
  nameOf: (group: string) => string,
): LineMachine<State> | undefined {
  const { groups } = searchingRegex(pattern, queryStepsMax());
  const program = RegexProgram.of(pattern);
  if (program === undefined || program.size > sizeMax) return undefined;
  const named = [...groups].map(([group, number]) => ({ name: nameOf(group), number }));
  return new RegexMachine(program, named);
}

class RegexMachine implements LineMachine<State> {
  readonly start: State;
  readonly #program: RegexProgram;
  readonly #names: readonly string[];
  /** By slot of the program: its index in State.slots. */
  readonly #indexOf: ReadonlyMap<number, number>;
  readonly #none: readonly Place[];
  /** By ASCII character: the first one that is like it. */
  readonly #like: Uint8Array;
  readonly #addedAt: Uint32Array;
  #mark = 0;

  constructor(program: RegexProgram, groups: readonly Group[]) {
    this.#program = program;
    this.#names = groups.map(({ name }) => name);
    const slots = groups.flatMap(({ number }) => [2 * number, 2 * number + 1]);
    this.#indexOf = new Map(slots.map((slot, i) => [slot, i]));
    this.#none = slots.map(() => nowhere);
    this.#like = likeIn(program);
    this.#addedAt = new Uint32Array(program.size);
    this.start = { threads: [], before: "nothing", found: undefined };
  }

  step(state: State, code: number, at: Place): State {
    if (this.isDone(state)) return state;
    const threads: Thread[] = [];
    let { found } = state;
    for (const { pc, slots } of this.#expanded(state, code, at)) {
      const one = this.#program.instructions[pc];
      if (one === undefined) continue;
      if (one.op === ops.match) {
        found = slots;
        break;
      }
      if (one.matchRune(code)) threads.push({ pc: one.out, slots });
    }
    return { threads, before: beforeOf(code), found };
  }

  end(state: State, at: Place): readonly Taken[] {
    let { found } = state;
    if (!this.isDone(state))
      for (const { pc, slots } of this.#expanded(state, -1, at))
        if (this.#program.instructions[pc]?.op === ops.match) {
          found = slots;
          break;
        }
    if (found === undefined) return [];
    const slots = found;
    return this.#names.map((name, i) => {
      const [from = nowhere, to = nowhere] = [slots[2 * i], slots[2 * i + 1]];
      return from === nowhere || to === nowhere
        ? { name, from: nowhere, to: nowhere }
        : { name, from, to };
    });
  }

  keyOf({ threads, before, found }: State): string {
    let key = `${before} ${found?.join() ?? ""}`;
    for (const { pc, slots } of threads) key += `|${pc}:${slots.join()}`;
    return key;
  }

  isDone({ threads, before, found }: State): boolean {
    if (threads.length > 0) return false;
    return found !== undefined || (this.#program.isAnchored && before !== "nothing");
  }

  unlike(marked: Uint8Array): readonly number[] {
    const codes = new Set<number>();
    for (let code = 0; code < ascii; code++)
      if (marked[code] === 1) codes.add(this.#like[code] ?? 0);
    return [...codes];
  }

  /** The threads that wait for a character, or have matched, the preferred first. A match may begin at each place until one was found. */
  #expanded({ threads, before, found }: State, code: number, at: Place): readonly Thread[] {
    const places = placesAt(before, code);
    const expanded: Thread[] = [];
    this.#mark++;
    for (const thread of threads) this.#expand(thread, places, at, expanded);
    const mayBegin = found === undefined && !(this.#program.isAnchored && before !== "nothing");
    if (mayBegin)
      this.#expand({ pc: this.#program.start, slots: this.#none }, places, at, expanded);
    return expanded;
  }

  #expand(first: Thread, places: number, at: Place, into: Thread[]): void {
    const stack = [first];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { pc, slots } = next;
      if (this.#addedAt[pc] === this.#mark) continue;
      this.#addedAt[pc] = this.#mark;
      const one = this.#program.instructions[pc];
      if (one === undefined) continue;
      switch (one.op) {
        case ops.alt:
        case ops.altMatch:
          // What is pushed last is looked at first.
          stack.push({ pc: one.arg, slots }, { pc: one.out, slots });
          break;
        case ops.capture: {
          const index = this.#indexOf.get(one.arg);
          stack.push({ pc: one.out, slots: index === undefined ? slots : slots.with(index, at) });
          break;
        }
        case ops.nop:
          stack.push({ pc: one.out, slots });
          break;
        case ops.emptyWidth:
          if ((one.arg & ~places) === 0) stack.push({ pc: one.out, slots });
          break;
        case ops.fail:
          break;
        default:
          into.push(next);
      }
    }
  }
}

/** Conditions of the place between two characters; `code` below zero at the end. */
function placesAt(before: Before, code: number): number {
  const isBoundary = (before === "word") !== isWord(code);
  let places: number = isBoundary ? place.wordBoundary : place.noWordBoundary;
  if (before === "nothing") places |= place.beginText | place.beginLine;
  if (before === "newline") places |= place.beginLine;
  if (code < 0) places |= place.endText | place.endLine;
  if (code === newline) places |= place.endLine;
  return places;
}

function beforeOf(code: number): Before {
  if (code === newline) return "newline";
  return isWord(code) ? "word" : "other";
}

function isWord(code: number): boolean {
  return code >= 0 && /^\w$/.test(String.fromCharCode(code));
}

/** By ASCII character: the first one that all instructions treat alike. */
function likeIn(program: RegexProgram): Uint8Array {
  const tests = program.characterTests();
  const firsts = new Map<string, number>();
  return Uint8Array.from({ length: ascii }, (_, code) => {
    const key = `${beforeOf(code)} ${tests.map((test) => Number(test(code))).join("")}`;
    const first = firsts.get(key) ?? code;
    firsts.set(key, first);
    return first;
  });
}
