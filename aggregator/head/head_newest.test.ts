import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { DecodedSchema } from "#proto/codec/metrics.ts";
import type { Labels } from "#shared/model/labels.ts";
import { createHead } from "./head.ts";

const tenant = "acme";
const lane = { tenant, agent: "host-1", signal: "metrics" as const };
const nowMs = 1_700_000_000_000;

/** Series numbers and a time each, some of them again and out of order; frozen in between. */
const plan = fc.array(
  fc.record({ atMs: fc.integer({ min: 1, max: 60 }), first: fc.nat(9), count: fc.nat(12) }),
  { minLength: 1, maxLength: 12 },
);

test("of one window the head gives the newest sample of each series, in the order of their keys", async () => {
  await fc.assert(
    fc.asyncProperty(
      plan,
      fc.nat(12),
      fc.integer({ min: 0, max: 60 }),
      async (rows, frozenAt, endMs) => {
        const head = createHead();
        for (const [i, { atMs, first, count }] of rows.entries()) {
          if (i === frozenAt) await head.freeze("all");
          const series = Array.from({ length: count + 1 }, (_, n): Labels => ({
            __name__: `m${(7 * (first + n)) % 11}`,
            job: "a",
          }));
          const schema: DecodedSchema = {
            series: [...new Map(series.map((labels) => [labels["__name__"], labels])).values()],
          };
          const values = Float64Array.from(schema.series, (_, column) => 100 * i + column);
          const row = { schema, timestampMs: atMs, values, items: values.length };
          head.appendMetrics(lane, { rows: [row], sparse: [], families: [] }, nowMs);
        }
        const request = { tenant, matchers: [], startMs: 0, endMs, samplesMax: 10_000 };
        const all = head.selectSamples(request);
        const newest = head.selectSamples({
          ...request,
          newest: { firstEndMs: endMs, stepMs: 0, count: 1, lengthMs: 100 },
        });
        const lastOf = ({ timestampsMs, values }: (typeof all)[number]) => [
          timestampsMs.at(-1),
          values.at(-1),
        ];
        expect(newest.map(({ key }) => key)).toEqual(all.map(({ key }) => key));
        expect(newest.map(lastOf)).toEqual(all.map(lastOf));
        const keys = all.map(({ key = "" }) => key);
        expect(keys).toEqual(keys.toSorted());
      },
    ),
  );
});
