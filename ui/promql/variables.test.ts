import { expect, test } from "bun:test";
import { coverVariables } from "./variables.ts";

test("coverVariables() keeps the place of every letter", () => {
  const cases = [
    ["rate(a[$__rate_interval])", "rate(a[000000000000001m])"],
    ["rate(a[$window])", "rate(a[000001m])"],
    ["rate(a[1h:${step}])", "rate(a[1h:000001m])"],
    ["a offset $back", "a offset 0001m"],
    ["node_load$load", "node_load_____"],
    ['a{b="$c", d=~"${e:regex}"}', 'a{b="$c", d=~"${e:regex}"}'],
  ] as const;
  for (const [text, covered] of cases) {
    expect(coverVariables(text)).toBe(covered);
    expect(covered).toHaveLength(text.length);
  }
});

test("coverVariables() does not guess what only a variable's value can tell", () => {
  expect(coverVariables("topk($count, up)")).toBeUndefined();
  expect(coverVariables("sum by (${label}) (up)")).toBeUndefined();
  expect(coverVariables("$metric")).toBeUndefined();
  expect(coverVariables("[[metric]]")).toBeUndefined();
});
