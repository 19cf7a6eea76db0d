import { expect, test } from "bun:test";
import { seriesNames } from "./legend.ts";

test("series of which the legend says nothing are named by what tells them apart", () => {
  const sets = [{ job: "a", host: "x" }, { job: "a", host: "y", endpoint: "/" }, {}];
  expect(seriesNames(sets.slice(0, 2), "{{endpoint}}", "up")[1]).toBe("/");
  expect(seriesNames([{ host: "x" }, { host: "y" }], "{{ none }}", "up")).toEqual(["x", "y"]);
  expect(seriesNames([{}, { endpoint: "/" }], "{{endpoint}}", "sum(up)")).toEqual(["sum(up)", "/"]);
  expect(seriesNames(sets.slice(2), "p99", "up")).toEqual(["p99"]);
});
