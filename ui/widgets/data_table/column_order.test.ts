import { expect, test } from "bun:test";
import { movedTo } from "./column_order.ts";

test("movedTo() puts a column where another stands, from either side; at the ends it stays", () => {
  expect(movedTo(["a", "b", "c"], "a", "c")).toEqual(["b", "c", "a"]);
  expect(movedTo(["a", "b", "c"], "c", "a")).toEqual(["c", "a", "b"]);
  expect(movedTo(["a", "b", "c"], "b", "b")).toEqual(["a", "b", "c"]);
  expect(movedTo(["a", "b"], "x", "a")).toEqual(["a", "b"]);
  expect(movedTo(["a", "b"], "a", undefined)).toEqual(["a", "b"]);
});
