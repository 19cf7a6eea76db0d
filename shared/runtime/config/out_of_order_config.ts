import { z } from "zod";
import { duration } from "../../text/duration.ts";

export const outOfOrderDefaultMs = 2 * 3_600_000;

/**
 * How late a sample may be that is pushed, or scraped with a timestamp of its own: keys of `storage` that all roles read. Under
 * `tsdb` it is Prometheus's own key, whose default is 0.
 */
export const outOfOrderShape = () => ({
  out_of_order_time_window: duration.optional(),
  tsdb: z.strictObject({ out_of_order_time_window: duration.optional() }).prefault({}),
});

const Own = z.lazy(() => z.object(outOfOrderShape()));

/** Milliseconds; two hours where neither key is set. */
export function outOfOrderMsOf(storage: z.output<typeof Own>): number {
  return (
    storage.out_of_order_time_window ?? storage.tsdb.out_of_order_time_window ?? outOfOrderDefaultMs
  );
}
