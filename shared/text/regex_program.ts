import { compiledPattern } from "./compiled_pattern.ts";

/** Numbers of re2js's instructions (its Inst.js), which are those of Go's regexp/syntax. */
export const ops = {
  alt: 1,
  altMatch: 2,
  capture: 3,
  emptyWidth: 4,
  fail: 5,
  match: 6,
  nop: 7,
  rune: 8,
  runeAnyNotNl: 11,
} as const;

/** Conditions of a place between two characters. */
export const place = {
  beginLine: 1,
  endLine: 2,
  beginText: 4,
  endText: 8,
  wordBoundary: 16,
  noWordBoundary: 32,
} as const;
export const anyPlace = 63;

const foldCase = 1;
const ascii = 0x80;

export type Instruction = {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
  matchRune(rune: number): boolean;
};

/** Texts of which a match has some: all of them, or one at least. */
export type Literals =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "all" | "any"; readonly of: readonly Literals[] };

/**
 * A regular expression as the instructions that re2js compiles it to, for matchers of our own: sets of instructions and what becomes of them.
 * The pattern is one that re2js takes.
 */
export class RegexProgram {
  readonly start: number;
  readonly size: number;
  /** Whether it asks for places such as the beginning or a word's end. */
  readonly hasPlaces: boolean;
  /** Whether it asks for the begin of the text before all else. */
  readonly isAnchored: boolean;
  /** What must stand in a text that matches, where that is known. */
  readonly literals: Literals | undefined;
  readonly instructions: readonly Instruction[];
  readonly #seen: Uint32Array;
  #mark = 0;

  private constructor(instructions: readonly Instruction[], re2: Compiled) {
    this.instructions = instructions;
    this.start = re2.prog.start;
    this.size = instructions.length;
    this.hasPlaces = instructions.some(({ op }) => op === ops.emptyWidth);
    this.isAnchored = (re2.cond & place.beginText) !== 0;
    this.literals = re2.prefilter === null ? undefined : literalsOf(re2.prefilter);
    this.#seen = new Uint32Array(instructions.length);
  }

  /** Undefined where it has what only re2js knows (look-behind). Throws OperatingError("bad_request"). */
  static of(pattern: string): RegexProgram | undefined {
    const re2: Compiled = compiledPattern(pattern).re2();
    const instructions = Array.from({ length: re2.prog.numInst() }, (_, i) => re2.prog.getInst(i));
    if (instructions.some(({ op }) => op > ops.runeAnyNotNl)) return undefined;
    return new RegexProgram(instructions, re2);
  }

  /**
   * Instructions that wait for a character, and those that wait for a place other than `places`, reachable from some without one; ascending.
   * Undefined where a match is among them.
   */
  reachable(from: Iterable<number>, places: number): number[] | undefined {
    this.#mark++;
    const waiting: number[] = [];
    const stack = [...from];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (this.#seen[next] === this.#mark) continue;
      this.#seen[next] = this.#mark;
      const one = this.instructions[next];
      if (one === undefined) continue;
      switch (one.op) {
        case ops.alt:
        case ops.altMatch:
          stack.push(one.out, one.arg);
          break;
        case ops.capture:
        case ops.nop:
          stack.push(one.out);
          break;
        case ops.emptyWidth:
          if ((one.arg & ~places) === 0) stack.push(one.out);
          else waiting.push(next);
          break;
        case ops.match:
          return undefined;
        case ops.fail:
          break;
        default:
          waiting.push(next);
      }
    }
    return waiting.toSorted((a, b) => a - b);
  }

  /** What instructions ask of a character, each question once. */
  characterTests(): ((rune: number) => boolean)[] {
    const tests = new Map<string, (rune: number) => boolean>();
    for (const one of this.instructions) {
      if (one.op < ops.rune) continue;
      const key = `${one.arg} ${Array.prototype.join.call(one.runes)}`;
      if (!tests.has(key)) tests.set(key, (rune) => one.matchRune(rune));
    }
    return [...tests.values()];
  }

  /** Where instructions that wait go on with a character. */
  after(waiting: Iterable<number>, rune: number): number[] {
    const next: number[] = [];
    for (const i of waiting) {
      const one = this.instructions[i];
      if (one !== undefined && one.op >= ops.rune && one.matchRune(rune)) next.push(one.out);
    }
    return next;
  }

  /** The same for any character that is not ASCII: more than there may be, never less. */
  afterOther(waiting: Iterable<number>): number[] {
    const next: number[] = [];
    for (const i of waiting) {
      const one = this.instructions[i];
      if (one === undefined || one.op < ops.rune) continue;
      const last = one.runes[one.runes.length - 1] ?? ascii;
      const folds = one.runes.length === 1 && (one.arg & foldCase) !== 0;
      if (folds || last >= ascii || one.op > ops.rune + 1) next.push(one.out);
    }
    return next;
  }
}

type Filter = { readonly type: number; readonly str: string; readonly subs: readonly Filter[] };
type Compiled = {
  readonly prog: {
    readonly start: number;
    numInst(): number;
    getInst(index: number): Instruction;
  };
  readonly cond: number;
  readonly prefilter: Filter | null;
};

/** re2js's Prefilter.Type. */
const filterTypes = { exact: 1, and: 2, or: 3 } as const;

function literalsOf({ type, str, subs }: Filter): Literals | undefined {
  if (type === filterTypes.exact) return { kind: "text", text: str };
  const of = subs.map((sub) => literalsOf(sub));
  const known = of.filter((one) => one !== undefined);
  if (type === filterTypes.and && known.length > 0) return { kind: "all", of: known };
  if (type === filterTypes.or && known.length === of.length) return { kind: "any", of: known };
  return undefined;
}
