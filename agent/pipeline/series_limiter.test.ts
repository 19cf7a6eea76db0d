import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricsBatch, MetricsPart } from "#shared/model/metrics.ts";
import { isAbsent, setAbsent, wordsOf } from "#shared/model/special_values.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { SeriesLimiter } from "./series_limiter.ts";

const hourMs = 3_600_000;

function limiterOf(limit: number) {
  const time = { nowMs: 1_760_000_000_000 };
  const said: string[] = [];
  const log = createLogger("info", (line) => void said.push(line));
  const clock = { now: () => time.nowMs };
  return { limiter: new SeriesLimiter({ name: "here", limit, clock, log }), time, said };
}

const labelsOf = (i: number): Labels => ({ __name__: "burst", id: `${i}`, kind: "x" });

/** A row of numbers; undefined where there is no sample. */
function rowOf(values: readonly (number | undefined)[], timestampMs: number) {
  const row = { timestampMs, values: new Float64Array(values.length) };
  for (const [i, value] of values.entries())
    if (value === undefined) setAbsent(wordsOf(row.values), i);
    else row.values[i] = value;
  return row;
}

/** Samples as "id=value", wherever they stand in the batch. */
function samplesOf(batch: MetricsBatch): string[] {
  const told: string[] = [];
  const read = ({ schema, rows, sparse, histograms }: MetricsPart): void => {
    const name = (column: number) => schema.series[column]?.["id"] ?? "?";
    for (const { values } of rows)
      for (const [i, value] of values.entries())
        if (!isAbsent(wordsOf(values), i)) told.push(`${name(i)}=${value}`);
    for (const [i, column] of (sparse?.columns ?? []).entries())
      told.push(`${name(column)}=${sparse?.values[i]}`);
    for (const [i, column] of (histograms?.columns ?? []).entries())
      told.push(`${name(column)}=h${histograms?.histograms[i]?.count}`);
  };
  read(batch);
  batch.also?.forEach(read);
  return told;
}

test("a batch below the limit passes as it is", () => {
  const { limiter, time } = limiterOf(3);
  const batch: MetricsBatch = {
    schema: { series: [0, 1, 2].map(labelsOf), families: [] },
    rows: [rowOf([1, 2, 3], time.nowMs)],
  };
  expect(limiter.apply(batch).batch).toBe(batch);
  expect(limiter.report()).toMatchObject({ active: 3, limit: 3, refusedSamples: 0 });
});

test("over the limit new series are taken out with their labels, known ones go on, and the label is named", () => {
  const { limiter, time, said } = limiterOf(4);
  const series = [0, 1].map(labelsOf);
  const schema = { series, families: [] };
  limiter.apply({ schema, rows: [rowOf([1, 1], time.nowMs)] });
  for (let i = 2; i < 40; i++) series.push(labelsOf(i));
  const values = series.map((_, i) => i);
  const { batch, refused } = limiter.apply({ schema, rows: [rowOf(values, time.nowMs)] });
  expect(refused).toBe(36);
  expect(samplesOf(batch)).toEqual(["0=0", "1=1", "2=2", "3=3"]);
  expect(batch.schema.series).toHaveLength(4);
  expect(limiter.report()).toMatchObject({
    active: 4,
    refusedSeries: 36,
    refusedSamples: 36,
    fastest: { metric: "burst", label: "id", distinctValues: 40 },
  });
  limiter.apply({ schema, rows: [rowOf(values, time.nowMs)] });
  const lines = said.filter((line) => line.includes("series limit reached"));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('"label":"id"');
});

test("series that were idle for an hour make room for others", () => {
  const { limiter, time } = limiterOf(2);
  const first = { series: [0, 1].map(labelsOf), families: [] };
  const second = { series: [2, 3].map(labelsOf), families: [] };
  limiter.apply({ schema: first, rows: [rowOf([1, 1], time.nowMs)] });
  expect(limiter.apply({ schema: second, rows: [rowOf([1, 1], time.nowMs)] }).refused).toBe(2);
  // The one that goes on keeps its place, the other one loses it.
  for (let minute = 0; minute < 70; minute++) {
    time.nowMs += 60_000;
    limiter.apply({ schema: first, rows: [rowOf([1, undefined], time.nowMs)] });
  }
  const { batch, refused } = limiter.apply({ schema: second, rows: [rowOf([7, 8], time.nowMs)] });
  expect(samplesOf(batch)).toEqual(["2=7"]);
  expect(refused).toBe(1);
  time.nowMs += 2 * hourMs;
  const later = limiter.apply({ schema: second, rows: [rowOf([9, 10], time.nowMs)] });
  expect(samplesOf(later.batch)).toEqual(["2=9", "3=10"]);
});

test("what goes on and what is refused are together what came, whatever the samples are", () => {
  const sample = fc.record({ id: fc.nat(30), schema: fc.nat(2), kind: fc.nat(2) });
  fc.assert(
    fc.property(fc.array(fc.array(sample, { maxLength: 20 }), { maxLength: 8 }), (batches) => {
      const { limiter, time } = limiterOf(10);
      const schemas = [0, 1, 2].map(() => ({ series: [] as Labels[], families: [] }));
      const admitted = new Set<string>();
      for (const samples of batches) {
        time.nowMs += 40_000;
        const parts = schemas.map((schema, number): MetricsPart => {
          const own = samples.filter((one) => one.schema === number);
          const column = (id: number): number => {
            const known = schema.series.findIndex((labels) => labels["id"] === `${id}`);
            return known >= 0 ? known : schema.series.push(labelsOf(id)) - 1;
          };
          const sparse = own.filter(({ kind }) => kind === 0).map(({ id }) => column(id));
          const inRow = new Set(own.filter(({ kind }) => kind > 0).map(({ id }) => column(id)));
          const values = schema.series.map((_, i) => (inRow.has(i) ? i : undefined));
          return {
            schema,
            rows: [rowOf(values, time.nowMs)],
            sparse: {
              columns: Uint32Array.from(sparse),
              timestampsMs: Float64Array.from(sparse, () => time.nowMs),
              values: Float64Array.from(sparse, (at) => 1_000 + at),
            },
          };
        });
        const [own, ...also] = parts;
        if (own === undefined) continue;
        const all = samplesOf({ ...own, also });
        const { batch, refused } = limiter.apply({ ...own, also });
        const kept = samplesOf(batch);
        expect(kept.length + refused).toBe(all.length);
        const rest = [...all];
        for (const one of kept) rest.splice(rest.indexOf(one), 1);
        expect(rest).toHaveLength(refused);
        for (const one of kept) admitted.add(one.split("=")[0] ?? "");
        expect(admitted.size).toBeLessThanOrEqual(10);
        for (const one of rest) expect(admitted.has(one.split("=")[0] ?? "")).toBe(false);
      }
    }),
    { numRuns: 150 },
  );
});
