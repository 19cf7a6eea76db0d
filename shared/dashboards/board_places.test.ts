import { expect, test } from "bun:test";
import { Board } from "./board.ts";
import { placesOf } from "./board_places.ts";

function placed(...panels: readonly object[]): string[] {
  const named = panels.map((panel, i) => ({ title: `${i}`, ...panel }));
  const [row] = Board.parse({ title: "x", rows: [{ title: "x", panels: named }] }).rows;
  return placesOf(row?.panels ?? []).map(({ x, y, w, h }) => [x, y, w, h].join(" "));
}
const [stat, graph] = [{ type: "stat" }, { type: "timeseries" }];

test("placesOf() goes from left to right, and below what is highest on a line that is full", () => {
  expect(placed({ ...graph, width: 8, height: 3 }, { ...graph, width: 16 }, graph, graph)).toEqual([
    "0 0 8 3",
    "8 0 16 8",
    "0 8 12 8",
    "12 8 12 8",
  ]);
});

test("placesOf() gives what a line has left to its figures, or to its last panel", () => {
  expect(placed(stat, stat, stat, stat, stat)).toEqual([
    "0 0 5 4",
    "5 0 5 4",
    "10 0 5 4",
    "15 0 5 4",
    "20 0 4 4",
  ]);
  expect(placed(graph, graph, graph).at(-1)).toBe("0 8 24 8");
});

test("placesOf() leaves few figures small, and a width that somebody chose as it is", () => {
  expect(placed(stat, stat)).toEqual(["0 0 4 4", "4 0 4 4"]);
  expect(placed({ ...graph, width: 6 })).toEqual(["0 0 6 8"]);
  expect(placed(stat, graph)).toEqual(["0 0 4 4", "4 0 12 8"]);
});
