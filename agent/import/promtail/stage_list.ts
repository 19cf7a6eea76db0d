import type { Section } from "../section.ts";
import type { MapNode, SourceEntry, SourceNode } from "../source_tree.ts";
import type { Stage } from "../stages/stage_pipeline.ts";

/** Promtail's names of stages that Alloy calls otherwise. */
const renamed: Readonly<Record<string, string>> = {
  labelallow: "label_keep",
  labeldrop: "label_drop",
  non_indexed_labels: "structured_metadata",
};
/** Stages that are a map or list of names, which Alloy writes as `values`. */
const ofValues = new Set([
  "label_drop",
  "label_keep",
  "labels",
  "static_labels",
  "structured_metadata",
]);

/** `pipeline_stages`, or `stages` of a match, in the form of Alloy's blocks. */
export function stageList(section: Section, key: string): Stage[] {
  const node = section.peek(key);
  if (node === undefined) return [];
  if (node.kind !== "list") {
    section.account.carry(node);
    if (node.kind === "map" || node.value !== null)
      section.mistakes.add(node, "expected a list of stages");
    return [];
  }
  return node.items.flatMap((item) => {
    if (item.kind === "map") return item.entries.map((entry) => stageOf(entry, section));
    // A stage without options may be its name alone.
    if (item.kind === "scalar" && typeof item.value === "string")
      return [stageOf({ key: item.value, node: { ...item, value: null } }, section, item)];
    section.mistakes.add(item, "expected a stage");
    return [];
  });
}

function stageOf({ key, node }: SourceEntry, section: Section, whole?: SourceNode): Stage {
  const name = renamed[key] ?? key;
  if (whole !== undefined || (node.kind === "scalar" && node.value === null))
    section.account.carry(whole ?? node);
  return { name, section: section.within(asMap(name, node)) };
}

function asMap(name: string, node: SourceNode): MapNode {
  const { at, path } = node;
  const wrap = (entries: readonly SourceEntry[]): MapNode => ({ kind: "map", at, path, entries });
  if (node.kind === "scalar" && node.value === null) return wrap([]);
  if (name === "metrics" && node.kind === "map") return wrap(node.entries.map(metricEntry));
  if (ofValues.has(name)) return wrap([{ key: "values", node }]);
  return node.kind === "map" ? node : wrap([{ key: "values", node }]);
}

/** `lines: {type: Counter, ...}` as `metric.counter {name = "lines"}`. */
function metricEntry({ key, node }: SourceEntry): SourceEntry {
  if (node.kind !== "map") return { key, node };
  const type = node.entries.findLast((entry) => entry.key === "type")?.node;
  const kind = type?.kind === "scalar" ? String(type.value).toLowerCase() : "";
  const name: SourceNode = { kind: "scalar", at: node.at, path: node.path, value: key };
  return {
    key: `metric.${kind}`,
    node: { ...node, entries: [...node.entries, { key: "name", node: name }] },
  };
}
