import { readToml } from "../read_toml.ts";
import { readYaml } from "../read_yaml.ts";
import type { MapNode, SourceNode } from "../source_tree.ts";
import type { ReadSurroundings } from "../surroundings.ts";

/** A file of Vector's in TOML, YAML or JSON, with variables of the environment in its texts: `${NAME}`, `$NAME`, `${NAME:-default}`. */
export function readVector(text: string, surroundings: ReadSurroundings): MapNode {
  const { file, environment, mistakes } = surroundings;
  const isToml =
    file.endsWith(".toml") ||
    (!/\.(?:ya?ml|json)$/.test(file) &&
      /^\s*(?:\[|[\w.-]+\s*=)/m.test(text) &&
      !/^\s*\{/.test(text));
  const tree = isToml ? readToml(text, file, mistakes) : readYaml(text, file, mistakes);
  const known = expanded(tree, environment, false);
  return known.kind === "map" ? known : tree;
}

/** A value with a variable that is not set is known to nobody here. In programs and patterns a dollar means something else. */
function expanded(
  node: SourceNode,
  environment: ReadSurroundings["environment"],
  isCode: boolean,
): SourceNode {
  if (node.kind === "list")
    return { ...node, items: node.items.map((item) => expanded(item, environment, isCode)) };
  if (node.kind === "map")
    return {
      ...node,
      entries: node.entries.map((entry) => ({
        ...entry,
        node: expanded(
          entry.node,
          environment,
          isCode ||
            ["source", "condition", "pattern", "start_pattern", "condition_pattern"].includes(
              entry.key,
            ),
        ),
      })),
    };
  if (typeof node.value !== "string" || !node.value.includes("$")) return node;
  let unknown: string | undefined;
  const shape = isCode
    ? /\$\{([A-Za-z_]\w*)(?::?-([^}]*))?\}/g
    : /\$\{([A-Za-z_]\w*)(?::?-([^}]*))?\}|\$([A-Za-z_]\w*)/g;
  const value = node.value.replaceAll(
    shape,
    (whole: string, braced?: string, fallback?: string, bare?: string) => {
      const name = braced ?? bare ?? "";
      const found = environment[name] ?? fallback;
      if (found === undefined) unknown = `the environment has no ${name}`;
      return found ?? whole;
    },
  );
  return { ...node, value, ...(unknown === undefined ? {} : { unknown }) };
}
