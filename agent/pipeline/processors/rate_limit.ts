import { z } from "zod";
import { labelsKey } from "#shared/model/labels.ts";
import { defineProcessor } from "./processor.ts";

type Bucket = { tokens: number; atMs: number };

/** So many records a second of each stream, or of each value of some labels; what is over it is dropped and counted as rate_limit. */
export const rateLimit = defineProcessor({
  type: "rate_limit",
  config: z.lazy(() =>
    z.strictObject({
      records_per_second: z.number().positive(),
      /** So many may come at once; a second's worth by default. */
      burst: z.number().positive().optional(),
      /** Labels whose values are told apart, in place of all labels; with an empty list all records share one limit. */
      by: z.array(z.string().min(1)).optional(),
      /** Streams told apart; the one not seen for longest starts anew beyond it. */
      streams_max: z.number().int().min(1).max(1_000_000).default(10_000),
    }),
  ),
  create: (
    { records_per_second: rate, burst = Math.max(1, rate), by, streams_max: max },
    { clock },
  ) => {
    const buckets = new Map<string, Bucket>();
    const bucketOf = (key: string, nowMs: number): Bucket => {
      const bucket = buckets.get(key) ?? { tokens: burst, atMs: nowMs };
      bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1_000) * rate);
      bucket.atMs = nowMs;
      // The last used stands last, so the first is the one to forget.
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > max) for (const oldest of buckets.keys()) return forget(oldest, bucket);
      return bucket;
    };
    const forget = (oldest: string, bucket: Bucket): Bucket => {
      buckets.delete(oldest);
      return bucket;
    };
    return (records, rows) => {
      const nowMs = clock.monotonic();
      const own = new Map<number, Bucket>();
      for (const row of rows) {
        const number = records.streamNumber(row);
        let bucket = own.get(number);
        if (bucket === undefined) {
          const labels = records.stream(row);
          const key =
            by === undefined
              ? labelsKey(labels)
              : JSON.stringify(by.map((name) => labels[name] ?? null));
          bucket = bucketOf(key, nowMs);
          own.set(number, bucket);
        }
        if (bucket.tokens >= 1) bucket.tokens--;
        else records.drop(row, "rate_limit");
      }
    };
  },
});
