import type { Imported } from "#agent/import/import_config.ts";
import { importTree } from "#agent/import/import_config.ts";
import type { Shipper } from "#agent/import/shippers.ts";
import { type MapNode, type Scalar, type SourceNode, leavesOf } from "#agent/import/source_tree.ts";

/**
 * What is not accounted for in an import: keys that count as carried over, though another value makes no difference to the result, and
 * keys that count as lost, of which no remark tells. Empty when all is well.
 */
export function unaccounted(shipper: Shipper, { root, account, remarks }: Imported): string[] {
  const original = outcome(importTree(shipper, root, "x"));
  return leavesOf(root).flatMap((leaf) => {
    const place = `${leaf.at} ${leaf.path}`;
    const fate = account.fateOf(leaf);
    if (fate === undefined) return [`${place}: nobody knows`];
    if (fate === "lost") {
      const isTold = remarks.some(
        ({ path }) => path === "" || leaf.path === path || leaf.path.startsWith(`${path}.`),
      );
      return isTold ? [] : [`${place}: lost without a word`];
    }
    const matters = othersOf(leaf).some((other) => {
      try {
        return outcome(importTree(shipper, withOther(root, leaf, other), "x")) !== original;
      } catch {
        // What makes a mistake was read.
        return true;
      }
    });
    return matters ? [] : [`${place}: counts as carried over, but makes no difference`];
  });
}

function outcome({ text, remarks }: Imported): string {
  return JSON.stringify([text, remarks]);
}

function othersOf(leaf: SourceNode): Scalar[] {
  if (leaf.kind !== "scalar") return ["other"];
  const { value } = leaf;
  if (typeof value === "boolean") return [!value];
  if (typeof value === "number") return [value + 1, value * 2, "other"];
  if (value === "true" || value === "false") return [value === "true" ? "false" : "true"];
  if (value === null) return ["other"];
  return [`${value}x`, "other", "5", "error", "true", "false"];
}

function withOther(node: MapNode, leaf: SourceNode, value: Scalar): MapNode {
  return {
    ...node,
    entries: node.entries.map(({ key, node: own }) => ({ key, node: replaced(own, leaf, value) })),
  };
}

function replaced(node: SourceNode, leaf: SourceNode, value: Scalar): SourceNode {
  if (node === leaf) return { kind: "scalar", at: node.at, path: node.path, value };
  if (node.kind === "map") return withOther(node, leaf, value);
  if (node.kind === "list")
    return { ...node, items: node.items.map((item) => replaced(item, leaf, value)) };
  return node;
}
