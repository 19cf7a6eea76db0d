import type { QueryClient } from "@tanstack/react-query";
import { sampleIntervalMs } from "../../client/sample_interval.ts";
import { ratedSelectors } from "../../promql/rated_selectors.ts";
import type { Window } from "../../state/time_range.ts";

/** Where nothing is known of the samples. */
const usualMs = 15_000;
/** What was measured holds so long, and for ends within so long of each other. */
const heldMs = 10 * 60_000;

/**
 * How often samples come of the metrics whose rates an expression takes: `$__rate_interval` follows it. Asks nothing where the
 * expression does without, and takes the usual 15 s where the aggregator can't tell.
 */
export async function scrapeMsOf(
  cache: QueryClient,
  expr: string,
  { endMs }: Window,
): Promise<number> {
  const measured = await Promise.all(
    ratedSelectors(expr).map((selector) =>
      cache
        .fetchQuery({
          queryKey: ["sample_interval", selector, Math.floor(endMs / heldMs)],
          queryFn: async ({ signal }) =>
            (await sampleIntervalMs(selector, Math.min(endMs, Date.now()), signal)) ?? null,
          // What has begun a moment ago can be measured a moment later.
          staleTime: ({ state }) => (state.data == null ? usualMs : heldMs),
        })
        .catch(() => null),
    ),
  );
  const known = measured.flatMap((each) => each ?? []);
  return known.length === 0 ? usualMs : Math.max(...known);
}
