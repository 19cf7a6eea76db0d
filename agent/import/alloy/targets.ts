import { type WrittenRule, relabelRules } from "../relabel_rules.ts";
import type { Section } from "../section.ts";
import type { SourceNode } from "../source_tree.ts";
import type { Component, Components } from "./components.ts";

/** Targets of one origin, with the rules that they go through. */
export type TargetSet = {
  readonly rules: readonly WrittenRule[];
} & (
  | { readonly kind: "static"; readonly target: Section }
  | { readonly kind: "discovered"; readonly component: Component }
);

/** What a `targets` argument comes to; what can't be followed is told of. */
export function targetSets(
  node: SourceNode,
  section: Section,
  components: Components,
): TargetSet[] {
  if (node.kind === "list")
    return node.items.flatMap((item) => targetSets(item, section, components));
  if (node.kind === "map") return [{ kind: "static", target: section.within(node), rules: [] }];
  const component = components.of(node);
  if (component === undefined) {
    if (node.value !== null)
      section.account.takeBack(node, "these targets are known to Alloy alone");
    return [];
  }
  section.account.carry(node);
  return setsOf(component, components);
}

function setsOf(component: Component, components: Components): TargetSet[] {
  const { name, section } = component;
  const inner = (key: string): TargetSet[] => {
    const node = section.peek(key);
    return node === undefined ? [] : targetSets(node, section, components);
  };
  if (name === "discovery.relabel") {
    const rules = relabelRules(section.sections("rule"));
    return inner("targets").map((set) => ({ ...set, rules: [...set.rules, ...rules] }));
  }
  if (name === "local.file_match") {
    section.lose(["ignore_older_than"], "files are followed whatever their age", "error");
    return inner("path_targets");
  }
  return [{ kind: "discovered", component, rules: [] }];
}

/** Labels of a target, with what stands under each. */
export function labelsOf(target: Section): Record<string, string> {
  return Object.fromEntries(target.ownPairs().map(([name, value]) => [name, value ?? ""]));
}

/** `sync_period` of the components that find files. */
export function syncPeriods(
  node: SourceNode | undefined,
  components: Components,
): string | undefined {
  if (node === undefined || node.kind !== "scalar") return undefined;
  const component = components.of(node);
  return component?.name === "local.file_match" ? component.section.text("sync_period") : undefined;
}
