import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type ReadAnswer, readParts } from "#proto/columns/answer_reader.ts";
import { onGrid, timesOf } from "#proto/columns/series_reader.ts";
import { QueryColumnsSchema } from "#proto/gen/v1/columns_pb.js";
import { denseBuckets, emptyHistogram } from "#shared/model/histogram.ts";
import type { LogData } from "../../query/logql/answer.ts";
import type { QueryData } from "../../query/promql/engine.ts";
import { answerParts, partBytes } from "./answer_parts.ts";

/** As it comes out at the other end. */
async function read(data: QueryData | LogData, seriesMax?: number): Promise<ReadAnswer> {
  async function* parts() {
    for (const part of answerParts(data, { warnings: ["late"] })) {
      const bytes = toBinary(QueryColumnsSchema, create(QueryColumnsSchema, part));
      // At an odd place, as in a stream of messages.
      const moved = new Uint8Array(bytes.length + 1);
      moved.set(bytes, 1);
      yield fromBinary(QueryColumnsSchema, moved.subarray(1));
    }
  }
  return readParts(parts(), seriesMax === undefined ? {} : { seriesMax: () => seriesMax });
}

async function readSeries(data: QueryData, seriesMax?: number) {
  const answer = await read(data, seriesMax);
  if (!("series" in answer)) throw new Error(`read a ${answer.type}`);
  return answer;
}

const name = fc.string({ minLength: 1 }).filter((text) => text !== "__proto__");
const labels = fc.dictionary(name, fc.string(), { maxKeys: 4 });
const value = fc.double();

test("series over a grid come out as they went in, wherever they have gaps", async () => {
  const grid = { startMs: 1_000, stepMs: 250, count: 9 };
  const cells = fc.array(fc.option(value), { minLength: grid.count, maxLength: grid.count });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(labels, cells), { maxLength: 5 }), async (given) => {
      const series = given.map(([names, values]) => {
        const present = [...values.keys()].filter((i) => values[i] !== null);
        return {
          labels: names,
          timestampsMs: Float64Array.from(present, (i) => grid.startMs + i * grid.stepMs),
          values: Float64Array.from(present, (i) => values[i] ?? 0),
        };
      });
      const answer = await readSeries({ resultType: "matrix", grid, series });
      expect([answer.type, answer.grid, answer.seriesCount]).toEqual([
        "matrix",
        grid,
        given.length,
      ]);
      expect(answer.end.warnings).toEqual(["late"]);
      for (const [i, one] of answer.series.entries()) {
        expect(one.labels).toEqual(series[i]?.labels ?? {});
        expect([...one.values]).toEqual([...(series[i]?.values ?? [])]);
        expect(timesOf(one, grid)).toEqual(series[i]?.timestampsMs ?? new Float64Array());
        const cellsOf = given[i]?.[1].map((cell) => cell ?? Number.NaN) ?? [];
        expect([...onGrid(one, grid)]).toEqual(cellsOf);
      }
    }),
  );
});

test("a large answer comes in many parts, also one series of stored samples", async () => {
  const timestampsMs = Float64Array.from({ length: 100_000 }, (_, i) => i * 7);
  const values = timestampsMs.map((timeMs) => timeMs / 3);
  const series = [
    { labels: { n: "a" }, timestampsMs, values },
    { labels: { n: "b" }, timestampsMs: Float64Array.of(5), values: Float64Array.of(6) },
  ];
  const parts = [...answerParts({ resultType: "matrix", series }, {})];
  expect(parts.length).toBeGreaterThan(3);
  expect(Math.max(...parts.map(partBytes))).toBeLessThan(1_000_000);
  const answer = await readSeries({ resultType: "matrix", series });
  expect(answer.series.map((one) => [one.labels, one.timesMs, one.values])).toEqual(
    series.map((one) => [one.labels, one.timestampsMs, one.values]),
  );
});

test("a small answer is one part", () => {
  const data = { resultType: "scalar", timeMs: 5, value: 7 } as const;
  expect([...answerParts(data, {})].length).toBe(1);
  expect([...answerParts({ resultType: "vector", timeMs: 5, series: [] }, {})].length).toBe(1);
});

test("values at one moment, and histograms among them, keep their series", async () => {
  const histogram = { ...emptyHistogram, count: 3, sum: 9, positive: denseBuckets(1, [1, 0, 2]) };
  const series = [
    { labels: { n: "a" }, value: Number.NEGATIVE_INFINITY },
    { labels: { n: "b" }, value: Number.NaN, histogram },
    { labels: { n: "c" }, value: 2 },
  ];
  const answer = await readSeries({ resultType: "vector", timeMs: 1_500, series });
  expect(answer.grid).toEqual({ startMs: 1_500, stepMs: 0, count: 1 });
  expect(answer.series.map(({ labels: { n }, values }) => [n, [...values]])).toEqual([
    ["a", [Number.NEGATIVE_INFINITY]],
    ["b", []],
    ["c", [2]],
  ]);
  expect(answer.series[1]?.histograms).toEqual([
    {
      timeMs: 1_500,
      count: 3,
      sum: 9,
      lower: Float64Array.of(1, 4),
      upper: Float64Array.of(2, 8),
      counts: Float64Array.of(1, 2),
      bounds: Uint8Array.of(0, 0),
    },
  ]);
});

test("a reader keeps the first series, and knows how many there were", async () => {
  const series = Array.from({ length: 5_000 }, (_, i) => ({ labels: { n: `${i}` }, value: i }));
  const answer = await readSeries({ resultType: "vector", timeMs: 1, series }, 3);
  expect(answer.series.map(({ values }) => values[0])).toEqual([0, 1, 2]);
  expect(answer.seriesCount).toBe(5_000);
});

test("log lines keep their nanoseconds, order and labels, empty ones too", async () => {
  const stream = { app: "a" };
  const entries = Array.from({ length: 2_500 }, (_, i) => ({
    timestampNs: 1_700_000_000_000_000_000n + BigInt(i),
    stream,
    body: `line ${i}`,
    severity: 0,
    metadata: i % 2 === 0 ? {} : { trace: String(i) },
    parsed: i % 3 === 0 ? { empty: "" } : {},
  }));
  const answer = await read({ resultType: "streams", entries });
  if (answer.type !== "streams") throw new Error(answer.type);
  expect(answer.lines).toEqual(
    entries.map(({ timestampNs, body, metadata, parsed }) => {
      return { timestampNs, text: body, stream, metadata, parsed };
    }),
  );
});

async function* cut() {
  yield create(QueryColumnsSchema, { head: { steps: 1 } });
}

test("a string is read whole, and an answer that ends too early is refused", async () => {
  const answer = await read({ resultType: "string", timeMs: 9, value: "text" });
  expect(answer).toMatchObject({ type: "string", timeMs: 9, text: "text" });
  expect(readParts(cut())).rejects.toThrow("no end");
});
