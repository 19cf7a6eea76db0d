import { expect, test } from "bun:test";
import type { DashboardRow } from "../../../client/dashboard_service.ts";
import { counted, filterList, groupList, type ListFilter } from "./list_rows.ts";

const row = (title: string, more: Partial<DashboardRow> = {}): DashboardRow => ({
  uid: title,
  title,
  description: "",
  folder: "",
  tags: [],
  starred: false,
  origin: "saved",
  source: "",
  version: 1,
  updatedMs: 0,
  panels: 1,
  fault: "",
  ...more,
});
const rows = [
  row("Beta", { folder: "team/db", tags: ["sql", "prod"], updatedMs: 3 }),
  row("Alpha", { starred: true, updatedMs: 1 }),
  row("Gamma", { folder: "team", origin: "file", tags: ["prod"], updatedMs: 2, panels: 9 }),
];
const all: ListFilter = {
  words: "",
  folder: undefined,
  tags: [],
  starred: false,
  origin: undefined,
};
const titles = (filter: Partial<ListFilter>) =>
  filterList(rows, { ...all, ...filter }).map(({ title }) => title);

test("all words must be there, in title, folder or tags, in any case", () => {
  expect(titles({ words: "SQL team" })).toEqual(["Beta"]);
  expect(titles({ words: "nothing" })).toEqual([]);
});

test("a folder holds what its folders hold; the other filters narrow further", () => {
  expect(titles({ folder: "team" })).toEqual(["Beta", "Gamma"]);
  expect(titles({ folder: "team", origin: "file" })).toEqual(["Gamma"]);
  expect(titles({ tags: ["prod", "sql"] })).toEqual(["Beta"]);
  expect(titles({ starred: true })).toEqual(["Alpha"]);
});

test("by folder the list has headings, in other orders none", () => {
  expect(groupList(rows, "folder", false).map(({ name }) => name)).toEqual(["", "team", "team/db"]);
  const byTime = groupList(rows, "updated", true);
  expect(byTime.map(({ name }) => name)).toEqual([undefined]);
  expect(byTime[0]?.rows.map(({ title }) => title)).toEqual(["Beta", "Gamma", "Alpha"]);
});

test("counted() puts the most frequent first", () => {
  expect(counted(["a", "b", "b"])).toEqual([
    ["b", 2],
    ["a", 1],
  ]);
});
