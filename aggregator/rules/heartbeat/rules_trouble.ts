import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { GroupEvaluation } from "../group_evaluation.ts";
import type { AskRule } from "../rule.ts";
import type { Turns } from "../turns.ts";
import { GroupProgress } from "./group_progress.ts";

/** Asked as a rule would be. */
const tried = { expr: "vector(1)", language: "promql" } as const;

type Parts = { readonly ask: AskRule; readonly turns: Turns; readonly clock: Clock };

/** Finds out whether rules are evaluated: that all groups get on, and that a rule of its own has its turn and a result. */
export class RulesTrouble {
  readonly #parts: Parts;
  readonly #progress = new GroupProgress();
  /** One that did not come back is not tried again. */
  #trying: Promise<string | undefined> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Why rules are not evaluated as they should be, or undefined. Does not come back where evaluations do not. */
  async find(evaluations: readonly GroupEvaluation[]): Promise<string | undefined> {
    const { clock } = this.#parts;
    const stuck = this.#progress.trouble(evaluations, clock.monotonic());
    if (stuck !== undefined) return stuck;
    this.#trying ??= this.#try();
    return this.#trying;
  }

  async #try(): Promise<string | undefined> {
    const { ask, turns, clock } = this.#parts;
    try {
      await turns.run(async () => void (await ask(tried, clock.now())));
      return undefined;
    } catch (thrown) {
      return `rules are not evaluated: ${messageOf(thrown)}`;
    } finally {
      this.#trying = undefined;
    }
  }
}
