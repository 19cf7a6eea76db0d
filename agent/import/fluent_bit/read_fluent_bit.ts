import { messageOf } from "#shared/errors.ts";
import { readYaml } from "../read_yaml.ts";
import type { MapNode, ScalarNode, SourceEntry, SourceNode } from "../source_tree.ts";
import type { ReadSurroundings } from "../surroundings.ts";
import { yamlSections } from "./yaml_sections.ts";

const includesMax = 100;

/**
 * A configuration of Fluent Bit's as sections in their order: `input`, `filter`, `output`, `parser`, `multiline_parser` and `service`, keys in lower case, whether it
 * is written in the classic form or as YAML. Included files and files of parsers are read with it; one that can't be read becomes the key `@unread`.
 */
export function readFluentBit(text: string, surroundings: ReadSurroundings): MapNode {
  const { file } = surroundings;
  const variables = new Map<string, string>();
  const reading: Reading = { ...surroundings, variables, counts: new Map(), included: 0 };
  const entries = sectionsOf(text, file, reading);
  const known = expanded({ kind: "map", at: `${file}:1`, path: "", entries }, reading);
  return known.kind === "map" ? known : { kind: "map", at: `${file}:1`, path: "", entries };
}

type Reading = ReadSurroundings & {
  readonly variables: Map<string, string>;
  /** How many sections of a kind there are so far. */
  readonly counts: Map<string, number>;
  included: number;
};

function sectionsOf(text: string, file: string, reading: Reading): SourceEntry[] {
  const isYaml = /\.ya?ml$/.test(file) || (!/^\s*[[@]/m.test(text) && /^\w+:/m.test(text));
  const found = isYaml
    ? yamlSections(readYaml(text, file, reading.mistakes), reading)
    : classicSections(text, file, reading);
  return found.flatMap((entry) => [...withoutFiles(entry), ...parserFiles(entry, reading)]);
}

/** The service without the files that are read with it; nothing where it names nothing else. */
function withoutFiles({ key, node }: SourceEntry): SourceEntry[] {
  if (key !== "service" || node.kind !== "map") return [{ key, node }];
  const entries = node.entries.filter((own) => own.key !== "parsers_file");
  return entries.length === 0 ? [] : [{ key, node: { ...node, entries } }];
}

/** Files of parsers that the service names. */
function parserFiles({ key, node }: SourceEntry, reading: Reading): SourceEntry[] {
  if (key !== "service" || node.kind !== "map") return [];
  return node.entries
    .filter((entry) => entry.key === "parsers_file")
    .flatMap(({ node: named }) => (named.kind === "list" ? named.items : [named]))
    .flatMap((named) => included(named, reading));
}

/** What stands in an included file. */
function included(named: SourceNode, reading: Reading): SourceEntry[] {
  const path = named.kind === "scalar" ? String(named.value) : "";
  const unread = (why: string): SourceEntry[] => [
    {
      key: "@unread",
      node: { kind: "scalar", at: named.at, path: `${named.path} ${path}`, value: why },
    },
  ];
  if (++reading.included > includesMax) return unread("too many files are included");
  if (/[*?[]/.test(path)) return unread("files by a pattern are not looked for");
  try {
    return sectionsOf(reading.readBeside(path), path, reading);
  } catch (thrown) {
    return unread(messageOf(thrown));
  }
}

/** docs.fluentbit.io/manual/administration/configuring-fluent-bit/classic-mode */
function classicSections(text: string, file: string, reading: Reading): SourceEntry[] {
  const entries: SourceEntry[] = [];
  let current: { readonly path: string; readonly entries: SourceEntry[] } | undefined;
  for (const [i, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    const at = `${file}:${i + 1}`;
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("@")) {
      entries.push(...command(line, at, reading));
      continue;
    }
    const header = /^\[(\w+)\]$/.exec(line);
    if (header !== null) {
      const key = (header[1] ?? "").toLowerCase();
      const path = numbered(key, reading);
      current = { path, entries: [] };
      entries.push({ key, node: { kind: "map", at, path, entries: current.entries } });
      continue;
    }
    const [, key = "", value = ""] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
    if (line.startsWith("[")) reading.mistakes.addAt(at, "expected [NAME] of a section");
    else if (current === undefined)
      reading.mistakes.addAt(at, "expected a section before the first key");
    else if (value === "")
      reading.mistakes.addAt(at, `${current.path}.${key.toLowerCase()}: expected a value`);
    else {
      const own = key.toLowerCase();
      const node: ScalarNode = { kind: "scalar", at, path: `${current.path}.${own}`, value };
      current.entries.push({ key: own, node });
    }
  }
  return entries;
}

/** `@SET name=value` and `@INCLUDE file`. */
function command(line: string, at: string, reading: Reading): SourceEntry[] {
  const [, name = "", rest = ""] = /^@(\w+)\s+(.*)$/.exec(line) ?? [];
  const node: ScalarNode = { kind: "scalar", at, path: `@${name.toLowerCase()}`, value: rest };
  if (name.toLowerCase() === "set") {
    const [, variable = "", value = ""] = /^([^=\s]+)\s*=\s*(.*)$/.exec(rest) ?? [];
    if (variable === "") reading.mistakes.addAt(at, "@SET: expected name=value");
    reading.variables.set(variable, value);
    return [];
  }
  if (name.toLowerCase() === "include") return included(node, reading);
  reading.mistakes.addAt(at, "expected @SET or @INCLUDE");
  return [];
}

/** "input.0": sections of a kind by their order. */
function numbered(key: string, { counts }: Pick<Reading, "counts">): string {
  const count = counts.get(key) ?? 0;
  counts.set(key, count + 1);
  return key === "service" ? key : `${key}.${count}`;
}

/** `${NAME}` by what @SET, `env` and the environment say. A value with another name in it is known to nobody here. */
function expanded(node: SourceNode, reading: Reading): SourceNode {
  if (node.kind === "list")
    return { ...node, items: node.items.map((item) => expanded(item, reading)) };
  if (node.kind === "map")
    return {
      ...node,
      entries: node.entries.map((entry) => ({ ...entry, node: expanded(entry.node, reading) })),
    };
  if (typeof node.value !== "string" || !node.value.includes("${")) return node;
  let unknown: string | undefined;
  const value = node.value.replaceAll(/\$\{([A-Za-z_]\w*)\}/g, (whole, name: string) => {
    const known = reading.variables.get(name) ?? reading.environment[name];
    if (known === undefined) unknown = `neither the file nor the environment has ${name}`;
    return known ?? whole;
  });
  return { ...node, value, ...(unknown === undefined ? {} : { unknown }) };
}
