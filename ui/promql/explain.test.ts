import { expect, test } from "bun:test";
import { explain, explainInWords, spanWords } from "./explain.ts";
import { parsePromql } from "./parse.ts";

const said = (query: string): string => {
  const { expr } = parsePromql(query);
  return expr === undefined ? "" : explainInWords(expr);
};

test("explainInWords() says what is selected, then what is done, in the order it is done", () => {
  expect(said('sum by (instance) (rate(http_requests_total{code=~"5..", job!=""}[5m]))')).toBe(
    'Series of http_requests_total where code matches "5.." and job is set, then per-second rate over 5 minutes, then added up for each instance.',
  );
  expect(said("topk(3, up offset 1h) > 0")).toBe(
    "All series of up, then as it was 1 hour before, then the 3 greatest over all series, then where greater than 0.",
  );
  expect(said("1 - avg without (cpu) (x)")).toBe(
    "All series of x, then averaged over cpu, then 1 minus it.",
  );
  expect(said("histogram_quantile(0.95, sum by (le) (rate(b[$__rate_interval])))")).toBe(
    "All series of b, then per-second rate over an interval that fits the step, then added up for each le, then 0.95 quantile estimated from the buckets.",
  );
  expect(said("a / on (job) group_left (v) b")).toBe(
    "All series of a, then divided by b of the same job, many on the left for one on the right that lends v.",
  );
});

test("explain() gives each step with its piece of the query, operands of the right side deeper", () => {
  const { expr } = parsePromql("rate(a[1m]) / sum(b)");
  const parts = expr === undefined ? [] : explain(expr);
  expect(parts.map(({ text, depth }) => [depth, text])).toEqual([
    [0, "a"],
    [0, "rate(a[1m])"],
    [1, "b"],
    [1, "sum(b)"],
    [0, "rate(a[1m]) / sum(b)"],
  ]);
});

test("explain() names functions that it has no words for", () => {
  expect(said("info(up)")).toBe("All series of up, then through info().");
});

test("spanWords() says durations, and leaves alone what is none", () => {
  expect(spanWords("1h30m")).toBe("1 hour 30 minutes");
  expect(spanWords("500ms")).toBe("500 milliseconds");
  expect(spanWords("2 * 5m")).toBe("2 * 5m");
});
