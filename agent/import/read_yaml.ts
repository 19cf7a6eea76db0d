import {
  type Document,
  LineCounter,
  type Node,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseAllDocuments,
} from "yaml";
import type { ImportMistakes } from "./mistakes.ts";
import type { MapNode, Scalar, SourceEntry, SourceNode } from "./source_tree.ts";

/** A tree deeper than this is no configuration, and a file with more nodes (aliases unfold) is none either. */
const depthMax = 100;
const nodesMax = 200_000;

type Reading = {
  readonly file: string;
  readonly lines: LineCounter;
  readonly document: Document;
  readonly mistakes: ImportMistakes;
  nodes: number;
};

/** A YAML file (or JSON, which is YAML) of one document; every fault of its syntax is noted. An empty one is an empty map. */
export function readYaml(text: string, file: string, mistakes: ImportMistakes): MapNode {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true });
  const root: MapNode = { kind: "map", at: `${file}:1`, path: "", entries: [] };
  const [document, second] = Array.isArray(documents) ? documents : [];
  if (second !== undefined) mistakes.addAt(`${file}:1`, "expected one document, not several");
  for (const { message, pos } of document?.errors ?? []) {
    const line = lines.linePos(pos[0]).line;
    // The library's sentence, without its place and the piece of the file that it shows: that may be a secret.
    const sentence = (message.split("\n")[0] ?? "").replace(/ at line .*/, "");
    mistakes.addAt(`${file}:${line}`, `YAML: ${sentence}`);
  }
  if (document === undefined || document.errors.length > 0 || document.contents === null)
    return root;
  const reading: Reading = { file, lines, document, mistakes, nodes: 0 };
  const tree = treeOf(document.contents, "", 0, reading);
  if (tree.kind === "map") return tree;
  mistakes.addAt(`${file}:1`, "expected a map of keys");
  return root;
}

function treeOf(node: Node | null, path: string, depth: number, reading: Reading): SourceNode {
  const at = placeOf(node, reading);
  if (depth > depthMax || ++reading.nodes > nodesMax) {
    reading.mistakes.addAt(at, `${path}: expected less nesting and fewer aliases`);
    return { kind: "scalar", at, path, value: null };
  }
  if (isAlias(node)) {
    const target = node.resolve(reading.document);
    if (target !== undefined) return { ...treeOf(target, path, depth + 1, reading), at };
    return { kind: "scalar", at, path, value: null };
  }
  if (isMap(node)) {
    const entries = node.items.flatMap(({ key, value }): SourceEntry[] => {
      const name = isScalar(key) ? String(key.value) : String(key);
      const own = isNode(value) ? value : null;
      const below = path === "" ? name : `${path}.${name}`;
      const child = treeOf(own, below, depth + 1, reading);
      if (name === "<<") return mergedEntries(child);
      const keyAt = isNode(key) ? placeOf(key, reading) : child.at;
      return [{ key: name, node: { ...child, at: keyAt } }];
    });
    // Keys of the map itself win over those that are merged in: the last one of a name counts.
    return { kind: "map", at, path, entries: lastOfEach(entries) };
  }
  if (isSeq(node)) {
    const items = node.items.map((item, i) =>
      treeOf(isNode(item) ? item : null, path === "" ? `${i}` : `${path}.${i}`, depth + 1, reading),
    );
    return { kind: "list", at, path, items };
  }
  return { kind: "scalar", at, path, value: isScalar(node) ? scalarOf(node.value) : null };
}

function mergedEntries(node: SourceNode): SourceEntry[] {
  if (node.kind === "map") return [...node.entries];
  if (node.kind === "list") return node.items.toReversed().flatMap((item) => mergedEntries(item));
  return [];
}

function lastOfEach(entries: readonly SourceEntry[]): SourceEntry[] {
  return [...new Map(entries.map((entry) => [entry.key, entry])).values()];
}

function scalarOf(value: unknown): Scalar {
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  return typeof value === "string" || typeof value === "bigint" ? String(value) : null;
}

function placeOf(node: Node | null, { file, lines }: Reading): string {
  const offset = node?.range?.[0];
  return `${file}:${offset === undefined ? 1 : lines.linePos(offset).line || 1}`;
}
