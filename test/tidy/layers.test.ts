import { expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "..", "..");
const rooms = ["shared", "proto", "agent", "aggregator", "ui", "test"];

/** Which rooms each may import from. Only tests import test/support. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  shared: ["shared"],
  proto: ["proto", "shared"],
  agent: ["agent", "proto", "shared"],
  aggregator: ["aggregator", "proto", "shared"],
  ui: ["ui", "proto", "shared"],
  test: [...rooms, "command_line.ts", "up_role.ts"],
};
/** Native or bound to a process: never in a browser. */
const notForUi = ["shared/runtime/", "proto/codec/", "proto/bus/"];

type Import = { readonly from: string; readonly specifier: string; readonly to: string };

async function sourceFiles(): Promise<string[]> {
  const files: string[] = [];
  for (const room of rooms)
    for await (const file of new Glob(`${room}/**/*.{ts,tsx}`).scan(root))
      if (!file.includes("/gen/") && !file.includes("/dist/")) files.push(file);
  return files;
}

async function importsOf(file: string): Promise<Import[]> {
  const text = await Bun.file(join(root, file)).text();
  // Type-only imports cross borders too, so this reads text instead of what a bundler keeps.
  const found = text.matchAll(
    /(?:^|\s|;)(?:import|export)[^"';]*?from\s*"([^"]+)"|import\("([^"]+)"\)|^import\s+"([^"]+)"/gm,
  );
  return [...found].flatMap(([, from, dynamic, bare]) => {
    const specifier = from ?? dynamic ?? bare ?? "";
    if (specifier.startsWith("#")) return [{ from: file, specifier, to: specifier.slice(1) }];
    if (!specifier.startsWith(".")) return [];
    return [{ from: file, specifier, to: relative(root, join(root, dirname(file), specifier)) }];
  });
}

const files = await sourceFiles();
/** The manifest is no room: anyone may read the version in it. */
const imports = (await Promise.all(files.map(importsOf)))
  .flat()
  .filter(({ to }) => to !== "package.json");
const roomOf = (path: string) => path.split("/")[0] ?? "";

test("the check reads files and imports at all", () => {
  expect(files.length).toBeGreaterThan(30);
  expect(imports.length).toBeGreaterThan(60);
});
test("rooms import only from the rooms that their layer allows", () => {
  const crossings = imports
    .filter(({ from }) => !from.includes(".test."))
    .filter(({ from, to }) => mayImport[roomOf(from)]?.includes(roomOf(to)) !== true);
  expect(crossings).toEqual([]);
});
test("tests beside the code import besides their own layer only test/", () => {
  const crossings = imports
    .filter(({ from }) => from.includes(".test."))
    .filter(({ from, to }) => ![...(mayImport[roomOf(from)] ?? []), "test"].includes(roomOf(to)));
  expect(crossings).toEqual([]);
});
test("the interface imports nothing that is native or bound to a process", () => {
  const crossings = imports
    .filter(
      ({ from }) => roomOf(from) === "ui" && !from.includes(".test.") && from !== "ui/build.ts",
    )
    .filter(({ to }) => notForUi.some((part) => to.startsWith(part)));
  expect(crossings).toEqual([]);
});
test("a border between rooms is crossed by #room, so that it can be seen", () => {
  const hidden = imports.filter(
    ({ from, specifier, to }) => specifier.startsWith(".") && roomOf(from) !== roomOf(to),
  );
  expect(hidden).toEqual([]);
});
test("no file imports itself by way of others, not even for a type", () => {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const circles: string[][] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) circles.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const next of targets.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  expect(circles).toEqual([]);
});
