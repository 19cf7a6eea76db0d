import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { isStale, setNormalNan, setStale, wordsOf } from "#shared/model/special_values.ts";
import type { SeriesSamples, TierSpan } from "../../../read/source.ts";
import { LookUps, type Shown } from "./look_ups.ts";
import { flooredTime, spanAt } from "./tier_times.ts";

const kinds = ["number", "nan", "stale"] as const;
const samples = fc.array(
  fc.record({ gapMs: fc.integer({ min: 1, max: 40 }), kind: fc.constantFrom(...kinds) }),
  { maxLength: 30 },
);
const spans: readonly TierSpan[] = [
  { afterMs: -Infinity, untilMs: 200, bucketMs: 50 },
  { afterMs: 200, untilMs: Infinity, bucketMs: 0 },
];

function seriesOf(plan: readonly { gapMs: number; kind: (typeof kinds)[number] }[]): SeriesSamples {
  const timestampsMs = new Float64Array(plan.length);
  const values = new Float64Array(plan.length);
  const words = wordsOf(values);
  let atMs = 0;
  for (const [i, { gapMs, kind }] of plan.entries()) {
    timestampsMs[i] = atMs += gapMs;
    values[i] = 1_000 + i;
    if (kind === "nan") setNormalNan(words, i);
    if (kind === "stale") setStale(words, i);
  }
  return { labels: { __name__: "m" }, timestampsMs, values };
}

/** Each step on its own; NaN for a NaN, undefined for nothing. */
function expected(
  { timestampsMs, values, buckets }: SeriesSamples,
  stepTimeMs: number,
  lookbackMs: number,
  shown: Shown,
): number | undefined {
  const own = buckets?.spans;
  const timeMs = own === undefined ? stepTimeMs : flooredTime(own, stepTimeMs);
  const backMs =
    own === undefined ? lookbackMs : Math.max(lookbackMs, spanAt(own, stepTimeMs).bucketMs);
  const at = timestampsMs.findLastIndex((ms) => ms <= timeMs && ms > timeMs - backMs);
  if (at < 0 || isStale(wordsOf(values), at)) return undefined;
  if (shown === "starts") return 0;
  return shown === "values" ? values[at] : (timestampsMs[at] ?? 0) / 1_000;
}

test("each step of series that share their times gets the sample that it would get alone", () => {
  const grid = fc.record({
    fromMs: fc.integer({ min: -50, max: 400 }),
    stepMs: fc.integer({ min: 0, max: 60 }),
    count: fc.integer({ min: 1, max: 20 }),
    lookbackMs: fc.integer({ min: 1, max: 120 }),
    shown: fc.constantFrom<Shown>("values", "times", "starts"),
  });
  fc.assert(
    fc.property(samples, samples, grid, fc.boolean(), (plan, other, how, isTier) => {
      const one = seriesOf(plan);
      const buckets = isTier ? { buckets: { spans, columns: {} } } : {};
      const sharing = plan.map(({ gapMs }, i) => ({ gapMs, kind: other[i]?.kind ?? "number" }));
      const alike = { ...seriesOf(sharing), timestampsMs: one.timestampsMs };
      const lookUps = new LookUps(how);
      for (const series of [one, alike, seriesOf(other), one, alike]) {
        const found = lookUps.of({ ...series, ...buckets });
        const steps = Array.from({ length: how.count }, (_, i) =>
          found?.present[i] === 1 ? found.values[i] : undefined,
        );
        expect(steps).toEqual(
          Array.from({ length: how.count }, (_, i) =>
            expected(
              { ...series, ...buckets },
              how.fromMs + i * how.stepMs,
              how.lookbackMs,
              how.shown,
            ),
          ),
        );
      }
    }),
  );
});
