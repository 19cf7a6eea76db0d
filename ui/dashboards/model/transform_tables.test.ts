import { expect, test } from "bun:test";
import { transform } from "./transform.ts";
import { done, frame, labelled, nan, number, series, text, time } from "./transform_fixture.ts";

test("labelsToFields, seriesToRows and concatenate", () => {
  const frames = [
    frame("A", time(1, 2), labelled(number("x", 1, 2), { host: "a", dc: "eu" })),
    frame("A", time(1, 2), labelled(number("y", 3, 4), { host: "b", dc: "eu" })),
  ];
  expect(done("labelsToFields", {}, frames)).toEqual([
    {
      Time: [1, 2, 1, 2],
      host: ["a", "a", "b", "b"],
      dc: ["eu", "eu", "eu", "eu"],
      Value: [1, 2, 3, 4],
    },
  ]);
  expect(done("labelsToFields", { mode: "rows" }, frames)[0]).toEqual({
    label: ["host", "dc"],
    value: ["a", "eu"],
  });
  expect(done("seriesToRows", {}, frames)).toEqual([
    { Time: [2, 2, 1, 1], Metric: ["x", "y", "x", "y"], Value: [2, 4, 1, 3] },
  ]);
  expect(
    done("concatenate", {}, [frame("A", number("a", 1, 2)), frame("B", number("b", 3))]),
  ).toEqual([{ a: [1, 2], b: [3, nan] }]);
});

const spell = (outputFormat: string) =>
  done("formatString", { stringField: "s", outputFormat }, [
    frame("A", text("s", "some wordHere")),
  ])[0]?.["s"];

test("convertFieldType, formatTime and formatString", () => {
  const given = [
    frame("A", text("n", "1,000.5", "x"), text("t", "2020-01-01T00:00:00Z", "5"), time(0, 60_000)),
  ];
  const convert = (targetField: string, destinationType: string) =>
    done("convertFieldType", { conversions: [{ targetField, destinationType }] }, given)[0]?.[
      targetField
    ];
  expect(convert("n", "number")).toEqual([1000.5, nan]);
  expect(convert("t", "time")).toEqual([1_577_836_800_000, 5]);
  expect(convert("Time", "string")).toEqual([
    "1970-01-01T00:00:00.000Z",
    "1970-01-01T00:01:00.000Z",
  ]);
  expect(
    done("formatTime", { timeField: "Time", outputFormat: "HH:mm", timezone: "utc" }, given)[0]?.[
      "Time"
    ],
  ).toEqual(["00:00", "00:01"]);
  expect(["Pascal Case", "Snake Case", "Upper Case"].map(spell)).toEqual([
    ["SomeWordHere"],
    ["some_word_here"],
    ["SOME WORDHERE"],
  ]);
});

const extract = (source: string, options: Record<string, unknown>) =>
  done("extractFields", { source: "line", replace: true, ...options }, [
    frame("A", text("line", source)),
  ])[0];

test("extractFields reads JSON, keys and values, and patterns", () => {
  expect(extract('{"a":1,"b":{"c":"x"}}', { format: "json" })).toEqual({ a: [1], b: [{ c: "x" }] });
  expect(
    extract('{"a":{"b":[5]}}', { format: "json", jsonPaths: [{ path: "a.b[0]", alias: "five" }] }),
  ).toEqual({ five: [5] });
  expect(extract('level=warn took=1.5 msg="a b"', { format: "kvp" })).toEqual({
    level: ["warn"],
    took: [1.5],
    msg: ["a b"],
  });
  expect(extract("GET /x", { format: "regexp", regExp: "/(?<method>\\w+) (?<path>.*)/" })).toEqual({
    method: ["GET"],
    path: ["/x"],
  });
  expect(extract("a;b", { format: "delimiter", delimiter: ";" })).toEqual({ 1: ["a"], 2: ["b"] });
});

test("rowsToFields, configFromData and transpose", () => {
  const rows = frame(
    "A",
    text("Name", "ServerA", "ServerB"),
    number("Value", 10, 20),
    number("Max", 100, 200),
  );
  const made = transform(
    [rows],
    [{ id: "rowsToFields", options: { mappings: [{ fieldName: "Max", handlerKey: "max" }] } }],
    () => undefined,
  );
  expect(
    made[0]?.fields.map(({ name, values, options }) => [name, values[0], options.max]),
  ).toEqual([
    ["ServerA", 10, 100],
    ["ServerB", 20, 200],
  ]);
  const configured = transform(
    [
      series("A", "x", {}, 1, 2, 3),
      frame("config", number("limit", 5, 7), text("unit", "s", "ms")),
    ],
    [
      {
        id: "configFromData",
        options: {
          configRefId: "config",
          mappings: [{ fieldName: "limit", handlerKey: "max", reducerId: "first" }],
        },
      },
    ],
    () => undefined,
  );
  expect(configured).toHaveLength(1);
  expect(configured[0]?.fields[1]?.options).toEqual({ max: 5, unit: "ms" });
  expect(
    done("transpose", {}, [
      frame("A", text("env", "dev", "prod"), number("cpu", 1, 2), number("mem", 3, 4)),
    ]),
  ).toEqual([{ Field: ["cpu", "mem"], dev: [1, 3], prod: [2, 4] }]);
});

test("histogram and heatmap count values in buckets", () => {
  expect(
    done("histogram", { bucketSize: 10, combine: true }, [
      frame("A", number("v", 1, 5, 12, 25, nan)),
    ]),
  ).toEqual([{ xMin: [0, 10, 20], xMax: [10, 20, 30], Count: [2, 1, 1] }]);
  const cells = transform(
    [frame("A", time(0, 500, 1_000), number("v", 1, 2, 11))],
    [
      {
        id: "heatmap",
        options: {
          xBuckets: { mode: "size", value: "1000" },
          yBuckets: { mode: "size", value: "10" },
        },
      },
    ],
    () => undefined,
  );
  const inSeconds = { xBuckets: { mode: "size", value: "1s" }, yBuckets: { value: 1 } };
  const [table] = done("heatmap", inSeconds, [
    frame("A", time(0, 500, 1_000), number("v", 1, 2, 3)),
  ]);
  expect(table?.["Time"]).toEqual([0, 1_000]);
  expect(
    cells[0]?.fields.map(({ name, labels, values }) => [name, labels["gt"], [...values]]),
  ).toEqual([
    ["Time", undefined, [0, 1_000]],
    ["10", "0", [2, 0]],
    ["20", "10", [0, 1]],
  ]);
});

test("prepareTimeSeries and timeSeriesTable", () => {
  const long = frame("A", time(1, 1, 2), text("host", "a", "b", "a"), number("v", 1, 2, 3));
  expect(done("prepareTimeSeries", { format: "multi" }, [long])).toEqual([
    { Time: [1, 2], v: [1, 3] },
    { Time: [1], v: [2] },
  ]);
  const wide = [series("A", "x", { h: "1" }, 1, 2, 3), series("A", "y", { h: "2" }, 4, 5, 6)];
  expect(done("prepareTimeSeries", { format: "wide" }, wide)).toEqual([
    { Time: [1, 2, 3], x: [1, 2, 3], y: [4, 5, 6] },
  ]);
  expect(done("prepareTimeSeries", { format: "long" }, wide)[0]).toEqual({
    Time: [1, 1, 2, 2, 3, 3],
    h: ["1", "2", "1", "2", "1", "2"],
    Value: [1, 4, 2, 5, 3, 6],
  });
  const [table] = done("timeSeriesTable", { A: { stat: "max" } }, wide);
  expect(table?.["h"]).toEqual(["1", "2"]);
  expect(table?.["Trend #A (max)"]).toEqual([3, 6]);
});
