import type { LineTemplate } from "#shared/model/line_template.ts";
import { bufferOf, type TextTest } from "../texts/text_tests.ts";

/** What one variable of a line must be, that a needle stands in the line across the variable's borders. */
export type Constraint = TextTest & { readonly variable: number };

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
  if (isInPart(template, needle)) return { isConstant: true, across: [] };
  const parts = partsOf(template);
  try {
    return { isConstant: false, across: new Aligner(parts, needle).all() };
  } catch (error) {
    if (error === tooMany) return { isConstant: false, across: undefined };
    throw error;
  }
}

function isInPart({ parts, partEnds }: LineTemplate, needle: Uint8Array): boolean {
  const all = bufferOf(parts);
  let part = 0;
  for (let at = all.indexOf(needle); at >= 0; at = all.indexOf(needle, at + 1)) {
    while ((partEnds[part] ?? Infinity) <= at) part++;
    if (at + needle.length <= (partEnds[part] ?? 0)) return true;
  }
  return false;
}

const partsKnown = new WeakMap<LineTemplate, readonly Uint8Array[]>();

function partsOf(template: LineTemplate): readonly Uint8Array[] {
  let all = partsKnown.get(template);
  if (all !== undefined) return all;
  const { parts, partEnds } = template;
  all = Array.from(partEnds, (end, p) => parts.subarray(p === 0 ? 0 : partEnds[p - 1], end));
  partsKnown.set(template, all);
  return all;
}

const tooMany = new RangeError("too many alignments");

class Aligner {
  readonly #parts: readonly Uint8Array[];
  readonly #needle: Uint8Array;
  readonly #found: Constraint[][] = [];
  /** Constraints on the way to where the search is, by bounds in the needle. */
  readonly #path: (Pick<Constraint, "variable" | "is"> & { from: number; to: number })[] = [];
  #steps = 0;

  constructor(parts: readonly Uint8Array[], needle: Uint8Array) {
    this.#parts = parts;
    this.#needle = needle;
  }

  all(): Constraint[][] {
    const { length } = this.#needle;
    for (let p = 0; p < this.#parts.length - 1; p++) {
      const part = this.#parts[p] ?? new Uint8Array();
      // It begins in this part and goes over its end, or in the variable after it and over that one's.
      for (let at = Math.max(0, part.length - length + 1); at < part.length; at++)
        if (this.#stands(part, at, 0, part.length - at)) this.#variable(p, part.length - at);
      for (let taken = 1; taken < length; taken++) {
        if (!this.#mayGoOn(p + 1, taken)) continue;
        this.#path.push({ variable: p, is: "suffix", from: 0, to: taken });
        this.#part(p + 1, taken);
        this.#path.pop();
      }
    }
    return this.#found;
  }

  /** The needle from `at` on stands at the beginning of part `p`. */
  #part(p: number, at: number): void {
    if (++this.#steps > stepsMax) throw tooMany;
    const part = this.#parts[p];
    const left = this.#needle.length - at;
    if (part === undefined || !this.#stands(part, 0, at, Math.min(left, part.length))) return;
    if (left <= part.length) this.#take();
    else if (p < this.#parts.length - 1) this.#variable(p, at + part.length);
  }

  /** The needle from `at` on, of which something is left, stands at the beginning of variable `v`. */
  #variable(v: number, at: number): void {
    const { length } = this.#needle;
    this.#path.push({ variable: v, is: "prefix", from: at, to: length });
    this.#take();
    this.#path.pop();
    for (let end = at; end < length; end++) {
      if (!this.#mayGoOn(v + 1, end)) continue;
      this.#path.push({ variable: v, is: "equal", from: at, to: end });
      this.#part(v + 1, end);
      this.#path.pop();
    }
  }

  /** Whether the part begins as the needle goes on: nearly never, so that it is worth a look before all else. */
  #mayGoOn(p: number, at: number): boolean {
    const part = this.#parts[p];
    return part !== undefined && (part.length === 0 || part[0] === this.#needle[at]);
  }

  #take(): void {
    const needle = this.#needle;
    const constraints = this.#path.map(({ variable, is, from, to }) => ({
      variable,
      is,
      bytes: needle.subarray(from, to),
    }));
    if (this.#found.push(constraints) > alternativesMax) throw tooMany;
  }

  #stands(part: Uint8Array, partAt: number, needleAt: number, length: number): boolean {
    for (let i = 0; i < length; i++)
      if (part[partAt + i] !== this.#needle[needleAt + i]) return false;
    return true;
  }
}
