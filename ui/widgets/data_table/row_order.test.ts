import { expect, test } from "bun:test";
import type { DataColumn } from "./data_column.ts";
import { rowOrder } from "./row_order.ts";

const numbers = [3, Number.NaN, 10, 1];
const words = ["disk10", "", "disk2", "cpu"];
const columns: readonly DataColumn[] = [
  {
    key: "n",
    title: "n",
    isNumber: true,
    valueAt: (row) => numbers[row],
    textAt: (row) => String(numbers[row]),
  },
  {
    key: "w",
    title: "w",
    isNumber: false,
    valueAt: (row) => words[row],
    textAt: (row) => words[row] ?? "",
  },
];
const filtersOf = (filters: Record<string, string>, anywhere = "") => ({
  byColumn: new Map(Object.entries(filters)),
  anywhere: { text: anywhere, columns },
});
const order = (key: string, down: boolean, filters: Record<string, string> = {}) => [
  ...rowOrder(columns, 4, [{ id: key, desc: down }], filtersOf(filters)),
];

test("rowOrder() keeps rows in which any column has what is looked for, or none has what must be absent", () => {
  const found = (text: string) => [...rowOrder(columns, 4, [], filtersOf({}, text))];
  expect(found("1")).toEqual([0, 2, 3]);
  expect(found("CPU")).toEqual([3]);
  expect(found("!disk")).toEqual([1, 3]);
  expect(found("> 2")).toEqual([0, 2]);
  expect(found(" ")).toEqual([0, 1, 2, 3]);
  expect([...rowOrder(columns, 4, [], filtersOf({ n: "< 10" }, "1"))]).toEqual([0, 3]);
});

test("rowOrder() sorts numbers by value, and those without one come last", () => {
  expect(order("n", false)).toEqual([3, 0, 2, 1]);
  expect(order("n", true)).toEqual([2, 0, 3, 1]);
});

test("rowOrder() sorts by the rank where a column has one, and filters by its text", () => {
  const ranked = columns.map((column) => ({
    ...column,
    rankAt: (row: number) => [2, 0, 1, 3][row] ?? 0,
  }));
  const by = (filters: Record<string, string>) => [
    ...rowOrder(ranked, 4, [{ id: "w", desc: false }], filtersOf(filters)),
  ];
  expect(by({})).toEqual([1, 2, 0, 3]);
  expect(by({ w: "disk" })).toEqual([2, 0]);
});

test("rowOrder() sorts texts as people count, empty ones last", () => {
  expect(order("w", false)).toEqual([3, 2, 0, 1]);
  expect(order("w", true)).toEqual([0, 2, 3, 1]);
});

test("rowOrder() orders rows that are equal in one column by the next", () => {
  const sorting = [
    { id: "w", desc: false },
    { id: "n", desc: true },
  ];
  const kinds = ["disk", "cpu", "disk", "cpu"];
  const by = columns.map((column) =>
    column.key === "w" ? { ...column, textAt: (row: number) => kinds[row] ?? "" } : column,
  );
  expect([...rowOrder(by, 4, sorting, filtersOf({}))]).toEqual([3, 1, 2, 0]);
  expect([...rowOrder(by, 4, sorting.toReversed(), filtersOf({}))]).toEqual([2, 0, 3, 1]);
});

test("rowOrder() filters numbers by comparison and texts by a part", () => {
  expect(order("n", false, { n: "> 2" })).toEqual([0, 2]);
  expect(order("n", false, { w: "DISK" })).toEqual([0, 2]);
  expect(order("n", false, { w: "!disk" })).toEqual([3, 1]);
  expect([...rowOrder(columns, 4, [], filtersOf({}))]).toEqual([0, 1, 2, 3]);
});

test("rowOrder() sorts many rows as it sorts few", () => {
  const many = Float64Array.from(
    { length: 100_000 },
    (_, i) => ((Math.imul(i, 2_654_435_761) >>> 0) - 2 ** 31) / 1_000,
  );
  const [first] = columns;
  const column = {
    ...first,
    key: "n",
    title: "n",
    isNumber: true,
    valueAt: (row: number) => many[row],
    textAt: String,
  };
  const rows = rowOrder([column], many.length, [{ id: "n", desc: false }], filtersOf({}));
  expect([...rows].map((row) => many[row])).toEqual(Array.from(many.toSorted()));
});
