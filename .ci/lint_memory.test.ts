import { expect, test } from "bun:test";
import { filesToLint, memoryOf } from "./lint_memory.ts";

const sources = new Map([
  ["shared/a.ts", "export const a = 1;\n"],
  ["agent/b.ts", 'import { a } from "#shared/a.ts";\nexport const b = a;\n'],
  ["agent/c.ts", 'import type { b } from "./b.ts";\nexport type C = typeof b;\n'],
  ["agent/d.ts", 'export const load = () => import("./c.ts");\n'],
  ["ui/e.ts", "export const e = 5;\n"],
]);
const memory = memoryOf(sources, "key");
const withChange = (path: string, text: string) => new Map([...sources, [path, text]]);

test("without a memory, or with another configuration, every file is linted", () => {
  expect(filesToLint(sources, undefined, "key")).toHaveLength(5);
  expect(filesToLint(sources, memory, "another key")).toHaveLength(5);
});

test("nothing is linted where nothing changed", () => {
  expect(filesToLint(sources, memory, "key")).toEqual([]);
});

test("a changed file is linted with all that reach it by imports, of types and dynamic ones too", () => {
  const changed = withChange("shared/a.ts", "export const a = 2;\n");
  expect(filesToLint(changed, memory, "key")).toEqual([
    "agent/b.ts",
    "agent/c.ts",
    "agent/d.ts",
    "shared/a.ts",
  ]);
  const leaf = withChange("agent/d.ts", "export {};\n");
  expect(filesToLint(leaf, memory, "key")).toEqual(["agent/d.ts"]);
});

test("a new file is linted, and those that imported a deleted one", () => {
  const changed = withChange("ui/f.ts", "");
  changed.delete("agent/c.ts");
  expect(filesToLint(changed, memory, "key")).toEqual(["agent/d.ts", "ui/f.ts"]);
});

test("files that import each other end the search", () => {
  const circle = new Map([
    ["ui/x.ts", 'import "./y.ts";\n'],
    ["ui/y.ts", 'import "./x.ts";\n'],
  ]);
  const before = memoryOf(circle, "key");
  circle.set("ui/y.ts", 'import "./x.ts";\n\n');
  expect(filesToLint(circle, before, "key")).toEqual(["ui/x.ts", "ui/y.ts"]);
});
