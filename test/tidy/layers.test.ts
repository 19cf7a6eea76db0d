import { expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";
import { mayImport, rooms, roomsInside } from "./rooms.ts";

const root = join(import.meta.dir, "..", "..");

/** A folder holds no more files of its own than these, tests and fixtures not counted. */
const filesMax = 25;
/** Folders of one module a file, and some that are a little larger. */
const largerFolders: Readonly<Record<string, number>> = {
  "agent/collect/scrape": 26,
  "agent/pipeline/processors": 26,
  "shared/model": 26,
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
/** The room of a path inside its layer. */
function insideOf(path: string): string {
  const [, room = "", file] = path.split("/");
  return file === undefined ? "." : room;
}

test.each(Object.keys(roomsInside))("rooms inside %s import only what the table says", (layer) => {
  const rows = roomsInside[layer] ?? [];
  const allowed = new Map(rows);
  const inside = imports
    .filter(({ from, to }) => roomOf(from) === layer && roomOf(to) === layer)
    .filter(({ from }) => !/\.(?:test|fixture)\./.test(from))
    .filter(({ from, to }) => insideOf(from) !== insideOf(to));
  const crossings = inside.filter(
    ({ from, to }) => allowed.get(insideOf(from))?.includes(insideOf(to)) !== true,
  );
  expect(crossings).toEqual([]);
  const used = new Set(inside.map(({ from, to }) => `${insideOf(from)} -> ${insideOf(to)}`));
  const unused = rows.flatMap(([room, below]) =>
    below.map((each) => `${room} -> ${each}`).filter((edge) => !used.has(edge)),
  );
  expect(unused).toEqual([]);
  const known: string[] = [];
  for (const [room, below] of rows) {
    expect(below.filter((each) => !known.includes(each))).toEqual([]);
    known.push(room);
  }
});
test("neither a folder nor a file beside it imports itself by way of its neighbours", () => {
  const found = new Set<string>();
  for (const [parent, edges] of edgesByParent()) {
    const done = new Set<string>();
    const visit = (one: string, path: readonly string[]): void => {
      if (path.includes(one)) found.add(parent);
      if (path.includes(one) || done.has(one)) return;
      for (const next of edges.get(one) ?? []) visit(next, [...path, one]);
      done.add(one);
    };
    for (const one of edges.keys()) visit(one, []);
  }
  expect([...found]).toEqual([]);
});

/** Which folders and files of a parent import which of their neighbours. */
function edgesByParent(): Map<string, Map<string, Set<string>>> {
  const byParent = new Map<string, Map<string, Set<string>>>();
  for (const { from, to } of imports) {
    if (/\.(?:test|fixture)\./.test(from) || roomOf(from) === "test") continue;
    const [a, b] = [from.split("/"), to.split("/")];
    const depth = a.findIndex((part, i) => part !== b[i]);
    const [own, other] = [a[depth], b[depth]];
    if (depth < 1 || own === undefined || other === undefined) continue;
    const parent = a.slice(0, depth).join("/");
    const edges = byParent.get(parent) ?? new Map<string, Set<string>>();
    byParent.set(parent, edges);
    edges.set(own, (edges.get(own) ?? new Set()).add(other));
  }
  return byParent;
}
test("no folder holds more files than a reader can survey", () => {
  const counts = new Map<string, number>();
  for (const file of files.filter((path) => !/\.(?:test|fixture)\./.test(path)))
    counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  const tooLarge = [...counts].filter(
    ([folder, count]) => roomOf(folder) !== "test" && count > (largerFolders[folder] ?? filesMax),
  );
  expect(tooLarge).toEqual([]);
  // An exception is as large as its folder, so that it goes when the folder has shrunk.
  for (const [folder, most] of Object.entries(largerFolders))
    expect([folder, counts.get(folder)]).toEqual([folder, most]);
});
