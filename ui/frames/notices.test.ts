import { expect, test } from "bun:test";
import { isInfo } from "./notices.ts";

test("isInfo() knows infos of PromQL from warnings and limits", () => {
  expect(isInfo('PromQL info: metric might not be a counter: "load" (1:6)')).toBe(true);
  expect(isInfo("PromQL warning: quantile value should be between 0 and 1")).toBe(false);
  expect(isInfo("20000 of 30000 series kept")).toBe(false);
});
