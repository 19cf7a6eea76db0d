import type { LineTemplate } from "#shared/model/line_template.ts";

/** What one variable of a line must be, that a needle stands in the line across the variable's borders. */
export type Constraint = {
  readonly variable: number;
  readonly is: "prefix" | "suffix" | "equal";
  readonly bytes: Uint8Array;
};

/** Where a needle may stand in lines of a template. */
export type Alignments = {
  /** A constant part holds it: it is in all lines. */
  readonly isConstant: boolean;
  /** Alternatives of what must all hold; undefined where they are too many to be worth telling. */
  readonly across: readonly (readonly Constraint[])[] | undefined;
};

const alternativesMax = 64;
const stepsMax = 20_000;

/**
 * All ways in which `needle` may stand in a line of the template, but for those wholly within one variable. Nothing is taken for granted
 * of what variables hold. The needle is not empty.
 */
export function alignmentsOf(template: LineTemplate, needle: Uint8Array): Alignments {
  const parts = partsOf(template);
  if (parts.some((part) => bufferOf(part).includes(needle)))
    return { isConstant: true, across: [] };
  try {
    return { isConstant: false, across: new Aligner(parts, needle).all() };
  } catch (error) {
    if (error === tooMany) return { isConstant: false, across: undefined };
    throw error;
  }
}

function partsOf({ parts, partEnds }: LineTemplate): Uint8Array[] {
  return Array.from(partEnds, (end, i) => parts.subarray(i === 0 ? 0 : partEnds[i - 1], end));
}

const tooMany = new RangeError("too many alignments");

class Aligner {
  readonly #parts: readonly Uint8Array[];
  readonly #needle: Uint8Array;
  readonly #found: Constraint[][] = [];
  #steps = 0;

  constructor(parts: readonly Uint8Array[], needle: Uint8Array) {
    this.#parts = parts;
    this.#needle = needle;
  }

  all(): Constraint[][] {
    const { length } = this.#needle;
    for (const [p, part] of this.#parts.entries()) {
      if (p === this.#parts.length - 1) break;
      // It begins in this part and goes over its end, or in the variable after it and over that one's.
      for (let at = Math.max(0, part.length - length + 1); at < part.length; at++)
        if (this.#stands(part, at, 0, part.length - at)) this.#variable(p, part.length - at, []);
      for (let taken = 1; taken < length; taken++)
        this.#part(p + 1, taken, [this.#constraint(p, "suffix", 0, taken)]);
    }
    return this.#found;
  }

  /** The needle from `at` on stands at the beginning of part `p`. */
  #part(p: number, at: number, before: readonly Constraint[]): void {
    if (++this.#steps > stepsMax) throw tooMany;
    const part = this.#parts[p];
    const left = this.#needle.length - at;
    if (part === undefined || !this.#stands(part, 0, at, Math.min(left, part.length))) return;
    if (left <= part.length) this.#take(before);
    else if (p < this.#parts.length - 1) this.#variable(p, at + part.length, before);
  }

  /** The needle from `at` on, of which something is left, stands at the beginning of variable `v`. */
  #variable(v: number, at: number, before: readonly Constraint[]): void {
    const { length } = this.#needle;
    this.#take([...before, this.#constraint(v, "prefix", at, length)]);
    for (let end = at; end < length; end++)
      this.#part(v + 1, end, [...before, this.#constraint(v, "equal", at, end)]);
  }

  #take(constraints: readonly Constraint[]): void {
    if (this.#found.push([...constraints]) > alternativesMax) throw tooMany;
  }

  #constraint(variable: number, is: Constraint["is"], from: number, to: number): Constraint {
    return { variable, is, bytes: this.#needle.subarray(from, to) };
  }

  #stands(part: Uint8Array, partAt: number, needleAt: number, length: number): boolean {
    for (let i = 0; i < length; i++)
      if (part[partAt + i] !== this.#needle[needleAt + i]) return false;
    return true;
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
