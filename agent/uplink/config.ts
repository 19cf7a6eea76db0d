import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";

/** How an agent comes back after it was cut off; of the nats uplink. */
export const UplinkConfig = z.lazy(() =>
  z.strictObject({
    /** With an unsent frame older than this, what is new is sent first, and what was left beside it. */
    backlog_after: duration.prefault("60s"),
    /**
     * What was left is sent at most this fast, bytes a second: an hour of 5,000 series at 15 s takes about three seconds. An aggregator may ask for less,
     * when many come back at once (`ingest.backlog_rate`).
     */
    backlog_rate: byteSize
      .prefault("1MiB")
      .refine((bytes) => bytes >= 1_024, "expected 1KiB or more"),
  }),
);
export type UplinkConfig = z.output<typeof UplinkConfig>;
