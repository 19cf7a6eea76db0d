import { createHash } from "node:crypto";
import type { RelabelRule } from "./relabel_config.ts";

/** Label names to values while rules work on them. An empty value is the same as none. */
export type MutableLabels = Map<string, string>;

/**
 * Applies rules in order to `labels`, in place, with Prometheus's meaning of each action. False: a rule dropped it, and
 * the labels are as that rule found them. Throws an error of isTooManySteps() where an expression takes too many steps for a value.
 */
export function relabel(labels: MutableLabels, rules: readonly RelabelRule[]): boolean {
  return rules.every((rule) => applyRule(labels, rule));
}

function applyRule(labels: MutableLabels, rule: RelabelRule): boolean {
  const source = rule.source_labels.map((name) => labels.get(name) ?? "").join(rule.separator);
  switch (rule.action) {
    case "keep":
      return rule.regex.test(source);
    case "drop":
      return !rule.regex.test(source);
    case "keepequal":
      return (labels.get(rule.target_label) ?? "") === source;
    case "dropequal":
      return (labels.get(rule.target_label) ?? "") !== source;
    case "replace":
      replace(labels, rule, source);
      return true;
    case "lowercase":
      setLabel(labels, rule.target_label, source.toLowerCase());
      return true;
    case "uppercase":
      setLabel(labels, rule.target_label, source.toUpperCase());
      return true;
    case "hashmod":
      setLabel(labels, rule.target_label, String(hashOf(source) % BigInt(rule.modulus)));
      return true;
    case "labelmap":
      for (const [name, value] of Array.from(labels)) {
        const groups = rule.regex.exec(name);
        if (groups === undefined) continue;
        setLabel(labels, expandTemplate(rule.replacement, groups, rule.regex.groups), value);
      }
      return true;
    case "labeldrop":
    case "labelkeep":
      for (const name of Array.from(labels.keys())) {
        if (rule.regex.test(name) === (rule.action === "labeldrop")) labels.delete(name);
      }
      return true;
  }
}

function replace(labels: MutableLabels, rule: RelabelRule, source: string): void {
  const isConstant = !rule.target_label.includes("$") && !rule.replacement.includes("$");
  if (source === "" && rule.regex.source === "(.*)" && isConstant) {
    setLabel(labels, rule.target_label, rule.replacement);
    return;
  }
  const groups = rule.regex.exec(source);
  if (groups === undefined) return;
  const target = expandTemplate(rule.target_label, groups, rule.regex.groups);
  // Names are UTF-8 text: only the empty one is invalid.
  if (target === "") return;
  setLabel(labels, target, expandTemplate(rule.replacement, groups, rule.regex.groups));
}

function setLabel(labels: MutableLabels, name: string, value: string): void {
  if (value === "") labels.delete(name);
  else labels.set(name, value);
}

/** The last 8 bytes of the MD5 as a big-endian number: what Prometheus shards by. */
function hashOf(text: string): bigint {
  return createHash("md5").update(text).digest().readBigUInt64BE(8);
}

/**
 * Go's Regexp.Expand: `$1`, `$name` (the longest run of word characters), `${name}`, and `$$` for a dollar. A group that
 * does not exist or did not take part is empty; a dollar that begins none of these stands for itself.
 */
export function expandTemplate(
  template: string,
  groups: readonly (string | undefined)[],
  names: ReadonlyMap<string, number>,
): string {
  return template.replace(
    /\$(?:(\$)|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu,
    (_, dollar: string | undefined, bare: string | undefined, braced: string | undefined) => {
      if (dollar !== undefined) return "$";
      const name = bare ?? braced ?? "";
      const number = /^\d+$/.test(name) ? Number(name) : names.get(name);
      return number === undefined ? "" : (groups[number] ?? "");
    },
  );
}
