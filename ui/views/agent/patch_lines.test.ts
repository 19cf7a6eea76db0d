import { expect, test } from "bun:test";
import { isSameLayers, patchLines } from "./patch_lines.ts";

test("patchLines() tells what comes and goes from the heads of a patch", () => {
  const patch = "=====\n--- web revision 1\n+++ web revision 2\n@@ -1 +1 @@\n a: 1\n-b: 2\n+b: 3";
  expect(patchLines(patch).map(({ kind }) => kind)).toEqual([
    "same",
    "same",
    "same",
    "same",
    "removed",
    "added",
  ]);
});

test("isSameLayers() goes by names and revisions, not by order", () => {
  const [a, b] = [
    { name: "web", revision: "1" },
    { name: "all", revision: "2" },
  ];
  expect(isSameLayers([a, b], [b, a])).toBe(true);
  expect(isSameLayers([a], [{ ...a, revision: "2" }])).toBe(false);
});
