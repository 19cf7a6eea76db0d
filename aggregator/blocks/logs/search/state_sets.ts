import { dead, matched, type RegexAutomaton } from "#shared/text/regex_automaton.ts";
import { kinds, type Shape } from "../texts/value_shapes.ts";

const statesMax = 48;
const setsMax = 8_192;
const masks = 0x1_0000;
const ascii = Uint8Array.from({ length: 128 }, (_, byte) => byte);

/** What becomes of a set of states over values of a shape; in parallel to the shape's lengths. */
export type ShapeStep = {
  /** The set after all values of the length that have not matched. */
  readonly after: readonly number[];
  /** Whether a value may match before its end. */
  readonly mayMatch: readonly boolean[];
  /**
   * A place before which no value matches, and in which all are in one state: the last such one. From there a value is to be tested. Below zero
   * where there is none.
   */
  readonly from: Int32Array;
  readonly state: Int32Array;
  /** Of `after`, all together. */
  readonly union: number;
};

/** Sets of an automaton's states, by number: what lines may be in that are known by their shape alone. `matched` is in none. */
export class StateSets {
  readonly #automaton: RegexAutomaton;
  readonly #sets: (readonly number[])[] = [];
  readonly #known = new Map<string, number>();
  /** By set and mask: twice the set after it, and one more where some match. */
  readonly #after = new Map<number, number>();
  readonly #steps: Map<Shape, ShapeStep>[] = [];
  /** Whether there were too many: results are no good any more. */
  hasFailed = false;

  constructor(automaton: RegexAutomaton) {
    this.#automaton = automaton;
  }

  of(states: Iterable<number>): number {
    const all = [...new Set(states)].toSorted((a, b) => a - b);
    const key = all.join();
    let set = this.#known.get(key);
    if (set !== undefined) return set;
    if (all.length > statesMax || this.#sets.length >= setsMax) this.hasFailed = true;
    set = this.#sets.length;
    this.#sets.push(all);
    this.#known.set(key, set);
    return set;
  }

  states(set: number): readonly number[] {
    return this.#sets[set] ?? [];
  }

  isEmpty(set: number): boolean {
    return this.states(set).length === 0;
  }

  /** Whether nothing in it can match any more. */
  isDead(set: number): boolean {
    const states = this.states(set);
    return states.length === 1 && states[0] === dead;
  }

  /** Over all values of a shape; once for each set. */
  step(set: number, shape: Shape): ShapeStep {
    const steps = (this.#steps[set] ??= new Map());
    let step = steps.get(shape);
    if (step === undefined) steps.set(shape, (step = this.#step(set, shape)));
    return step;
  }

  #step(set: number, { lengths, masks: byLength }: Shape): ShapeStep {
    const after: number[] = [];
    const mayMatch: boolean[] = [];
    const from = new Int32Array(lengths.length).fill(-1);
    const state = new Int32Array(lengths.length).fill(-1);
    for (const [i, own] of byLength.entries()) {
      let [now, isHit] = [set, false];
      for (let place = 0; !this.hasFailed; place++) {
        const [only, other] = this.states(now);
        if (!isHit && only !== undefined && other === undefined) {
          from[i] = place;
          state[i] = only;
        }
        if (place >= own.length) break;
        const next = this.#over(now, own[place] ?? 0);
        isHit ||= (next & 1) === 1;
        now = next >> 1;
      }
      after.push(now);
      mayMatch.push(isHit);
    }
    const union = this.of(after.flatMap((one) => [...this.states(one)]));
    return { after, mayMatch, from, state, union };
  }

  #over(set: number, mask: number): number {
    const key = set * masks + mask;
    const known = this.#after.get(key);
    if (known !== undefined) return known;
    const next = new Set<number>();
    for (const state of this.states(set))
      for (const [kind, bytes] of kinds.entries())
        if (((mask >> kind) & 1) === 1)
          for (const byte of bytes) next.add(this.#automaton.run(state, ascii, byte, byte + 1));
    const isHit = next.delete(matched);
    if (this.#automaton.hasFailed) this.hasFailed = true;
    const found = 2 * this.of(next) + Number(isHit);
    this.#after.set(key, found);
    return found;
  }
}
