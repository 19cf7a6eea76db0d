import { expect, test } from "bun:test";
import { sortedTexts } from "./sorted_texts.ts";

function sorted(texts: readonly string[]): readonly string[] {
  const steps = sortedTexts(texts);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function shuffled(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${(i * 7_919) % count}`);
}

const counted = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

test("sortedTexts() sorts many as it sorts few: by number, whatever their case", () => {
  expect(sorted(shuffled("disk", 50))).toEqual(counted("disk", 50));
  expect(sorted(shuffled("disk", 30_001))).toEqual(counted("disk", 30_001));
  // Letters beyond ASCII need the language's rules.
  expect(sorted(shuffled("Öl ", 20_003))).toEqual(counted("Öl ", 20_003));
});

test("sortedTexts() compares numbers of many digits by value, and letters without their case", () => {
  const many = ["b 1764000000001", "B 999", "a 1764000000000000", "A 00012", "a 2"];
  const expected = ["a 2", "A 00012", "a 1764000000000000", "B 999", "b 1764000000001"];
  expect(sorted(many)).toEqual(expected);
  const filler = counted("z", 20_000);
  expect(sorted([...filler, ...many]).slice(0, 5)).toEqual(expected);
});
