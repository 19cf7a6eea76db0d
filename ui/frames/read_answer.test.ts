import { create } from "@bufbuild/protobuf";
import { expect, test } from "bun:test";
import type { ReadAnswer } from "#proto/columns/answer_reader.ts";
import type { ReadLine } from "#proto/columns/read_lines.ts";
import type { ReadSeries } from "#proto/columns/series_reader.ts";
import { ResultEndSchema } from "#proto/gen/v1/columns_pb.js";
import { answerOf, seriesKept } from "./read_answer.ts";

const end = create(ResultEndSchema);
const grid = { startMs: 0, stepMs: 15_000, count: 3 };
const plain = { labels: {}, runs: undefined, timesMs: undefined, histograms: undefined };

function matrix(series: readonly ReadSeries[], seriesCount = series.length): ReadAnswer {
  return { type: "matrix", grid, series, seriesCount, end };
}

test("answerOf() puts series on one grid, with NaN where a step has no value", () => {
  const whole = { ...plain, values: Float64Array.of(1, 2, 3) };
  const gaps = { ...plain, values: Float64Array.of(4, 5), runs: [0, 1, 1, 1] };
  const answer = answerOf(matrix([whole, gaps]), 30_000);
  if (answer.kind !== "series") throw new Error(answer.kind);
  expect(answer.timesMs).toEqual(Float64Array.of(0, 15_000, 30_000));
  expect(answer.series.map(({ values }) => [...values])).toEqual([
    [1, 2, 3],
    [4, Number.NaN, 5],
  ]);
});

test("answerOf() says how many series are kept", () => {
  const one = { ...plain, values: Float64Array.of(1, 2, 3) };
  expect(answerOf(matrix([one], 7), 0).notices).toEqual([
    "1 of 7 series kept: narrow the query by labels, or ask for the largest with topk(1, …)",
  ]);
  expect([seriesKept(1), seriesKept(11_000), seriesKept(1e9)]).toEqual([20_000, 2_727, 1]);
});

test("answerOf() keeps of stored samples the one at the moment that was asked for", () => {
  const stored = { ...plain, values: Float64Array.of(1, 2), timesMs: Float64Array.of(100, 200) };
  const read = { type: "matrix", grid: undefined, series: [stored], seriesCount: 1, end } as const;
  const valueAt = (atMs: number) => {
    const answer = answerOf(read, atMs);
    return answer.kind === "series" ? answer.series[0]?.values[0] : undefined;
  };
  expect([valueAt(200), valueAt(201)]).toEqual([2, Number.NaN]);
});

test("answerOf() gives lines the labels of stream, metadata and parsers as one shared object", () => {
  const [stream, metadata] = [{ app: "a" }, { level: "info" }];
  const line = (parsed: ReadLine["parsed"]): ReadLine => {
    return { timestampNs: 1_700_000_000_000_000_001n, text: "x", stream, metadata, parsed };
  };
  const none = {};
  const lines = [line(none), line(none), line({ app: "b" })];
  const answer = answerOf({ type: "streams", lines, end }, 0);
  if (answer.kind !== "lines") throw new Error(answer.kind);
  const [first, second, third] = answer.lines;
  expect(first).toEqual({
    ns: "1700000000000000001",
    text: "x",
    labels: { app: "a", level: "info" },
  });
  expect(second?.labels).toBe(first?.labels ?? {});
  expect(third?.labels).toEqual({ app: "b", level: "info" });
});
