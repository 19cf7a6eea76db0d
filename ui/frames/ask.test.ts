import { expect, test } from "bun:test";
import { framesOf, type Ask } from "./ask.ts";
import { framesToCsv, framesToJson, fileName } from "./export.ts";
import { readAnswer } from "./read_answer.ts";

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
const grid = { startMs: 0, stepMs: 15_000, length: 3 };
const histogram = (buckets: unknown) => ({ count: "3", sum: "1", buckets });
const up = [
  {
    metric: { __name__: "up", job: "a", instance: "x" },
    values: [
      [0, "1"],
      [30, "+Inf"],
    ],
  },
  {
    metric: { __name__: "up", job: "a", instance: "y" },
    values: [
      [15, "0.5"],
      [30, "NaN"],
    ],
  },
];

test("framesOf() makes a frame of time and number for each series, gaps kept, named by what differs", () => {
  const frames = framesOf(readAnswer("matrix", up, grid), ask, ["warned"]);
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
  const frames = framesOf(
    readAnswer("matrix", up, grid),
    { ...ask, legend: "{{ job }} at {{instance}}{{none}}" },
    [],
  );
  expect(frames.map(({ name }) => name)).toEqual(["a at x", "a at y"]);
});

test("framesOf() says what the aggregator says of an answer without series", () => {
  const [frame] = framesOf(readAnswer("matrix", [], grid), ask, ["late"]);
  expect(frame).toEqual({ ref: "A", name: "", length: 0, fields: [], notices: ["late"] });
});

test("framesOf() makes one table of an instant answer", () => {
  const vector = [
    { metric: { a: "1" }, value: [30, "2"] },
    { metric: { b: "2" }, value: [30, "NaN"] },
  ];
  const [frame] = framesOf(
    readAnswer("vector", vector, { startMs: 30_000, stepMs: 1, length: 1 }),
    { ...ask, instant: true, format: "table", shared: true },
    [],
  );
  expect(frame?.fields.map(({ name, values }) => [name, [...values]])).toEqual([
    ["Time", [30_000, 30_000]],
    ["a", ["1", ""]],
    ["b", ["", "2"]],
    ["Value #A", [2, Number.NaN]],
  ]);
});

test("framesOf() orders cumulative buckets and takes them apart", () => {
  const buckets = [
    {
      metric: { le: "+Inf" },
      values: [
        [0, "10"],
        [15, "12"],
      ],
    },
    {
      metric: { le: "0.5" },
      values: [
        [0, "4"],
        [15, "13"],
      ],
    },
    {
      metric: { le: "0.1" },
      values: [
        [0, "1"],
        [15, "2"],
      ],
    },
  ];
  const [frame] = framesOf(readAnswer("matrix", buckets, grid), { ...ask, format: "heatmap" }, []);
  expect(
    frame?.fields.slice(1).map(({ name, labels, values }) => [name, labels["gt"], [...values]]),
  ).toEqual([
    ["0.1", "0", [1, 2, Number.NaN]],
    ["0.5", "0.1", [3, 11, Number.NaN]],
    ["+Inf", "0.5", [6, 0, Number.NaN]],
  ]);
});

test("framesOf() makes buckets of native histograms, whatever the format", () => {
  const native = [
    {
      metric: {},
      histograms: [
        [0, histogram([[0, "0.5", "1", "3"]])],
        [
          30,
          histogram([
            [0, "0.5", "1", "1"],
            [0, "1", "2", "2"],
          ]),
        ],
      ],
    },
  ];
  const [frame] = framesOf(readAnswer("matrix", native, grid), ask, []);
  expect(frame?.fields.slice(1).map(({ name, values }) => [name, [...values]])).toEqual([
    ["1", [3, Number.NaN, 1]],
    ["2", [0, Number.NaN, 2]],
  ]);
});

test("framesOf() puts log lines into one frame, newest first, with ids that stay", () => {
  const streams = [
    {
      stream: { app: "a" },
      values: [
        ["1700000000000000002", "second"],
        ["1700000000000000001", "first"],
      ],
    },
    {
      stream: { app: "b" },
      values: [
        ["1700000000000000003", "third"],
        ["1700000000000000003", "third"],
      ],
    },
  ];
  const read = (): readonly unknown[] => {
    const [frame] = framesOf(readAnswer("streams", streams, grid), { ...ask, source: "logs" }, []);
    expect(frame?.fields[1]?.values).toEqual(["third", "third", "second", "first"]);
    expect(frame?.fields[3]?.values[3]).toBe("1700000000000000001");
    return [...(frame?.fields[4]?.values ?? [])];
  };
  const ids = read();
  expect(new Set(ids).size).toBe(4);
  expect(read()).toEqual([...ids]);
});

test("readAnswer() refuses other shapes", () => {
  expect(() => readAnswer("matrix", {}, grid)).toThrow("no list");
  expect(() => readAnswer("tensor", [], grid)).toThrow('"tensor"');
});

test("framesToCsv() puts series of one grid side by side and disarms formulas", () => {
  const hostile = [
    { metric: { x: '=cmd("a")' }, values: [[0, "-1"]] },
    { metric: { x: "b,c" }, values: [[15, "2"]] },
  ];
  const csv = framesToCsv(framesOf(readAnswer("matrix", hostile, grid), ask, []));
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
  const [first] = framesOf(readAnswer("matrix", up, grid), ask, []);
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
