import { expect, test } from "bun:test";
import { knownTransformations, transform } from "./transform.ts";
import {
  done,
  frame,
  labelled,
  nan,
  number,
  series,
  servers,
  text,
  time,
} from "./transform_fixture.ts";

test("transform() names what it does not know and lets frames through; what is disabled does nothing", () => {
  const unknown: string[] = [];
  const after = transform(
    [servers],
    [
      { id: "groupToNestedTable", options: {} },
      { id: "constructor", options: {} },
      { id: "limit", options: { limitField: 1 }, disabled: true },
    ],
    (id) => unknown.push(id),
  );
  expect(after[0]).toBe(servers);
  expect(unknown).toEqual(["groupToNestedTable", "constructor"]);
});

test("no transformation throws for options of wrong types, or without frames", () => {
  for (const id of knownTransformations) {
    for (const bad of [
      {},
      { fields: 5, mode: [], include: "x", binary: null, sort: {}, byField: {} },
    ]) {
      for (const frames of [[], [servers], [series("A", "a", { x: "1" }, 1, 2, 3), servers]])
        expect(Array.isArray(transform(frames, [{ id, options: bad }], () => undefined))).toBe(
          true,
        );
    }
  }
});

const names = (given: Record<string, unknown>) =>
  done("filterFieldsByName", given, [servers]).map((each) => Object.keys(each));

test("organize, filterFieldsByName, filterByRefId, renameByRegex", () => {
  const options = {
    excludeByName: { Status: true },
    indexByName: { CPU: 0, Server: 1 },
    renameByName: { CPU: "Load" },
  };
  expect(done("organize", options, [servers])).toEqual([
    { Load: [10, 20, 30, 50], Server: ["s1", "s2", "s1", "s2"] },
  ]);
  expect(Object.keys(done("organize", options, [servers])[0] ?? {})).toEqual(["Load", "Server"]);
  expect(names({ include: { names: ["CPU"], pattern: "/^St/" } })).toEqual([["CPU", "Status"]]);
  expect(names({ exclude: { names: ["CPU"] } })).toEqual([["Server", "Status"]]);
  expect(done("filterByRefId", { include: "B|C" }, [servers, frame("B", number("x", 1))])).toEqual([
    { x: [1] },
  ]);
  const renamed = done("renameByRegex", { regex: "/C(.)U/", renamePattern: "$1-x" }, [servers]);
  expect(Object.keys(renamed[0] ?? {})).toEqual(["Server", "P-x", "Status"]);
});

test("reduce makes rows of series, or one row of each frame", () => {
  const frames = [series("A", "a", { h: "x" }, 1, 2, nan), series("A", "b", { h: "y" }, 4, 5, 6)];
  expect(done("reduce", { reducers: ["lastNotNull", "max", "p50"] }, frames)).toEqual([
    { Field: ["a", "b"], "Last *": [2, 6], Max: [2, 6], "50th %": [1.5, 5] },
  ]);
  expect(done("reduce", { reducers: ["sum"], labelsToFields: true }, frames)).toEqual([
    { Field: ["Value", "Value"], h: ["x", "y"], Total: [3, 15] },
  ]);
  expect(done("reduce", { mode: "reduceFields", reducers: ["mean"] }, frames)).toEqual([
    { a: [1.5] },
    { b: [5] },
  ]);
});

test("merge joins rows that agree in the columns that tables share", () => {
  expect(
    done("merge", {}, [
      frame("A", text("Job", "node", "postgre"), number("Value #A", 1, 2)),
      frame("B", text("Job", "postgre", "node"), number("Value #B", 20, 10)),
    ]),
  ).toEqual([{ Job: ["node", "postgre"], "Value #A": [1, 2], "Value #B": [10, 20] }]);
  expect(
    done("merge", {}, [
      frame("A", text("Job", "node", "postgre"), number("Value", 1, 2)),
      frame("B", text("Job", "node", "other"), number("Value", 1, 3)),
    ]),
  ).toEqual([{ Job: ["node", "postgre", "other"], Value: [1, 2, 3] }]);
});

test("joinByField and seriesToColumns join by a field, outer and inner", () => {
  const frames = [
    frame("A", time(1, 3), number("a", 10, 30)),
    frame("B", time(2, 3), number("a", 2, 3)),
  ];
  expect(done("seriesToColumns", {}, frames)).toEqual([
    { Time: [1, 2, 3], a: [10, nan, 30], "a 1": [nan, 2, 3] },
  ]);
  expect(done("joinByField", { byField: "Time", mode: "inner" }, frames)).toEqual([
    { Time: [3], a: [30], "a 1": [3] },
  ]);
  const twice = [
    frame("A", text("k", "x", "x"), number("v", 1, 2)),
    frame("B", text("k", "x"), number("w", 9)),
  ];
  expect(done("joinByField", { byField: "k" }, twice)).toEqual([
    { k: ["x", "x"], v: [1, 2], w: [9, 9] },
  ]);
});

const one = (what: string, cluster: string, value: number) =>
  frame("A", labelled(number("v", value), { what, cluster }));

test("joinByLabels makes columns of one label", () => {
  expect(
    done("joinByLabels", { value: "what" }, [
      one("Temp", "A", 10),
      one("Temp", "B", 200),
      one("Speed", "B", 3),
    ]),
  ).toEqual([{ cluster: ["A", "B"], Temp: [10, 200], Speed: [nan, 3] }]);
});

const filter = (id: string, options: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  done(
    "filterByValue",
    {
      type: "include",
      match: "all",
      filters: [{ fieldName: "CPU", config: { id, options } }],
      ...more,
    },
    [servers],
  )[0]?.["CPU"];

const sorted = (desc: boolean) =>
  done("sortBy", { sort: [{ field: "Server", desc }] }, [servers])[0]?.["CPU"];

test("filterByValue, limit and sortBy choose and order rows", () => {
  expect(filter("greaterOrEqual", { value: 30 })).toEqual([30, 50]);
  expect(filter("greaterOrEqual", { value: 30 }, { type: "exclude" })).toEqual([10, 20]);
  expect(filter("between", { from: 10, to: 50 })).toEqual([20, 30]);
  expect(filter("equal", { value: "20" })).toEqual([20]);
  expect(filter("regex", { value: "^[12]0$" })).toEqual([10, 20]);
  expect(done("limit", { limitField: "2" }, [servers])[0]?.["CPU"]).toEqual([10, 20]);
  expect([sorted(false), sorted(true)]).toEqual([
    [10, 30, 20, 50],
    [20, 50, 10, 30],
  ]);
});

test("calculateField: over a row, two fields, one, an index and windows", () => {
  const given = [frame("A", number("a", 1, -2, 3), number("b", 2, 2, 4))];
  const made = (options: Record<string, unknown>) => {
    const [result = {}] = done("calculateField", { replaceFields: true, ...options }, given);
    return result;
  };
  expect(made({ mode: "reduceRow", reduce: { reducer: "sum" } })).toEqual({ Total: [3, 0, 7] });
  expect(
    made({ mode: "binary", binary: { left: "a", operator: "/", right: "2" }, alias: "half" }),
  ).toEqual({ half: [0.5, -1, 1.5] });
  expect(
    made({
      mode: "binary",
      binary: {
        left: { matcher: { id: "byName", options: "a" } },
        operator: "*",
        right: { fixed: "10" },
      },
    }),
  ).toEqual({ "a * 10": [10, -20, 30] });
  expect(made({ mode: "unary", unary: { operator: "abs", fieldName: "a" } })).toEqual({
    "abs(a)": [1, 2, 3],
  });
  expect(made({ mode: "index" })).toEqual({ Row: [0, 1, 2] });
  expect(made({ mode: "cumulativeFunctions", cumulative: { field: "b", reducer: "sum" } })).toEqual(
    { "cumulative sum b": [2, 4, 8] },
  );
  expect(
    made({
      mode: "windowFunctions",
      window: { field: "b", reducer: "mean", windowSizeMode: "fixed", windowSize: 2 },
    }),
  ).toEqual({
    "trailing moving mean b": [2, 2, 3],
  });
  const joined = done(
    "calculateField",
    { mode: "binary", binary: { left: "x", operator: "+", right: "y" } },
    [series("A", "x", {}, 1, 2, 3), series("B", "y", {}, 10, 20, 30)],
  );
  expect(joined[0]?.["x + y"]).toEqual([11, 22, 33]);
});

test("groupBy, partitionByValues and groupingToMatrix", () => {
  const fields = {
    Server: { operation: "groupby", aggregations: [] },
    CPU: { operation: "aggregate", aggregations: ["mean", "count"] },
  };
  expect(done("groupBy", { fields }, [servers])).toEqual([
    { Server: ["s1", "s2"], "CPU (mean)": [20, 35], "CPU (count)": [2, 2] },
  ]);
  expect(done("partitionByValues", { fields: ["Server"] }, [servers])).toEqual([
    { CPU: [10, 30], Status: ["OK", "OK"] },
    { CPU: [20, 50], Status: ["Error", "OK"] },
  ]);
  expect(
    done("groupingToMatrix", { columnField: "Server", rowField: "Status", valueField: "CPU" }, [
      servers,
    ]),
  ).toEqual([{ "Status\\Server": ["OK", "Error"], s1: [30, nan], s2: [50, 20] }]);
});
