import { expect, test } from "bun:test";
import { barPlaces } from "./bar_places.ts";

const positions = Float64Array.of(0, 100, 300);

test("barPlaces() puts bars of two series side by side around their position", () => {
  expect(barPlaces(positions, 0.8, 0, 0, 2)).toEqual({ lefts: [-40, 60, 260], width: 40 });
  expect(barPlaces(positions, 0.8, 0, 1, 2)).toEqual({ lefts: [0, 100, 300], width: 40 });
});

test("barPlaces() puts them before or after it", () => {
  expect(barPlaces(positions, 0.5, -1, 0, 2)).toEqual({ lefts: [-50, 50, 250], width: 25 });
  expect(barPlaces(positions, 0.5, 1, 1, 2)).toEqual({ lefts: [25, 125, 325], width: 25 });
});

test("barPlaces() has a place for a single position", () => {
  expect(barPlaces(Float64Array.of(5), 1, 0, 0, 2)).toEqual({ lefts: [4.5], width: 0.5 });
});
