import { messageOf } from "#shared/errors.ts";
import type { ImportMistakes } from "./mistakes.ts";
import type { MapNode, SourceNode } from "./source_tree.ts";

/** A TOML file; a fault of its syntax is noted. Lines are those of the keys, as far as they stand on a line of their own. */
export function readToml(text: string, file: string, mistakes: ImportMistakes): MapNode {
  const root: MapNode = { kind: "map", at: `${file}:1`, path: "", entries: [] };
  let parsed: unknown;
  try {
    parsed = Bun.TOML.parse(text);
  } catch (thrown) {
    mistakes.addAt(
      `${file}:${faultLine(text)}`,
      `TOML: ${messageOf(thrown)
        .replace(/^TOML Parse error: /, "")
        .replace(/ but found.*/, "")}`,
    );
    return root;
  }
  const lines = keyLines(text);
  const tree = treeOf(parsed, "", { file, lines, line: 1 });
  return tree.kind === "map" ? tree : root;
}

/** Beyond so many lines the place of a fault is not looked for. */
const searchedMax = 5_000;

/** The parser tells no place: the fault begins behind the most lines that are right by themselves. */
function faultLine(text: string): number {
  const lines = text.split("\n");
  if (lines.length > searchedMax) return 1;
  for (let count = lines.length - 1; count > 0; count--) {
    try {
      Bun.TOML.parse(lines.slice(0, count).join("\n"));
      return count + 1;
    } catch {
      // A fault stands before this line.
    }
  }
  return 1;
}

type Around = {
  readonly file: string;
  readonly lines: ReadonlyMap<string, number>;
  readonly line: number;
};

function treeOf(value: unknown, path: string, around: Around): SourceNode {
  const line = around.lines.get(path) ?? around.line;
  const below = { ...around, line };
  const at = `${around.file}:${line}`;
  const join = (key: string | number): string => (path === "" ? String(key) : `${path}.${key}`);
  if (Array.isArray(value))
    return {
      kind: "list",
      at,
      path,
      items: value.map((item: unknown, i) => treeOf(item, join(i), below)),
    };
  if (value instanceof Date) return { kind: "scalar", at, path, value: value.toISOString() };
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, own]: [string, unknown]) => ({
      key,
      node: treeOf(own, join(key), below),
    }));
    return { kind: "map", at, path, entries };
  }
  const isScalar =
    typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return { kind: "scalar", at, path, value: isScalar ? value : null };
}

const part = String.raw`(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')`;
const header = new RegExp(String.raw`^\s*(\[{1,2})\s*(${part}(?:\s*\.\s*${part})*)\s*\]{1,2}`);
const assignment = new RegExp(String.raw`^\s*(${part}(?:\s*\.\s*${part})*)\s*=\s*(.*)$`);

/** Where keys stand that begin a line: path to line. Texts over several lines are passed over. */
function keyLines(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  const counts = new Map<string, number>();
  let [table, inside] = ["", ""];
  for (const [i, line] of text.split("\n").entries()) {
    if (inside !== "") {
      if (line.includes(inside)) inside = "";
      continue;
    }
    const [, bracket = "", name = ""] = header.exec(line) ?? [];
    if (name !== "") {
      table = pathOf(name);
      if (bracket === "[[") {
        const count = counts.get(table) ?? 0;
        counts.set(table, count + 1);
        table = `${table}.${count}`;
      }
      if (!lines.has(table)) lines.set(table, i + 1);
      continue;
    }
    const [, key = "", value = ""] = assignment.exec(line) ?? [];
    if (key === "") continue;
    const path = table === "" ? pathOf(key) : `${table}.${pathOf(key)}`;
    if (!lines.has(path)) lines.set(path, i + 1);
    const quotes = /^("""|''')/.exec(value)?.[1] ?? "";
    if (quotes !== "" && !value.slice(3).includes(quotes)) inside = quotes;
  }
  return lines;
}

function pathOf(name: string): string {
  return [...name.matchAll(new RegExp(part, "g"))]
    .map(([own]) => own.replace(/^(["'])(.*)\1$/, "$2"))
    .join(".");
}
