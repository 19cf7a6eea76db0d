import { expect, test } from "bun:test";
import type { Field } from "../../frames/frame.ts";
import { drawnColumns } from "./graph_columns.ts";
import { graphOf, type Graph } from "./graph_model.ts";
import { GraphStyle } from "./graph_style.ts";

const gap = Number.NaN;
const none = new Set<string>();

/** A graph of series on one grid of ten seconds, all in one style. */
function graph(style: Partial<GraphStyle>, ...columns: readonly number[][]): Graph {
  const given = GraphStyle.parse(style);
  const length = columns[0]?.length ?? 0;
  const time = field(
    "Time",
    "time",
    Float64Array.from({ length }, (_, i) => i * 10_000),
  );
  const frames = columns.map((values, i) => {
    const number = field(`s${i}`, "number", Float64Array.from(values));
    return { ref: "A", name: "", length, notices: [], fields: [time, number] };
  });
  return graphOf(frames, true, { dark: false, seriesMax: 100, styleOf: () => given });
}

function field(name: string, type: Field["type"], values: Float64Array): Field {
  return { name, type, values, labels: {}, options: {} };
}

test("without stacking every series is drawn as it is", () => {
  expect(drawnColumns(graph({ stack: "none" }, [1, 2], [3, gap]), none)).toEqual({
    columns: [
      [1, 2],
      [3, null],
    ],
    below: [undefined, undefined],
  });
});

test("stacked series stand on those before them; a gap adds nothing to what is above it", () => {
  expect(
    drawnColumns(graph({ stack: "normal" }, [1, 2, 3], [10, gap, 30], [5, 5, 5]), none),
  ).toEqual({
    columns: [
      [1, 2, 3],
      [11, 2, 33],
      [16, 7, 38],
    ],
    below: [undefined, 0, 1],
  });
});

test("a line of a stack ends where nothing above it has a value, and goes on below what has", () => {
  const given = [
    [1, gap, gap, 1],
    [2, 2, gap, gap],
  ];
  const columnsOf = (style: Partial<GraphStyle>) =>
    drawnColumns(graph({ stack: "normal", ...style }, ...given), none).columns;
  expect(columnsOf({})).toEqual([
    [1, 0, null, 1],
    [3, 2, null, null],
  ]);
  expect(columnsOf({ scale: "log" })[0]).toEqual([1, null, null, 1]);
  expect(columnsOf({ draw: "bars" })[0]).toEqual([1, null, null, 1]);
});

test("hidden series take no part in a stack", () => {
  const given = graph({ stack: "normal" }, [1], [10], [100]);
  const { columns, below } = drawnColumns(given, new Set([given.series[1]?.key ?? ""]));
  expect(columns[2]).toEqual([101]);
  expect(below).toEqual([undefined, undefined, 0]);
});

test("what goes down is a stack of its own below zero", () => {
  const { columns, below } = drawnColumns(graph({ stack: "normal" }, [1], [-2], [3], [-4]), none);
  expect(columns.flat()).toEqual([1, -2, 4, -6]);
  expect(below).toEqual([undefined, undefined, 0, 1]);
  const turned = drawnColumns(graph({ stack: "normal", negative: true }, [1], [2]), none);
  expect(turned.columns.flat()).toEqual([-1, -3]);
});

test("a stack of percent ends at one, and where all are zero at zero", () => {
  const { columns } = drawnColumns(graph({ stack: "percent" }, [1, 0, gap], [3, 0, 5]), none);
  expect(columns).toEqual([
    [0.25, 0, 0],
    [1, 0, 1],
  ]);
});

test("gaps end a line, are passed over, or only where they are shorter than the threshold", () => {
  const values = [1, gap, 2, gap, gap, gap, 3];
  const drawn = (style: Partial<GraphStyle>) => drawnColumns(graph(style, values), none).columns[0];
  const over = undefined;
  expect(drawn({ nulls: "gap" })).toEqual([1, null, 2, null, null, null, 3]);
  expect(drawn({ nulls: "connect" })).toEqual([1, over, 2, over, over, over, 3]);
  const below = (ms: number) => drawn({ nulls: "connect_below", nulls_below_ms: ms });
  expect(below(20_001)).toEqual([1, over, 2, null, null, null, 3]);
  expect(below(20_000)).toEqual([1, null, 2, null, null, null, 3]);
  expect(below(40_001)).toEqual([1, over, 2, over, over, over, 3]);
});

test("a logarithmic axis has no place for zero and less", () => {
  const { columns } = drawnColumns(graph({ scale: "log" }, [1, 0, -1, 10]), none);
  expect(columns[0]).toEqual([1, null, null, 10]);
});
