import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { defineProcessor } from "./processor.ts";

/** Lets go of the records that its `match` is for, or of those among them that are too old or too long. */
export const drop = defineProcessor({
  type: "drop",
  config: z.lazy(() =>
    z.strictObject({
      /** Only records whose time is so long ago. */
      older_than: duration.optional(),
      /** Only records whose body has more bytes. */
      longer_than: byteSize.optional(),
    }),
  ),
  create: (
    { older_than: ageMs = Number.NEGATIVE_INFINITY, longer_than: bytes = -1 },
    { clock },
  ) => {
    return (records, rows) => {
      const nowMs = clock.now();
      for (const row of rows) {
        if (nowMs - records.timestampMs(row) <= ageMs) continue;
        if (records.bodyEnd(row) - records.bodyStart(row) <= bytes) continue;
        records.drop(row, "processor");
      }
    };
  },
});
