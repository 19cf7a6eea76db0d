import { expect, test } from "bun:test";
import type { Labels } from "#shared/model/labels.ts";
import { streamLists } from "./stream_lists.ts";

const request = { tenant: "t", selectors: [], startMs: 0, endMs: 1 };
const visited: readonly Labels[] = [
  { app: "b", pod: "2" },
  { app: "a", pod: "1" },
  { app: "b", pod: "2" },
  { app: "a", zone: "" },
];
const lists = (max?: number) =>
  streamLists(async (_, visit) => {
    for (const labels of visited) visit(labels);
  }, max);

test("streams, names and values are listed once each, sorted", async () => {
  expect(await lists().series(request)).toEqual([
    { app: "a", zone: "" },
    { app: "a", pod: "1" },
    { app: "b", pod: "2" },
  ]);
  expect(await lists().labelNames(request)).toEqual(["app", "pod", "zone"]);
  expect(await lists().labelValues("pod", request)).toEqual(["1", "2"]);
  expect(await lists().labelValues("zone", request)).toEqual([]);
});

test("too many streams are refused as a list; their names and values are not", async () => {
  expect(await lists(3).series(request)).toHaveLength(3);
  const failure = lists(2)
    .series(request)
    .catch((thrown: unknown) => String(thrown));
  expect(await failure).toContain("more than 2 streams match");
  expect(await lists(2).labelValues("app", request)).toEqual(["a", "b"]);
});
