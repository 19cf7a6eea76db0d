import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";

/** The agent's durable copy of everything that the aggregator does not have in a committed block yet. */
export const SpoolConfig = z.lazy(() =>
  z
    .strictObject({
      /** Folder of the segments, one below it a signal; created if absent. `<data dir>/spool` where empty. */
      path: z.string().default(""),
      /** Ceiling of the whole spool: at a typical host's few kB/s it holds days without an aggregator. */
      size_max: byteSize.prefault("512MiB"),
      /** Older data is dropped and counted, so that a host that was cut off for long does not send what is of no use any more. */
      age_max: duration.prefault("7d"),
      /** A segment is closed at this size; dropping the oldest frees disk in steps of it. */
      segment_size: byteSize.prefault("8MiB"),
      /** A segment is closed at this age, too: series that are gone leave the schema with their epoch. */
      epoch_age: duration.prefault("15m"),
      /** The longest that accepted data may sit unsynced, so the most that a power cut can lose. */
      sync_interval: duration.prefault("300ms"),
      /** The shortest time between two syncs after pushes. Queries see pushed data once it is synced. */
      push_sync_interval: duration.prefault("10ms"),
      /** What to do at size_max: let the oldest segment go (counted), or make sources wait. */
      when_full: z.enum(["drop_oldest", "block"]).default("drop_oldest"),
    })
    .refine((spool) => spool.size_max >= 4 * spool.segment_size, {
      path: ["size_max"],
      error: "must hold at least four segments, two a signal",
      // Told together with mistakes in other keys.
      when: ({ issues }) =>
        !issues.some(({ path }) => path?.[0] === "size_max" || path?.[0] === "segment_size"),
    }),
);

export type SpoolConfig = z.output<typeof SpoolConfig>;
