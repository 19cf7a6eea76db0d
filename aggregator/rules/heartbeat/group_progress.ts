import type { GroupEvaluation } from "../group_evaluation.ts";

/** A group may be late by so many of its intervals, and so long. */
const intervalsMax = 3;
const lateMaxMs = 30_000;

/** Finds groups that are not evaluated any more, by a clock that does not jump. */
export class GroupProgress {
  readonly #seen = new WeakMap<
    GroupEvaluation,
    { readonly evaluatedMs: number | undefined; readonly sinceMs: number }
  >();

  /** Why rules are not evaluated as they should be, or undefined. To be called again and again. */
  trouble(evaluations: readonly GroupEvaluation[], nowMs: number): string | undefined {
    let late: string | undefined;
    for (const evaluation of evaluations) {
      const { evaluatedMs, group } = evaluation;
      const seen = this.#seen.get(evaluation);
      if (seen === undefined || seen.evaluatedMs !== evaluatedMs)
        this.#seen.set(evaluation, { evaluatedMs, sinceMs: nowMs });
      else if (nowMs - seen.sinceMs > intervalsMax * group.intervalMs + lateMaxMs)
        late ??= `group "${group.name}" of ${group.file} is not evaluated`;
    }
    return late ?? (allFail(evaluations) ? "all rules fail" : undefined);
  }
}

function allFail(evaluations: readonly GroupEvaluation[]): boolean {
  const rules = evaluations.flatMap((evaluation) => evaluation.rules);
  return rules.length > 0 && rules.every(({ health }) => health === "err");
}
