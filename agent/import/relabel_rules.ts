import { RelabelConfig } from "#shared/relabel/relabel_config.ts";
import { type MutableLabels, relabel } from "#shared/relabel/relabel.ts";
import { MissingFields, isChoice } from "./missing_fields.ts";
import type { Draft } from "./plan.ts";
import type { Section } from "./section.ts";
import type { Plain } from "./source_tree.ts";

export type WrittenRule = { readonly section: Section; readonly rule: Draft };

/** Rules as they are written, each one that Prometheus would refuse noted as a mistake and left out. */
export function relabelRules(sections: readonly Section[]): WrittenRule[] {
  return sections.flatMap((section) => {
    // By key, so that a value that only the shipper knows is a mistake.
    const rule: Draft = Object.fromEntries(section.keys.map((key) => [key, section.plain(key)]));
    const parsed = RelabelConfig.safeParse(rule);
    if (parsed.success) return [{ section, rule }];
    for (const { path, message } of parsed.error.issues)
      section.mistakes.add(
        (path[0] === undefined ? undefined : section.peek(String(path[0]))) ?? section.node,
        message,
      );
    section.account.carry(section.node);
    return [];
  });
}

/** What the rules make of labels that are known beforehand; undefined where one drops them. All are carried over that way. */
export function relabelled(
  labels: Readonly<Record<string, string>>,
  rules: readonly WrittenRule[],
): Record<string, string> | undefined {
  const own: MutableLabels = new Map(Object.entries(labels));
  const compiled = rules.flatMap(({ rule }) => {
    const parsed = RelabelConfig.safeParse(rule);
    return parsed.success ? [parsed.data] : [];
  });
  for (const { section } of rules) section.account.carry(section.node);
  return relabel(own, compiled) ? Object.fromEntries(own) : undefined;
}

export type TranslatedRules = {
  readonly rules: readonly Draft[];
  readonly targets: readonly string[];
  readonly missing: MissingFields;
  /** Attributes that the rules alone read: they go behind the rules. */
  readonly spent?: readonly string[];
};

/**
 * Rules for a processor `relabel`, by which labels of a discovery are read under the names that records have here. `nameOf` gives the
 * name, or undefined where nothing like it is known; `isUseless` is true of a target that a source knows by itself. Labels that a rule
 * would make and that is left out are added to `missing`.
 */
export function translatedRules(
  rules: readonly WrittenRule[],
  nameOf: (label: string) => string | undefined,
  isUseless: (target: string) => boolean = (target) =>
    target === "__path__" || target === "__host__",
  missing = new MissingFields(),
): TranslatedRules {
  const made = new Set<string>();
  const kept: Draft[] = [];
  const targets: string[] = [];
  for (const { section, rule } of rules) {
    const target = textOf(rule.target_label);
    if (isUseless(target)) {
      section.loseAll("the source knows by itself which files to read");
      continue;
    }
    const sources = textsOf(rule.source_labels);
    const action = textOf(rule.action).toLowerCase();
    const names = sources.map((name) => {
      // A label that a rule makes of what is known and what is not is good enough for another label, not for a choice.
      if (missing.has(name) && (isChoice(action) || !targets.includes(name))) return undefined;
      return !name.startsWith("__") || made.has(name) ? name : nameOf(name);
    });
    const unknown = sources.filter((_, i) => names[i] === undefined);
    // A first of several that is there: what is not known is absent, as it is from many a pod.
    const mayLack = (action === "" || action === "replace") && unknown.length < sources.length;
    const notKnown = `${unknown.join(", ")}: nothing like it is known of records here`;
    if (isChoice(action)) section.means("drops");
    if (target !== "" && (unknown.length > 0 || sources.some((name) => missing.has(name))))
      missing.add(target);
    if (unknown.length > 0 && !mayLack) {
      section.loseAll(notKnown, "error");
      continue;
    }
    if (
      action === "labelmap" &&
      /^\(?\??:?_?_?/.test(textOf(rule.regex)) &&
      textOf(rule.regex).includes("__")
    ) {
      section.loseAll("labels of a discovery are not known here as a whole", "error");
      missing.addUnnamed();
      continue;
    }
    section.account.carry(section.node);
    if (unknown.length > 0) section.account.differ(section.node, `${notKnown}, so it is empty`);
    if (target !== "") made.add(target);
    if (target !== "" && !target.startsWith("__")) targets.push(target);
    const isCopy =
      rule.regex === undefined &&
      rule.replacement === undefined &&
      (action === "" || action === "replace");
    if (isCopy && names.length === 1 && names[0] === target) continue;
    if (rule.source_labels === undefined) kept.push(rule);
    else {
      const source_labels = names.map((name, i) => name ?? sources[i] ?? "");
      kept.push({ ...rule, ...withoutSlash(rule, sources), source_labels });
    }
  }
  return { rules: kept, targets, missing };
}

/** Docker's name of a container, as its discovery has it: "/web". Here it has no slash. */
export const dockerNameLabel = "__meta_docker_container_name";

function withoutSlash(rule: Draft, sources: readonly string[]): Draft {
  const regex = textOf(rule.regex);
  const isName = sources.length === 1 && sources[0] === dockerNameLabel;
  return isName && /^\^?\/(?![?*+{])/.test(regex) ? { regex: regex.replace("/", "/?") } : {};
}

function textOf(value: Plain): string {
  return typeof value === "string" ? value : "";
}

function textsOf(value: Plain): string[] {
  return isList(value) ? value.map(String) : [];
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}
