import { place, type Instruction, ops } from "./regex_program.ts";

/** What a capture group took so far: its slot and place, and what was known before. */
type Capture = { readonly slot: number; readonly at: number; readonly before: Capture | undefined };

/** Threads of one place in the text, the preferred first. */
type Threads = {
  readonly pcs: Int32Array;
  readonly captures: (Capture | undefined)[];
  size: number;
};

/**
 * Finds the leftmost match of a program, the one that a backtracking search finds first, and counts its steps (Pike's machine;
 * Russ Cox, https://swtch.com/~rsc/regexp/regexp2.html). Groups are lists that threads share, so that a program of hundreds of groups
 * costs no more than one without. Throws what `onTooMany` makes when a match needs more steps than it may.
 */
export class SteppedMatcher {
  readonly #instructions: readonly Instruction[];
  readonly #start: number;
  readonly #slots: number;
  /** The place at which an instruction was last added to the list of threads. */
  readonly #addedAt: Int32Array;
  readonly #stackPcs: number[] = [];
  readonly #stackCaptures: (Capture | undefined)[] = [];
  #now: Threads;
  #next: Threads;
  #steps = 0;

  constructor(instructions: readonly Instruction[], start: number) {
    this.#instructions = instructions;
    this.#start = start;
    this.#slots = instructions.reduce(
      (most, { op, arg }) => (op === ops.capture ? Math.max(most, arg + 1) : most),
      2,
    );
    this.#addedAt = new Int32Array(instructions.length);
    this.#now = threadsOf(instructions.length);
    this.#next = threadsOf(instructions.length);
  }

  /** Groups by number, 0 being the match; undefined without a match. */
  find(text: string, stepsMax: number, onTooMany: () => Error): (string | undefined)[] | undefined {
    this.#addedAt.fill(-1);
    this.#now.size = 0;
    this.#steps = 0;
    let found: Capture | undefined;
    let width = 0;
    for (let at = 0; at <= text.length; at += width) {
      const rune = at < text.length ? (text.codePointAt(at) ?? -1) : -1;
      width = rune > 0xff_ff ? 2 : 1;
      const places = placesAt(text, at);
      if (found === undefined) {
        const begin = { slot: 0, at, before: undefined };
        this.#add(this.#now, this.#start, begin, at, places);
      } else if (this.#now.size === 0) break;
      const after = rune < 0 ? 0 : placesAt(text, at + width);
      found = this.#step(rune, at, at + width, after) ?? found;
      if (this.#steps > stepsMax) throw onTooMany();
      [this.#now, this.#next] = [this.#next, this.#now];
      this.#next.size = 0;
    }
    return found === undefined ? undefined : this.#groups(text, found);
  }

  /** Moves all threads over a character, -1 behind the last. Gives the match of the most preferred one that has come to its end. */
  #step(rune: number, at: number, nextAt: number, places: number): Capture | undefined {
    const { pcs, captures, size } = this.#now;
    for (let i = 0; i < size; i++) {
      const one = this.#instructions[pcs[i] ?? 0];
      if (one === undefined) continue;
      this.#steps++;
      if (one.op === ops.match) return { slot: 1, at, before: captures[i] };
      if (rune >= 0 && one.matchRune(rune))
        this.#add(this.#next, one.out, captures[i], nextAt, places);
    }
    return undefined;
  }

  /** Adds an instruction and all that it leads to without a character. */
  #add(
    to: Threads,
    first: number,
    firstCapture: Capture | undefined,
    at: number,
    places: number,
  ): void {
    const [pcs, captures] = [this.#stackPcs, this.#stackCaptures];
    pcs.push(first);
    captures.push(firstCapture);
    while (pcs.length > 0) {
      const pc = pcs.pop() ?? 0;
      const capture = captures.pop();
      if (this.#addedAt[pc] === at) continue;
      this.#addedAt[pc] = at;
      const one = this.#instructions[pc];
      if (one === undefined) continue;
      this.#steps++;
      switch (one.op) {
        case ops.alt:
        case ops.altMatch:
          // What is pushed last is looked at first.
          pcs.push(one.arg, one.out);
          captures.push(capture, capture);
          break;
        case ops.capture:
          pcs.push(one.out);
          captures.push({ slot: one.arg, at, before: capture });
          break;
        case ops.nop:
          pcs.push(one.out);
          captures.push(capture);
          break;
        case ops.emptyWidth:
          if ((one.arg & ~places) !== 0) break;
          pcs.push(one.out);
          captures.push(capture);
          break;
        case ops.fail:
          break;
        default:
          to.pcs[to.size] = pc;
          to.captures[to.size++] = capture;
      }
    }
  }

  #groups(text: string, last: Capture): (string | undefined)[] {
    const slots = new Int32Array(this.#slots).fill(-1);
    for (let one: Capture | undefined = last; one !== undefined; one = one.before)
      if (slots[one.slot] === -1) slots[one.slot] = one.at;
    return Array.from({ length: this.#slots >> 1 }, (_, group) => {
      const [start = -1, end = -1] = [slots[2 * group], slots[2 * group + 1]];
      return start < 0 || end < 0 ? undefined : text.slice(start, end);
    });
  }
}

function threadsOf(size: number): Threads {
  return { pcs: new Int32Array(size), captures: [], size: 0 };
}

const newline = 10;

/** The conditions that hold before the character at a place. */
function placesAt(text: string, at: number): number {
  const before = at === 0 ? -1 : text.charCodeAt(at - 1);
  const after = at >= text.length ? -1 : text.charCodeAt(at);
  let places: number = isWord(before) === isWord(after) ? place.noWordBoundary : place.wordBoundary;
  if (before === -1) places |= place.beginText | place.beginLine;
  if (before === newline) places |= place.beginLine;
  if (after === -1) places |= place.endText | place.endLine;
  if (after === newline) places |= place.endLine;
  return places;
}

function isWord(code: number): boolean {
  return (
    (code >= 48 && code <= 57) ||
    (code >= 65 && code <= 90) ||
    code === 95 ||
    (code >= 97 && code <= 122)
  );
}
