import type { MapNode, SourceEntry, SourceNode } from "../source_tree.ts";

type Reading = {
  readonly variables: Map<string, string>;
  readonly counts: Map<string, number>;
};

/** Lists of the YAML form, and the sections of the classic form that their items are. */
const kinds: Readonly<Record<string, string>> = {
  inputs: "input",
  filters: "filter",
  outputs: "output",
  parsers: "parser",
  multiline_parsers: "multiline_parser",
};

/** docs.fluentbit.io/manual/administration/configuring-fluent-bit/yaml, as sections. What is none of them stays under its key. */
export function yamlSections(root: MapNode, { variables }: Reading): SourceEntry[] {
  return root.entries.flatMap(({ key, node }): SourceEntry[] => {
    if (key === "env" && node.kind === "map") {
      for (const { key: name, node: value } of node.entries)
        if (value.kind === "scalar") variables.set(name, String(value.value));
      return [];
    }
    if (key === "pipeline" && node.kind === "map")
      return node.entries.flatMap((entry) => itemsOf(entry));
    if (Object.hasOwn(kinds, key)) return itemsOf({ key, node });
    return [{ key: key.toLowerCase(), node: lowerCased(node) }];
  });
}

function itemsOf({ key, node }: SourceEntry): SourceEntry[] {
  const kind = kinds[key];
  if (kind === undefined || node.kind !== "list") return [{ key, node }];
  return node.items.map((item) => ({ key: kind, node: lowerCased(item) }));
}

/** Keys of a section in lower case, as Fluent Bit takes them in any. */
function lowerCased(node: SourceNode): SourceNode {
  if (node.kind !== "map") return node;
  return {
    ...node,
    entries: node.entries.map((entry) => ({ ...entry, key: entry.key.toLowerCase() })),
  };
}
