import { expect, test } from "bun:test";
import { arrangedText, parseArranged, unarranged } from "./arranged.ts";

test("what is arranged comes back from its text, whatever the keys are", () => {
  for (const arranged of [
    unarranged,
    { order: ["b", "a, b;c%", "ü"], hidden: undefined },
    { order: ["b", "a"], hidden: [] },
    { order: [], hidden: ["a;", "b"] },
  ])
    expect(parseArranged(arrangedText(arranged))).toEqual(arranged);
  expect(arrangedText(unarranged)).toBe("");
});

test("parseArranged() takes text that is cut off as it is", () => {
  expect(parseArranged("a,b%C3")).toEqual({ order: ["a", "b%C3"], hidden: undefined });
});
