import { anyPlace, place, type RegexProgram } from "./regex_program.ts";

/** What run() gives besides states. */
export const matched = 0;
export const dead = 1;
export const notText = -2;
export const tooManySteps = -3;

const unknown = -1;
const endOfText = -1;
const ascii = 0x80;
/** States that are kept; a pattern that needs more is left to re2js. */
const statesMax = 2_048;
/** A step of a program of so many instructions takes so long that it is taken for all characters that are alike at once. */
const largeMin = 64;
/** Instructions of all states that are kept: a large pattern has fewer states. */
const keptInstructionsMax = 2_000_000;
const newline = 10;

const atBegin = 1;
const afterNewline = 2;
const afterWord = 4;

/**
 * A deterministic automaton over the bytes of UTF-8, made as far as it is needed, for a match anywhere in a text (subset construction; Russ Cox,
 * https://swtch.com/~rsc/regexp/regexp1.html). Its states can be kept between pieces of a text.
 */
export class RegexAutomaton {
  readonly #program: RegexProgram;
  /** By state: waiting instructions, and what stood before. */
  readonly #waiting: (readonly number[])[] = [[], []];
  readonly #before: number[] = [0, 0];
  readonly #known = new Map<string, number>();
  /** By state and ASCII character. */
  #table = new Int32Array(16 * ascii).fill(unknown);
  readonly #others = new Map<number, number>();
  readonly #atEnd = new Map<number, boolean>();
  readonly #widened = new Map<Uint8Array, Map<number, number>>();
  readonly #isLoose: boolean;
  readonly #hasPlaces: boolean;
  readonly #statesMax: number;
  /** By ASCII character: those that every instruction treats alike. */
  readonly #alike: readonly (readonly number[])[];
  readonly start: number;
  /** Whether it has too many states: results are no good any more. */
  hasFailed = false;
  #stepsLeft = Infinity;

  /** A loose one takes every place for any: it matches all that matches, and more. */
  constructor(program: RegexProgram, isLoose = false, max = statesMax) {
    this.#program = program;
    this.#statesMax = Math.min(max, Math.ceil(keptInstructionsMax / program.size));
    this.#isLoose = isLoose;
    this.#hasPlaces = program.hasPlaces && !isLoose;
    this.#alike = program.size < largeMin ? [] : alikeIn(program.characterTests(), this.#hasPlaces);
    this.#table.fill(matched, 0, ascii);
    this.#table.fill(dead, ascii, 2 * ascii);
    this.start = this.#state([program.start], this.#hasPlaces ? atBegin : 0);
  }

  /** Instructions that the next run may look at for steps that are not known yet; unlimited until this is called. */
  allow(stepsMax: number): void {
    this.#stepsLeft = stepsMax;
  }

  /**
   * The state after bytes[from, to): `matched` and `dead` for good, `notText` for bytes that are no whole characters, `tooManySteps` where
   * that takes more than is allowed.
   */
  run(state: number, bytes: Uint8Array, from: number, to: number): number {
    let now = state;
    for (let i = from; i < to && now > dead; i++) {
      const byte = bytes[i] ?? 0;
      if (byte < ascii) {
        const next = this.#table[now * ascii + byte] ?? unknown;
        now = next === unknown ? this.#step(now, byte) : next;
      } else {
        const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
        const rune = runeAt(bytes, i, Math.min(to, i + length), length);
        if (rune < 0) return notText;
        now = this.#stepOther(now, rune);
        i += length - 1;
      }
    }
    return now;
  }

  /** Whether a text that ends in this state matches. */
  isMatchAtEnd(state: number): boolean {
    if (state <= dead) return state === matched;
    let isMatch = this.#atEnd.get(state);
    if (isMatch === undefined) {
      isMatch = this.#placed(state, endOfText) === undefined;
      this.#atEnd.set(state, isMatch);
    }
    return isMatch;
  }

  /** A state for a text that goes on with any number of bytes of a set (256 entries; one object a set): for loose ones. */
  widened(state: number, isIn: Uint8Array): number {
    if (state <= dead) return state;
    let known = this.#widened.get(isIn);
    if (known === undefined) this.#widened.set(isIn, (known = new Map()));
    const before = known.get(state);
    if (before !== undefined) return before;
    const runes = Array.from({ length: ascii }, (_, byte) => byte).filter(
      (byte) => isIn[byte] === 1,
    );
    const hasOthers = isIn.includes(1, ascii);
    let all = this.#waiting[state] ?? [];
    for (;;) {
      const next = runes.flatMap((rune) => this.#program.after(all, rune));
      if (hasOthers) next.push(...this.#program.afterOther(all));
      if (!this.#program.isAnchored) next.push(this.#program.start);
      const more = this.#program.reachable([...all, ...next], anyPlace);
      if (more === undefined || more.length === all.length) {
        const found = more === undefined ? matched : this.#state(all, 0);
        known.set(state, found);
        return found;
      }
      all = more;
    }
  }

  /** Whether every text matches that has these bytes in it; false where that is not certain. */
  matchesAlways(bytes: Uint8Array): boolean {
    if (this.#program.isAnchored) return false;
    if (!this.#hasPlaces) return this.run(this.start, bytes, 0, bytes.length) === matched;
    // What stands before the first character is not known, so that only those after it count.
    const first = bytes[0] ?? ascii;
    if (first >= ascii) return false;
    const before = (isWord(first) ? afterWord : 0) | (first === newline ? afterNewline : 0);
    const state = this.#state([this.#program.start], before);
    return this.run(state, bytes, 1, bytes.length) === matched;
  }

  #step(state: number, rune: number): number {
    const next = this.#next(state, rune);
    if (next === tooManySteps) return next;
    for (const one of this.#alike[rune] ?? [rune]) this.#table[state * ascii + one] = next;
    return next;
  }

  #stepOther(state: number, rune: number): number {
    const key = state * 0x11_0000 + rune;
    let next = this.#others.get(key);
    if (next === undefined) {
      next = this.#next(state, rune);
      if (next === tooManySteps) return next;
      if (this.#others.size < 100_000) this.#others.set(key, next);
    }
    return next;
  }

  #next(state: number, rune: number): number {
    if (this.#stepsLeft <= 0) return tooManySteps;
    this.#stepsLeft -= 1 + (this.#waiting[state]?.length ?? 0);
    const placed = this.#placed(state, rune);
    if (placed === undefined) return matched;
    const after = this.#program.after(placed, rune);
    if (!this.#program.isAnchored) after.push(this.#program.start);
    if (!this.#hasPlaces) return this.#state(after, 0);
    const word = isWord(rune) ? afterWord : 0;
    return this.#state(after, word | (rune === newline ? afterNewline : 0));
  }

  /** What waits for the character `rune` once the place before it is known; undefined where that makes a match. */
  #placed(state: number, rune: number): number[] | undefined {
    const waiting = this.#waiting[state] ?? [];
    const before = this.#before[state] ?? 0;
    const isBoundary = ((before & afterWord) !== 0) !== isWord(rune);
    let places: number = isBoundary ? place.wordBoundary : place.noWordBoundary;
    if ((before & atBegin) !== 0) places |= place.beginText | place.beginLine;
    if ((before & afterNewline) !== 0) places |= place.beginLine;
    if (rune === endOfText) places |= place.endText | place.endLine;
    if (rune === newline) places |= place.endLine;
    return this.#program.reachable(waiting, this.#isLoose ? anyPlace : places);
  }

  #state(instructions: readonly number[], before: number): number {
    const waiting = this.#program.reachable(instructions, this.#isLoose ? anyPlace : 0);
    if (waiting === undefined) return matched;
    if (waiting.length === 0) return dead;
    const key = `${before} ${waiting.join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const state = this.#waiting.length;
    if (state >= this.#statesMax) {
      this.hasFailed = true;
      return dead;
    }
    this.#waiting.push(waiting);
    this.#before.push(before);
    this.#known.set(key, state);
    if ((state + 1) * ascii > this.#table.length) {
      const larger = new Int32Array(2 * this.#table.length).fill(unknown);
      larger.set(this.#table);
      this.#table = larger;
    }
    return state;
  }
}

/** Groups of ASCII characters that all tests, and places if there are any, treat alike. */
function alikeIn(
  tests: readonly ((rune: number) => boolean)[],
  hasPlaces: boolean,
): readonly (readonly number[])[] {
  const classes = new Map<string, number[]>();
  return Array.from({ length: ascii }, (_, rune) => {
    let key = hasPlaces ? `${isWord(rune)}${rune === newline}` : "";
    for (const test of tests) key += test(rune) ? "1" : "0";
    const known = classes.get(key) ?? [];
    classes.set(key, known);
    known.push(rune);
    return known;
  });
}

function isWord(rune: number): boolean {
  return (
    (rune >= 48 && rune <= 57) ||
    (rune >= 65 && rune <= 90) ||
    rune === 95 ||
    (rune >= 97 && rune <= 122)
  );
}

/** The character of `length` bytes at `at`, or -1 for what is none (RFC 3629). */
function runeAt(bytes: Uint8Array, at: number, end: number, length: number): number {
  if (end - at < length) return -1;
  const first = bytes[at] ?? 0;
  let rune = first & (0xff >> (length + 1));
  for (let i = at + 1; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if ((byte & 0xc0) !== 0x80) return -1;
    rune = (rune << 6) | (byte & 0x3f);
  }
  const isSurrogate = rune >= 0xd800 && rune <= 0xdfff;
  if (first < 0xc2 || first > 0xf4 || isSurrogate || rune > 0x10_ffff) return -1;
  return rune >= (smallest[length] ?? 0) ? rune : -1;
}

const smallest: readonly number[] = [0, 0, 0x80, 0x800, 0x1_0000];
