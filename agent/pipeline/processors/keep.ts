import { z } from "zod";
import { lazySchema } from "#shared/lazy_schema.ts";
import { Match } from "./match.ts";
import { defineProcessor } from "./processor.ts";

/** Lets go of all records but those of `only`. */
export const keep = defineProcessor({
  type: "keep",
  config: lazySchema(() =>
    z.strictObject({
      /** A selector with filters, as `match` is. */
      only: Match,
    }),
  ),
  create:
    ({ only }) =>
    (records, rows) => {
      for (const row of rows) if (!only(records, row)) records.drop(row, "processor");
    },
});
