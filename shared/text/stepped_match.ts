import { anyPlace, place, type Instruction, ops, type RegexProgram } from "./regex_program.ts";
import { placeAfter, type Spans } from "./regex_spans.ts";

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
  readonly #isAnchored: boolean;
  /** By ASCII character: 1 where a match may begin with it; undefined where one may be empty. */
  readonly #firsts: Uint8Array | undefined;
  readonly #slots: number;
  /** The place at which an instruction was last added to the list of threads. */
  readonly #addedAt: Int32Array;
  readonly #stackPcs: number[] = [];
  readonly #stackCaptures: (Capture | undefined)[] = [];
  #now: Threads;
  #next: Threads;
  #steps = 0;

  constructor(program: RegexProgram) {
    const { instructions, start, isAnchored } = program;
    this.#instructions = instructions;
    this.#start = start;
    this.#isAnchored = isAnchored;
    this.#firsts = firstsOf(program);
    this.#slots = instructions.reduce(
      (most, { op, arg }) => (op === ops.capture ? Math.max(most, arg + 1) : most),
      2,
    );
    this.#addedAt = new Int32Array(instructions.length);
    this.#now = threadsOf(instructions.length);
    this.#next = threadsOf(instructions.length);
  }

  /** The first match; undefined without one. */
  first(text: string, stepsMax: number, onTooMany: () => Error): Spans | undefined {
    this.#steps = 0;
    return this.#find(text, 0, stepsMax, onTooMany);
  }

  /** Matches from a place on, one behind the other, that take so many steps together. No two of these run at once. */
  *all(
    text: string,
    from: number,
    stepsMax: number,
    onTooMany: () => Error,
  ): Generator<Spans, void> {
    let steps = 0;
    for (let at = from; at <= text.length;) {
      this.#steps = steps;
      const found = this.#find(text, at, stepsMax, onTooMany);
      steps = this.#steps;
      if (found === undefined) return;
      yield found;
      at = placeAfter(text, found);
    }
  }

  #find(text: string, from: number, stepsMax: number, onTooMany: () => Error): Spans | undefined {
    this.#addedAt.fill(-1);
    this.#steps += this.#addedAt.length / 16;
    this.#now.size = 0;
    let found: Capture | undefined;
    let width = 0;
    for (let at = from; at <= text.length; at += width) {
      if (this.#now.size === 0) {
        if (found !== undefined || (this.#isAnchored && at > 0)) break;
        at = this.#mayBegin(text, at);
      }
      const rune = at < text.length ? (text.codePointAt(at) ?? -1) : -1;
      width = rune > 0xff_ff ? 2 : 1;
      const places = placesAt(text, at);
      if (found === undefined && !(this.#isAnchored && at > 0)) {
        const begin = { slot: 0, at, before: undefined };
        this.#add(this.#now, this.#start, begin, at, places);
      }
      const after = rune < 0 ? 0 : placesAt(text, at + width);
      found = this.#step(rune, at, at + width, after) ?? found;
      if (this.#steps > stepsMax) throw onTooMany();
      [this.#now, this.#next] = [this.#next, this.#now];
      this.#next.size = 0;
    }
    return found === undefined ? undefined : this.#spans(found);
  }

  /** The next place with a character that a match may begin with, or the text's end. */
  #mayBegin(text: string, from: number): number {
    const firsts = this.#firsts;
    if (firsts === undefined) return from;
    let at = from;
    while (at < text.length && firsts[text.charCodeAt(at)] === 0) at++;
    return at;
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

  #spans(last: Capture): Int32Array {
    const slots = new Int32Array(this.#slots).fill(-1);
    for (let one: Capture | undefined = last; one !== undefined; one = one.before)
      if (slots[one.slot] === -1) slots[one.slot] = one.at;
    return slots;
  }
}

function firstsOf(program: RegexProgram): Uint8Array | undefined {
  const waiting = program.reachable([program.start], anyPlace);
  if (waiting === undefined) return undefined;
  return Uint8Array.from({ length: 0x80 }, (_, rune) =>
    program.after(waiting, rune).length > 0 ? 1 : 0,
  );
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
