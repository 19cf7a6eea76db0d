import { OperatingError } from "#shared/errors.ts";

/** Evaluations of statements in one backtest: a day, each minute, and half of it again. Each runs the statement. */
const sqlStepsMax = 2_000;

/** Throws OperatingError("bad_request") with what to narrow. */
export function refuseSqlSteps(steps: number): void {
  if (steps > sqlStepsMax)
    throw new OperatingError(
      "bad_request",
      `${steps} evaluations of SQL: expected at most ${sqlStepsMax}. Take a shorter span, a longer interval, or fewer rules over SQL`,
    );
}
