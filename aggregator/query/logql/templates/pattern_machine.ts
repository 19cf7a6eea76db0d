import type { PatternPart } from "../../../log_pipeline/stages/pattern_text.ts";
import {
  constantOf,
  endOfLine,
  inVariable,
  type LineMachine,
  type Place,
  placeOf,
  type Taken,
  variablesBefore,
} from "./follow_template.ts";

/** The capture that the pattern is at, how much of the text that ends it was read, and where it began: undefined for the next character. */
type State = {
  readonly kind: "head" | "capture" | "done";
  readonly index: number;
  readonly read: number;
  readonly from: Place | undefined;
  readonly taken: readonly Taken[];
};

/** A text, and how much of it has been read when what follows does not fit (Knuth, Morris and Pratt). */
type Searched = { readonly codes: readonly number[]; readonly failures: readonly number[] };

const ascii = 0x80;

/** The stage `pattern`: captures one after another, each up to the first place at which the text behind it stands. */
export class PatternMachine implements LineMachine<State> {
  readonly start: State;
  readonly #head: readonly number[];
  readonly #captures: readonly {
    readonly name: string | undefined;
    readonly until: Searched | undefined;
  }[];
  /** By ASCII character: whether it is in a text of the pattern. */
  readonly #isRead = new Uint8Array(ascii);

  /** Of parts that a stage takes. */
  constructor(parts: readonly PatternPart[]) {
    const [first] = parts;
    this.#head = first?.kind === "text" ? codesOf(first.text) : [];
    this.#captures = parts.flatMap((part, i) => {
      if (part.kind === "text") return [];
      const next = parts[i + 1];
      const until = next?.kind === "text" ? searched(next.text) : undefined;
      return [{ name: part.name, until }];
    });
    for (const codes of [this.#head, ...this.#captures.map(({ until }) => until?.codes ?? [])])
      for (const code of codes) if (code < ascii) this.#isRead[code] = 1;
    const kind = this.#head.length > 0 ? "head" : "capture";
    this.start = { kind, index: 0, read: 0, from: undefined, taken: [] };
  }

  step(state: State, code: number, at: Place, within: number): State {
    if (state.kind === "done") return state;
    if (state.kind === "head") {
      if (code !== this.#head[state.read]) return { ...state, kind: "done" };
      const read = state.read + 1;
      return read < this.#head.length ? { ...state, read } : { ...state, kind: "capture", read: 0 };
    }
    const from = state.from ?? at;
    const until = this.#captures[state.index]?.until;
    if (until === undefined) return this.#rest(state, from);
    const read = readAfter(until, state.read, code);
    const { length } = until.codes;
    if (read < length) return { ...state, from, read };
    const isConstant = within >= length - 1;
    const to = isConstant ? placeOf(constantOf(at) - length + 1, variablesBefore(at)) : inVariable;
    const index = state.index + 1;
    const kind = index < this.#captures.length ? "capture" : "done";
    return { kind, index, read: 0, from: undefined, taken: this.#with(state, from, to) };
  }

  end(state: State, at: Place): readonly Taken[] {
    // Nothing is taken out of an empty line, nor of one that begins in another way.
    if (state.kind !== "capture" || state === this.start) return state.taken;
    return this.#rest(state, state.from ?? at).taken;
  }

  keyOf({ kind, index, read, from, taken }: State): string {
    return `${kind} ${index} ${read} ${from ?? ""} ${taken.map((one) => `${one.from}-${one.to}`).join()}`;
  }

  isDone({ kind }: State): boolean {
    return kind === "done";
  }

  unlike(marked: Uint8Array): readonly number[] {
    const codes: number[] = [];
    let hasOther = false;
    for (let code = 0; code < ascii; code++) {
      if (marked[code] !== 1 || (hasOther && this.#isRead[code] === 0)) continue;
      codes.push(code);
      hasOther ||= this.#isRead[code] === 0;
    }
    return codes;
  }

  /** A capture that takes all that is left of the line. */
  #rest(state: State, from: Place): State {
    return { ...state, kind: "done", from, taken: this.#with(state, from, endOfLine) };
  }

  #with({ taken, index }: State, from: Place, to: Place): readonly Taken[] {
    const name = this.#captures[index]?.name;
    return name === undefined ? taken : [...taken, { name, from, to }];
  }
}

function codesOf(text: string): readonly number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

function searched(text: string): Searched {
  const codes = codesOf(text);
  const failures = [0];
  for (let i = 1; i < codes.length; i++)
    failures.push(readAfter({ codes, failures }, failures[i - 1] ?? 0, codes[i] ?? 0));
  return { codes, failures };
}

/** How much of the text stands before the next place, so many of its characters having stood there before a character. */
function readAfter({ codes, failures }: Searched, before: number, code: number): number {
  let read = before;
  while (read > 0 && codes[read] !== code) read = failures[read - 1] ?? 0;
  return codes[read] === code ? read + 1 : read;
}
