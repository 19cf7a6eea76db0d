import { expect, test } from "bun:test";
import type { Labels } from "#shared/model/labels.ts";
import { framesOf, type Ask } from "./ask.ts";
import { framesToCsv, framesToJson, fileName } from "./export.ts";
import type { SeriesAnswer } from "./read_answer.ts";

const ask: Ask = {
  ref: "A",
  source: "metrics",
  expr: "up",
  instant: false,
  format: "time_series",
  legend: undefined,
  window: { startMs: 0, endMs: 30_000 },
  stepMs: 15_000,
  limit: undefined,
};
const timesMs = Float64Array.of(0, 15_000, 30_000);
const none = Number.NaN;

/** Series on the grid of three steps. */
function series(...all: readonly (readonly [Labels, readonly number[]])[]): SeriesAnswer {
  const read = all.map(([labels, values]) => ({ labels, values: Float64Array.from(values) }));
  return { kind: "series", timesMs, series: read, notices: [] };
}

const up = series(
  [{ __name__: "up", job: "a", instance: "x" }, [1, none, Number.POSITIVE_INFINITY]],
  [{ __name__: "up", job: "a", instance: "y" }, [none, 0.5, none]],
);

test("framesOf() makes a frame of time and number for each series, gaps kept, named by what differs", () => {
  const frames = framesOf(up, ask, ["warned"]);
  expect(frames.map(({ name }) => name)).toEqual(["x", "y"]);
  expect(frames[0]?.notices).toEqual(["warned"]);
  expect(frames[0]?.fields[0]?.values).toEqual(Float64Array.of(0, 15_000, 30_000));
  expect([...(frames[0]?.fields[1]?.values ?? [])]).toEqual([
    1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ]);
  expect(frames[0]?.fields[0]?.values).toBe(frames[1]?.fields[0]?.values ?? []);
});

test("framesOf() fills the legend's labels", () => {
  const frames = framesOf(up, { ...ask, legend: "{{ job }} at {{instance}}{{none}}" }, []);
  expect(frames.map(({ name }) => name)).toEqual(["a at x", "a at y"]);
});

test("framesOf() says what the aggregator says of an answer without series", () => {
  const [frame] = framesOf(series(), ask, ["late"]);
  expect(frame).toEqual({ ref: "A", name: "", length: 0, fields: [], notices: ["late"] });
});

test("framesOf() makes one table of an instant answer", () => {
  const vector: SeriesAnswer = {
    kind: "series",
    timesMs: Float64Array.of(30_000),
    series: [
      { labels: { a: "1" }, values: Float64Array.of(2) },
      { labels: { b: "2" }, values: Float64Array.of(none) },
    ],
    notices: [],
  };
  const [frame] = framesOf(vector, { ...ask, instant: true, format: "table", shared: true }, []);
  expect(frame?.fields.map(({ name, values }) => [name, [...values]])).toEqual([
    ["Time", [30_000, 30_000]],
    ["a", ["1", ""]],
    ["b", ["", "2"]],
    ["Value #A", [2, Number.NaN]],
  ]);
});

test("framesOf() orders cumulative buckets and takes them apart", () => {
  const buckets = series(
    [{ le: "+Inf" }, [10, 12, none]],
    [{ le: "0.5" }, [4, 13, none]],
    [{ le: "0.1" }, [1, 2, none]],
  );
  const [frame] = framesOf(buckets, { ...ask, format: "heatmap" }, []);
  expect(
    frame?.fields.slice(1).map(({ name, labels, values }) => [name, labels["gt"], [...values]]),
  ).toEqual([
    ["0.1", "0", [1, 2, Number.NaN]],
    ["0.5", "0.1", [3, 11, Number.NaN]],
    ["+Inf", "0.5", [6, 0, Number.NaN]],
  ]);
});

const histogram = (timeMs: number, ...buckets: readonly [number, number, number][]) => ({
  timeMs,
  count: 3,
  sum: 1,
  lower: Float64Array.from(buckets, ([lower]) => lower),
  upper: Float64Array.from(buckets, ([, upper]) => upper),
  counts: Float64Array.from(buckets, ([, , count]) => count),
  bounds: new Uint8Array(buckets.length),
});

test("framesOf() makes buckets of native histograms, whatever the format", () => {
  const histograms = [histogram(0, [0.5, 1, 3]), histogram(30_000, [0.5, 1, 1], [1, 2, 2])];
  const [one] = series([{}, [none, none, none]]).series;
  const native = one === undefined ? [] : [{ ...one, histograms }];
  const [frame] = framesOf({ kind: "series", timesMs, series: native, notices: [] }, ask, []);
  expect(frame?.fields.slice(1).map(({ name, values }) => [name, [...values]])).toEqual([
    ["1", [3, Number.NaN, 1]],
    ["2", [0, Number.NaN, 2]],
  ]);
});

test("framesOf() puts log lines into one frame, newest first, with ids that stay", () => {
  const [a, b] = [{ app: "a" }, { app: "b" }];
  const lines = [
    { ns: "1700000000000000002", text: "second", labels: a },
    { ns: "1700000000000000001", text: "first", labels: a },
    { ns: "1700000000000000003", text: "third", labels: b },
    { ns: "1700000000000000003", text: "third", labels: b },
  ];
  const read = (): readonly unknown[] => {
    const answer = { kind: "lines", lines, notices: [] } as const;
    const [frame] = framesOf(answer, { ...ask, source: "logs" }, []);
    expect(frame?.fields[1]?.values).toEqual(["third", "third", "second", "first"]);
    expect(frame?.fields[3]?.values[3]).toBe("1700000000000000001");
    return [...(frame?.fields[4]?.values ?? [])];
  };
  const ids = read();
  expect(new Set(ids).size).toBe(4);
  expect(read()).toEqual([...ids]);
});

test("framesToCsv() puts series of one grid side by side and disarms formulas", () => {
  const hostile = series([{ x: '=cmd("a")' }, [-1, none, none]], [{ x: "b,c" }, [none, 2, none]]);
  const csv = framesToCsv(framesOf(hostile, ask, []));
  expect(csv).toBe(
    [
      `Time,"'=cmd(""a"")","b,c"`,
      "1970-01-01T00:00:00.000Z,-1,",
      "1970-01-01T00:00:15.000Z,,2",
      "1970-01-01T00:00:30.000Z,,",
      "",
    ].join("\r\n"),
  );
});

test("framesToJson() has null for gaps", () => {
  const [first] = framesOf(up, ask, []);
  const json: unknown = JSON.parse(framesToJson(first === undefined ? [] : [first]));
  expect(json).toMatchObject([
    {
      rows: [
        ["1970-01-01T00:00:00.000Z", 1],
        ["1970-01-01T00:00:15.000Z", null],
        ["1970-01-01T00:00:30.000Z", "Infinity"],
      ],
    },
  ]);
});

test("fileName() leaves nothing that leads out of a folder", () => {
  expect(fileName("../../CPU: 50%/x")).toBe("_.._CPU_ 50_x");
});
