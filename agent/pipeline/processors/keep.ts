import { z } from "zod";
import { Match } from "./match/match.ts";
import { defineProcessor, withinSteps } from "./processor.ts";

/** Lets go of all records but those of `only`. */
export const keep = defineProcessor({
  type: "keep",
  config: z.lazy(() =>
    z.strictObject({
      /** A selector with filters, as `match` is. */
      only: Match,
    }),
  ),
  create:
    ({ only }) =>
    (records, rows, count) => {
      for (const row of rows) {
        const isKept = withinSteps(count, () => only(records, row));
        // A record that can't be judged is kept.
        if (isKept === undefined) count.failed++;
        else if (!isKept) records.drop(row, "processor");
      }
    },
});
