import { z } from "zod";
import { defineProcessor } from "./processor.ts";

/** Lets go of the records that its `match` is for. */
export const drop = defineProcessor({
  type: "drop",
  config: z.strictObject({}),
  create: () => (records, rows) => {
    for (const row of rows) records.drop(row, "processor");
  },
});
