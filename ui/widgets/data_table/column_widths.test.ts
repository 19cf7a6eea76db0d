import { expect, test } from "bun:test";
import { columnWidths } from "./column_widths.ts";
import type { DataColumn } from "./data_column.ts";

const column = (key: string, sizes: Pick<DataColumn, "width" | "minWidth">): DataColumn => ({
  key,
  title: key,
  isNumber: false,
  valueAt: () => "",
  textAt: () => "",
  ...sizes,
});

test("columnWidths() shares what fixed and resized columns leave", () => {
  const columns = [column("a", { width: 100 }), column("b", {}), column("c", {})];
  expect(columnWidths(columns, {}, 502)).toEqual({ a: 100, b: 200, c: 200 });
  expect(columnWidths(columns, { b: 300 }, 502)).toEqual({ a: 100, b: 300, c: 100 });
});

test("columnWidths() gives no column less than can be read, and lets the table scroll instead", () => {
  const columns = [column("a", { minWidth: 240 }), column("b", {})];
  expect(columnWidths(columns, {}, 202)).toEqual({ a: 240, b: 96 });
  expect(columnWidths(columns, {}, 102)).toEqual({ a: 240, b: 96 });
});

test("columnWidths() takes what a wide column needs from the others, and the table does not scroll", () => {
  const columns = [column("a", { minWidth: 160 }), column("b", {}), column("c", {})];
  expect(columnWidths(columns, {}, 402)).toEqual({ a: 160, b: 120, c: 120 });
  expect(columnWidths(columns, {}, 602)).toEqual({ a: 200, b: 200, c: 200 });
});
