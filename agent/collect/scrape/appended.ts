import type { Drops } from "#shared/model/account.ts";

/** What became of the samples of a body. */
export type Appended = {
  readonly samples: number;
  readonly kept: number;
  readonly added: number;
  readonly drops: Drops;
};

/** What stands where an entry of the index has no column: a rule dropped it, it breaks a limit on labels, or there are too many series. */
export const [droppedByRule, breaksLimit, overSeriesLimit] = [-1, -2, -3];
