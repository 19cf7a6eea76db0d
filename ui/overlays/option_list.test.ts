import { expect, test } from "bun:test";
import { matchingOptions } from "./option_list.tsx";

const options = ["node_load1", "load", "up", "Load average"].map((value) => ({ value }));
const found = (text: string): string[] => matchingOptions(options, text).map(({ value }) => value);

test("matchingOptions() puts the same text first, then what begins with it, then what holds it", () => {
  expect(found("load")).toEqual(["load", "Load average", "node_load1"]);
});

test("matchingOptions() wants every word, in any order, and takes all for none", () => {
  expect(found("average load")).toEqual(["Load average"]);
  expect(found("  ")).toHaveLength(4);
  expect(found("x")).toEqual([]);
});
