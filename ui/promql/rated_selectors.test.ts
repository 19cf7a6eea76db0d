import { expect, test } from "bun:test";
import { ratedSelectors } from "./rated_selectors.ts";

test("ratedSelectors() finds what $__rate_interval is taken over, each selector once", () => {
  const rate = 'rate(a_total{job="x"}[$__rate_interval])';
  expect(ratedSelectors(`sum(${rate}) / sum(${rate}) + rate(b[5m])`)).toEqual(['a_total{job="x"}']);
  expect(
    ratedSelectors("histogram_quantile(0.9, sum by (le) (increase(c[${__rate_interval}])))"),
  ).toEqual(["c"]);
});

test("ratedSelectors() finds none without the variable, and none in what is no PromQL", () => {
  expect(ratedSelectors("rate(a[5m])")).toEqual([]);
  expect(ratedSelectors("rate(a[$__rate_interval]")).toEqual([]);
});
