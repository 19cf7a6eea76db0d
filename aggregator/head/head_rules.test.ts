import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { LaneId } from "#proto/bus/agent_port.ts";
import type { DecodedMetrics, DecodedSchema } from "#proto/codec/metrics.ts";
import { sumDrops } from "#shared/model/account.ts";
import type { Labels } from "#shared/model/labels.ts";
import { createLogger } from "#shared/runtime/log.ts";
import type { SeriesSamples } from "../read/source.ts";
import { joinPieces } from "../blocks/metrics/merge_series.ts";
import { seriesOfCut } from "./cut.fixture.ts";
import { createHead } from "./head.ts";
import { TenantLimits } from "./tenant_limits.ts";

const nowMs = 1_760_000_000_000;
const lane: LaneId = { tenant: "acme", agent: "host-1", signal: "metrics" };

const rowOf = (
  schema: DecodedSchema,
  timestampMs: number,
  ...values: number[]
): DecodedMetrics => ({
  rows: [{ schema, timestampMs, values: Float64Array.from(values), items: values.length }],
  sparse: [],
  families: [],
});

const sparseOf = (
  schema: DecodedSchema,
  timestampMs: number,
  values: number[],
): DecodedMetrics => ({
  rows: [],
  sparse: [
    {
      schema,
      samples: {
        columns: Uint32Array.from(values, (_, i) => i),
        timestampsMs: Float64Array.from(values, () => timestampMs),
        values: Float64Array.from(values),
      },
    },
  ],
  families: [],
});

const labelsOf = (i: number): Labels => ({ __name__: "burst", id: `${i}` });

function limitedHead(limit: number) {
  const time = { nowMs };
  const log = createLogger("info", () => {});
  const clock = { now: () => time.nowMs };
  const limits = new TenantLimits({ limitOf: () => limit, clock, log });
  const head = createHead({ seriesLimits: limits });
  const idsOf = (tenant = "acme") => {
    const ids = new Set<number>();
    const request = { tenant, selectors: [], startMs: 0, endMs: nowMs + 1e9 };
    head.eachSeries(request, ({ id }) => void ids.add(Number(id)));
    return [...ids].toSorted((a, b) => a - b);
  };
  const flush = async () => {
    const content = await head.freeze("all");
    head.release();
    return content;
  };
  return { head, limits, time, idsOf, flush };
}

test("a tenant's new series over its limit are refused and counted, from all agents together", () => {
  const { head, limits, idsOf } = limitedHead(3);
  const first = { series: [0, 1].map(labelsOf) };
  const second = { series: [1, 2, 3, 4].map(labelsOf) };
  expect(head.appendMetrics(lane, rowOf(first, nowMs, 1, 2), nowMs)).toEqual({});
  const lane2 = { ...lane, agent: "host-2" };
  expect(head.appendMetrics(lane2, rowOf(second, nowMs + 1, 3, 4, 5, 6), nowMs)).toEqual({
    series_limit: 2,
  });
  expect(head.appendMetrics(lane2, sparseOf(second, nowMs + 2, [3, 4, 5, 6]), nowMs)).toEqual({
    series_limit: 2,
  });
  expect(idsOf()).toEqual([0, 1, 2]);
  expect(head.size().items.of("metrics")).toBe(6);
  expect(head.appendMetrics({ ...lane, tenant: "other" }, rowOf(second, nowMs, 1), nowMs)).toEqual(
    {},
  );
  expect(limits.reports()).toMatchObject([
    {
      scope: "tenant",
      name: "acme",
      active: 3,
      limit: 3,
      refusedSeries: 2,
      refusedSamples: 4,
      fastest: { metric: "burst", label: "id" },
    },
    { name: "other", refusedSamples: 0 },
  ]);
});

test("known series go on in later generations, and those that are gone for an hour make room", async () => {
  const { head, time, idsOf, flush } = limitedHead(2);
  const schema = { series: [0, 1, 2].map(labelsOf) };
  for (let minute = 0; minute < 70; minute += 2) {
    time.nowMs = nowMs + minute * 60_000;
    // The second one ends at once; its column stays.
    const row = minute === 0 ? rowOf(schema, time.nowMs, 1, 1) : sparseOf(schema, time.nowMs, [1]);
    head.appendMetrics(lane, row, time.nowMs);
    const newcomer = { series: [labelsOf(2)] };
    const drops = head.appendMetrics(lane, rowOf(newcomer, time.nowMs, 1), time.nowMs);
    expect({ minute, isRefused: drops.series_limit === 1 }).toEqual({
      minute,
      isRefused: minute < 60,
    });
    if (minute >= 60) expect(idsOf()).toEqual([0, 2]);
    await flush();
  }
});

test("the same samples in any order, frames and flushes give the same series, each time once", async () => {
  const sample = fc.record({ series: fc.nat(2), second: fc.nat(9) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ sample, isFlush: fc.boolean(), isRow: fc.boolean() }), {
        maxLength: 40,
      }),
      fc.integer(),
      async (steps, seed) => {
        const read = async (order: typeof steps) => {
          const { head, flush } = limitedHead(0);
          const pieces: SeriesSamples[] = [];
          let [appended, dropped, stored] = [0, 0, 0];
          const commit = async () => {
            const frozen = await flush();
            const cut = frozen.content.metrics.get("acme")?.samples;
            pieces.push(...seriesOfCut(cut));
            for (const { values } of seriesOfCut(cut)) stored += values.length;
            for (const { drops } of frozen.dropped) dropped += sumDrops(drops);
          };
          for (const { sample: one, isFlush, isRow } of order) {
            const schema = { series: [labelsOf(one.series)] };
            const timestampMs = nowMs - 1_000 * one.second;
            const value = one.series + one.second;
            const decoded = isRow
              ? rowOf(schema, timestampMs, value)
              : sparseOf(schema, timestampMs, [value]);
            expect(head.appendMetrics(lane, decoded, nowMs)).toEqual({});
            appended++;
            if (isFlush) await commit();
          }
          await commit();
          expect(stored + dropped).toBe(appended);
          return [0, 1, 2].map((series) => {
            const own = pieces.filter(({ labels }) => labels["id"] === `${series}`);
            if (own.length === 0) return [];
            const { timestampsMs, values } = joinPieces(own);
            return Array.from(timestampsMs, (time, i) => [time, values[i]]);
          });
        };
        const shuffled = steps
          .map((step, i) => ({ step, at: Math.abs(Math.sin(seed + i * 7_919)) }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ step }) => step);
        const wanted = [0, 1, 2].map((series) => {
          const own = steps.filter(({ sample: one }) => one.series === series);
          const seconds = [...new Set(own.map(({ sample: one }) => one.second))];
          return seconds
            .toSorted((a, b) => b - a)
            .map((second) => [nowMs - 1_000 * second, series + second]);
        });
        expect(await read(steps)).toEqual(wanted);
        expect(await read(shuffled)).toEqual(wanted);
      },
    ),
    { numRuns: 200 },
  );
});

test("of different values at one time the first stands; repeats and conflicts are counted apart", async () => {
  const { head, flush } = limitedHead(0);
  const schema = { series: [labelsOf(0)] };
  for (const value of [5, 5, 6, 5]) head.appendMetrics(lane, rowOf(schema, nowMs, value), nowMs);
  const { content, dropped } = await flush();
  expect(
    seriesOfCut(content.metrics.get("acme")?.samples).map(({ values }) => [...values]),
  ).toEqual([[5]]);
  expect(dropped).toEqual([{ lane, drops: { duplicate_sample: 2, duplicate_timestamp: 1 } }]);
});
