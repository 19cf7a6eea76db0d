import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sharedFolder } from "#test/support/recorded_scrapes.ts";
import { accuracyOf } from "./templates.ts";
import { groupingAccuracy, readLabelled } from "./templates_labelled.ts";

const folder = join(sharedFolder, "data/loghub");
const files = [...new Bun.Glob("data/loghub/*_structured.csv").scanSync(sharedFolder)];

test("grouping accuracy counts lines of groups that are exactly right", () => {
  expect(groupingAccuracy(["1", "1", "2", "3"], ["a", "a", "b", "b"])).toBe(0.5);
  expect(groupingAccuracy(["1", "1", "1"], ["a", "a", "b"])).toBe(0);
  expect(groupingAccuracy(["x", "y"], ["a", "b"])).toBe(1);
});

test("labelled lines are read with their quotes", () => {
  const text = 'LineId,Content,EventId\r\n1,"a, ""b""\nc",E1\n2,,E2\n';
  expect(readLabelled(text)).toEqual([
    { content: 'a, "b"\nc', event: "E1" },
    { content: "", event: "E2" },
  ]);
});

test.skipIf(files.length === 0)(
  `patterns group the lines of LogHub as people do (needs ${folder})`,
  () => {
    const accuracies = files.map((file) =>
      accuracyOf(readLabelled(readFileSync(join(sharedFolder, file), "utf8"))),
    );
    const average = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / files.length;
    expect(average).toBeGreaterThan(0.95);
  },
);
