import { dead, matched, notText, type RegexAutomaton } from "#shared/text/regex_automaton.ts";

/** What becomes of a text, besides the nodes that ask for one more of its digits: those are above zero. */
export const outcomes = {
  miss: 0,
  hit: -1,
  /** Its bytes are no text. */
  noText: -2,
  /** A diagram would be too large. */
  untold: -3,
} as const;

const zero = "0".charCodeAt(0);
const nine = "9".charCodeAt(0);
const ten = 10;
/** A node is the place of a digit among those of its text, and ten outcomes by that digit. */
const nodeSize = ten + 1;
const nodesMax = 50_000;
/** Places of a pattern that are looked at, by state: of one pattern, and of all. */
const stepsMax = 10_000;
const allStepsMax = 500_000;

/** Where an automaton is to begin in texts of a pattern, in which a zero stands for any digit, and what it makes of their end. */
export type DiagramStart = {
  readonly pattern: Uint8Array;
  readonly place: number;
  readonly state: number;
  /** Whether a text matches that ends in a state. */
  readonly isHitAtEnd: (state: number) => boolean;
};

/**
 * Decision diagrams over the digits of texts of which all else is known: of `10.250.<n>` only the digits are asked for on which a match
 * depends, in order, each once. They are reduced: a digit is left out where all its values come to the same, and equal nodes are
 * one (Bryant, Graph-Based Algorithms for Boolean Function Manipulation, 1986).
 */
export class DigitDiagrams {
  readonly #automaton: RegexAutomaton;
  readonly #known = new Map<string, number>();
  #nodes = new Int32Array(64 * nodeSize);
  #used = nodeSize;
  #steps = 0;

  constructor(automaton: RegexAutomaton) {
    this.#automaton = automaton;
  }

  /** Read with outcomeOf(); it may be another array once of() was called. */
  get nodes(): Int32Array {
    return this.#nodes;
  }

  /** A node or an outcome. */
  of(start: DiagramStart): number {
    const left = Math.min(stepsMax, allStepsMax - this.#steps);
    const building = new Building(this.#automaton, start, left, (digit, next) =>
      this.#node(digit, next),
    );
    const root = building.root();
    this.#steps += left - building.stepsLeft;
    return root;
  }

  #node(digit: number, next: readonly number[]): number {
    const [first = outcomes.untold] = next;
    if (next.every((one) => one === first)) return first;
    if (next.includes(outcomes.untold)) return outcomes.untold;
    const key = `${digit} ${next.join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= nodesMax) return outcomes.untold;
    const node = this.#used;
    this.#used += nodeSize;
    if (this.#used > this.#nodes.length) {
      const larger = new Int32Array(2 * this.#nodes.length);
      larger.set(this.#nodes);
      this.#nodes = larger;
    }
    this.#nodes[node] = digit;
    this.#nodes.set(next, node + 1);
    this.#known.set(key, node);
    return node;
  }
}

/** Where a text ends whose digits begin at `from`: an outcome. */
export function outcomeOf(
  nodes: Int32Array,
  root: number,
  digits: Uint8Array,
  from: number,
): number {
  let node = root;
  while (node > 0)
    node = nodes[node + 1 + (digits[from + (nodes[node] ?? 0)] ?? zero) - zero] ?? outcomes.miss;
  return node;
}

/** One pattern. */
class Building {
  stepsLeft: number;
  readonly #automaton: RegexAutomaton;
  readonly #start: DiagramStart;
  readonly #node: (digit: number, next: readonly number[]) => number;
  /** By state, then by place. */
  readonly #known: number[][] = [];

  constructor(
    automaton: RegexAutomaton,
    start: DiagramStart,
    stepsLeft: number,
    node: (digit: number, next: readonly number[]) => number,
  ) {
    this.#automaton = automaton;
    this.#start = start;
    this.stepsLeft = stepsLeft;
    this.#node = node;
  }

  root(): number {
    const { pattern, place, state } = this.#start;
    let digit = 0;
    for (let at = 0; at < place; at++) if (isDigit(pattern[at])) digit++;
    return this.#after(place, digit, state);
  }

  /** `digit` digits stand before the place. */
  #after(place: number, digit: number, state: number): number {
    if (state === matched) return outcomes.hit;
    if (state === dead) return outcomes.miss;
    if (state === notText) return outcomes.noText;
    const { pattern } = this.#start;
    if (place === pattern.length)
      return this.#start.isHitAtEnd(state) ? outcomes.hit : outcomes.miss;
    const known = (this.#known[state] ??= []);
    const before = known[place];
    if (before !== undefined) return before;
    if (--this.stepsLeft < 0) return outcomes.untold;
    return (known[place] = isDigit(pattern[place])
      ? this.#overDigit(place, digit, state)
      : this.#overOthers(place, digit, state));
  }

  #overDigit(place: number, digit: number, state: number): number {
    const next: number[] = [];
    for (let value = 0; value < ten; value++) {
      const after = this.#automaton.run(state, digitBytes, value, value + 1);
      next.push(this.#after(place + 1, digit + 1, after));
    }
    return this.#node(digit, next);
  }

  #overOthers(place: number, digit: number, state: number): number {
    const { pattern } = this.#start;
    let end = place + 1;
    while (end < pattern.length && !isDigit(pattern[end])) end++;
    return this.#after(end, digit, this.#automaton.run(state, pattern, place, end));
  }
}

const digitBytes = Uint8Array.from({ length: ten }, (_, value) => zero + value);

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine;
}
