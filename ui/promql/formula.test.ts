import { expect, test } from "bun:test";
import { fillFormula, refsIn } from "./formula.ts";
import { coverVariables, fillVariables, lengthText } from "./variables.ts";

const queries = [
  { ref: "A", expr: 'rate(errors{job="A"}[5m])' },
  { ref: "B", expr: "rate(all[$__rate_interval])" },
  { ref: "C", expr: "A / B" },
  { ref: "D", expr: "E + 1" },
  { ref: "E", expr: "D + 1" },
  { ref: "F", expr: " " },
];

test("fillFormula() writes queries into the places of their names, and nowhere else", () => {
  expect(fillFormula("A / B * 100", queries).expr).toBe(
    '(rate(errors{job="A"}[5m])) / (rate(all[$__rate_interval])) * 100',
  );
  expect(fillFormula('sum by (A) (B) + A_total + x{y="A"}', queries).expr).toBe(
    'sum by (A) ((rate(all[$__rate_interval]))) + A_total + x{y="A"}',
  );
});

test("fillFormula() goes through formulas of formulas, and stops at circles", () => {
  expect(fillFormula("C > 1", queries).expr).toBe(
    '((rate(errors{job="A"}[5m])) / (rate(all[$__rate_interval]))) > 1',
  );
  expect(fillFormula("D", queries).error).toBe("D is made of itself");
  expect(fillFormula("A + F", queries).error).toBe("F is empty");
});

test("refsIn() names the queries that a formula needs", () => {
  expect(refsIn("A / (B + A) * up", ["A", "B", "C"])).toEqual(["A", "B"]);
});

test("fillVariables() fills in the lengths of the page", () => {
  const lengths = { stepMs: 15_000, rangeMs: 3_600_000, scrapeMs: 15_000 };
  const filled = (text: string): string => fillVariables(text, lengths);
  expect(filled("rate(x[$__rate_interval])")).toBe("rate(x[1m])");
  expect(filled("x[${__interval}] $__interval_ms $__range $__range_s")).toBe(
    "x[15s] 15000 3600s 3600",
  );
  expect(filled("$__rate_intervals")).toBe("$__rate_intervals");
  expect([500, 90_000, 3_600_000, 86_400_000].map(lengthText)).toEqual([
    "500ms",
    "1m30s",
    "1h",
    "1d",
  ]);
});

test("coverVariables() takes as much room as the variables did", () => {
  const text = "rate(x[$__rate_interval]) * ${__range_s}";
  const covered = coverVariables(text) ?? "";
  expect(covered).toMatch(/^rate\(x\[0+1m\]\) \* 0+1$/);
  expect(covered.length).toBe(text.length);
});
