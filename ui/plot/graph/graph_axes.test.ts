import { expect, test } from "bun:test";
import type uPlot from "uplot";
import type { FieldOptions } from "#shared/dashboards/dashboard.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { axesOf, axisThresholds, scaleOf } from "./graph_axes.ts";
import { graphOf, type Graph } from "./graph_model.ts";
import { GraphStyle } from "./graph_style.ts";

type Given = { readonly style?: Partial<GraphStyle>; readonly options?: FieldOptions };

/** A graph with a series for each of these. */
function graph(...given: readonly Given[]): Graph {
  const styles = new Map<string, GraphStyle>();
  const frames = given.map(({ style = {}, options = {} }, i): Frame => {
    const name = `s${i}`;
    styles.set(name, GraphStyle.parse(style));
    const field = { name, labels: {}, values: Float64Array.of(1) };
    const time: Field = { ...field, name: "Time", type: "time", options: {} };
    return {
      ref: "A",
      name,
      length: 1,
      notices: [],
      fields: [time, { ...field, type: "number", options }],
    };
  });
  return graphOf(frames, true, {
    dark: false,
    seriesMax: 100,
    styleOf: ({ name }) => styles.get(name) ?? GraphStyle.parse({}),
  });
}

/** Ends of the axis of one series whose values lie between these, after each of them. */
function ranges(given: Given, ...data: readonly (readonly [number, number])[]) {
  const [axis] = axesOf(graph(given));
  const range = axis === undefined ? undefined : scaleOf(axis).range;
  if (typeof range !== "function") throw new Error("an axis has a function for its range");
  // The range is of the values alone, whatever the chart.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a chart draws on a page, and there is none
  const chart = {} as unknown as uPlot;
  return data.map(([low, high]) => range(chart, low, high, axis?.key ?? ""));
}

const sides = (...given: readonly Given[]) =>
  axesOf(graph(...given)).map(({ side, unit, series }) => [side, unit, series.length]);

test("series of one unit share an axis; the first is at the left, others at the right, unless a series says so", () => {
  const [bytes, seconds] = [{ options: { unit: "bytes" } }, { options: { unit: "s" } }];
  expect(sides(bytes, seconds, bytes)).toEqual([
    ["left", "bytes", 2],
    ["right", "s", 1],
  ]);
  expect(
    sides({ ...bytes, style: { axis: "right" } }, { ...seconds, style: { axis: "left" } }),
  ).toEqual([
    ["right", "bytes", 1],
    ["left", "s", 1],
  ]);
  expect(sides(bytes, { ...seconds, style: { axis: "hidden" } })[1]).toEqual(["hidden", "s", 1]);
  expect(sides({ ...bytes, style: { stack: "percent" } })).toEqual([["left", "percentunit", 1]]);
});

test("an axis of amounts begins at zero, one of a narrow band far from it does not", () => {
  expect(ranges({}, [10, 96])).toEqual([[0, 100]]);
  expect(ranges({}, [960, 1_000])[0]?.[0]).toBeGreaterThan(900);
  expect(ranges({}, [5, 5], [0, 0], [-4, -4])).toEqual([
    [0, 7.5],
    [0, 7.5],
    [-6, 7.5],
  ]);
});

test("soft ends widen an axis and give way to values beyond them; hard ones do not", () => {
  const soft = { style: { soft_min: 0, soft_max: 100 } };
  expect(ranges(soft, [20, 30])[0]?.[0]).toBe(0);
  expect(ranges(soft, [20, 30])[0]?.[1]).toBeGreaterThanOrEqual(100);
  const [beyond] = ranges(soft, [-50, 300]);
  expect(beyond?.[0]).toBeLessThanOrEqual(-50);
  expect(beyond?.[1]).toBeGreaterThanOrEqual(300);
  expect(ranges({ options: { min: 10, max: 20 } }, [-50, 300])).toEqual([[10, 20]]);
  expect(ranges({ style: { stack: "percent" } }, [0, 0.4])[0]?.[1]).toBe(1);
  const centered = ranges({ style: { centered_zero: true } }, [-3, 10])[0] ?? [];
  expect(centered[0]).toBe(-(centered[1] ?? 0));
});

test("a logarithmic axis ends on powers of its base", () => {
  expect(ranges({ style: { scale: "log", log_base: 10 } }, [3, 4_000])).toEqual([[1, 10_000]]);
  expect(ranges({ style: { scale: "log", log_base: 2 } }, [3, 60])).toEqual([[2, 64]]);
  expect(ranges({ style: { scale: "log" } }, [0, 0])[0]?.[0]).toBe(1);
});

test("an axis grows at once, and shrinks only when five refreshes needed less than half of it", () => {
  const small: readonly (readonly [number, number])[] = Array.from({ length: 5 }, () => [0, 9]);
  const all = ranges({}, [0, 9], [0, 90], ...small);
  const tops = all.map((range) => range[1] ?? 0);
  expect(tops[1]).toBeGreaterThanOrEqual(90);
  expect(tops.slice(2, 6)).toEqual(Array.from({ length: 4 }, () => tops[1] ?? 0));
  expect(tops[6]).toBe(tops[0] ?? 0);
});

test("thresholds are places on the axis: those of percentages between its ends, others as they are, and within it", () => {
  const steps = [
    { value: null, color: "green" },
    { value: 80, color: "red" },
  ];
  const absolute = {
    style: { thresholds: "line" as const },
    options: { thresholds: { mode: "absolute" as const, steps } },
  };
  expect(ranges(absolute, [0, 10])[0]?.[1]).toBeGreaterThanOrEqual(80);
  const [series] = graph({
    style: { thresholds: "area" },
    options: { thresholds: { mode: "percentage", steps } },
  }).series;
  if (series === undefined) throw new Error("there is a series");
  expect(axisThresholds(series, { min: 0, max: 50 })).toEqual([
    { from: Number.NEGATIVE_INFINITY, to: 40, color: "green" },
    { from: 40, to: Number.POSITIVE_INFINITY, color: "red" },
  ]);
});
