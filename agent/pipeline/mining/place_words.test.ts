import { expect, test } from "bun:test";
import { PlaceWords } from "./place_words.ts";

test("a place is full with its last different word, and begins anew then", () => {
  const places = new PlaceWords({ placesMax: 100, wordsMax: 3 });
  expect([5, 5, 6, 5, 7, 7, 6, 5].map((word) => places.add(1, -1, word))).toEqual([
    false,
    false,
    false,
    false,
    true,
    false,
    false,
    true,
  ]);
});

test("places are told apart by both halves of their key, however many there are", () => {
  const places = new PlaceWords({ placesMax: 5_000, wordsMax: 2 });
  const keys = Array.from({ length: 5_000 }, (_, i) => [i % 50, Math.imul(i, 40_503)] as const);
  for (const [low, high] of keys) expect(places.add(low, high, 1)).toBe(false);
  for (const [low, high] of keys) expect(places.add(low, high, 2)).toBe(true);
});

test("over the bound all places are forgotten", () => {
  const places = new PlaceWords({ placesMax: 10, wordsMax: 2 });
  for (let key = 0; key < 10; key++) places.add(key, 0, 1);
  expect(places.add(10, 0, 1)).toBe(false);
  expect(places.add(3, 0, 2)).toBe(false);
  expect(places.add(10, 0, 2)).toBe(true);
});
