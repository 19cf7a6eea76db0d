import { expect, test } from "bun:test";
import { gridPlaces, layeredPlaces } from "./layout.ts";

const edge = (text: string) => ({ source: text[0] ?? "", target: text[1] ?? "" });

test("layeredPlaces() puts every node right of all that lead to it", () => {
  const places = layeredPlaces(["d", "c", "b", "a"], ["ab", "bc", "ac", "cd"].map(edge));
  expect(["a", "b", "c", "d"].map((id) => places.get(id)?.x)).toEqual([0, 1, 2, 3]);
});

test("layeredPlaces() ends on circles, and gives every node a place of its own", () => {
  const ids = ["a", "b", "c", "x"];
  const places = layeredPlaces(ids, ["ab", "bc", "ca", "xx"].map(edge));
  expect(new Set(ids.map((id) => JSON.stringify(places.get(id)))).size).toBe(4);
});

test("layeredPlaces() orders a layer by its neighbours", () => {
  const places = layeredPlaces(["a", "b", "q", "p"], ["ap", "bq"].map(edge));
  expect(places.get("p")?.y).toBe(places.get("a")?.y ?? Number.NaN);
  expect(places.get("q")?.y).toBe(places.get("b")?.y ?? Number.NaN);
});

test("gridPlaces() fills rows", () => {
  const places = gridPlaces(["a", "b", "c", "d"], 1);
  expect([...places.values()]).toEqual([
    { x: 0, y: 0 },
    { x: 1, y: 0 },
    { x: 0, y: 1 },
    { x: 1, y: 1 },
  ]);
});
