import { isMap, isSeq, parse, parseDocument, stringify } from "yaml";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import type { RuleDraft, WrittenRule } from "./rule_draft.ts";
import { writtenRule } from "./rule_draft.ts";

const Texts = z.record(z.string(), z.coerce.string());
/** Strings that look like numbers may stand without quotes in YAML. */
const Written = z.object({
  alert: z.string().optional(),
  record: z.string().optional(),
  expr: z.coerce.string(),
  for: z.coerce.string().optional(),
  keep_firing_for: z.coerce.string().optional(),
  labels: Texts.optional(),
  annotations: Texts.optional(),
});
const Group = z.object({
  name: z.string(),
  interval: z.coerce.string().optional(),
  rules: z.array(Written).nullish(),
});

/** The rules of a group as they were written, and its interval. Throws for what is no group. */
export function readGroupCode(yaml: string): {
  readonly interval: string;
  readonly rules: readonly WrittenRule[];
} {
  const { interval = "", rules } = Group.parse(parse(yaml));
  return { interval, rules: (rules ?? []).map(withoutMissing) };
}

function withoutMissing(rule: z.output<typeof Written>): WrittenRule {
  const { expr, ...rest } = rule;
  return {
    expr,
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
  };
}

/** A rule's place in its group, with the name that it had when it was read. */
export type RulePlace = { readonly place: number; readonly name: string };

/**
 * A group with a rule put at its end, or in the place of one. Comments and the form of the other rules stay. Throws OperatingError where
 * another rule stands in that place by now.
 */
export function groupWithRule(
  before: string | undefined,
  draft: RuleDraft,
  replaced: RulePlace | undefined,
): string {
  const written = writtenRule(draft);
  const interval = draft.interval.trim();
  if (before === undefined)
    return stringify({
      name: draft.group.trim(),
      ...(interval !== "" && { interval }),
      rules: [written],
    });
  const document = parseDocument(before);
  const rules = document.get("rules");
  // Who adds a rule without an interval leaves that of the others as it is.
  if (interval === "" && replaced !== undefined) document.delete("interval");
  else if (interval !== "" && document.get("interval") !== interval)
    document.set("interval", interval);
  if (replaced !== undefined) {
    checkPlace(before, replaced);
    document.setIn(["rules", replaced.place], document.createNode(written));
  } else if (isSeq(rules)) rules.add(document.createNode(written));
  else document.set("rules", document.createNode([written]));
  return document.toString();
}

/** A group without one of its rules; undefined where none is left. */
export function groupWithoutRule(before: string, removed: RulePlace): string | undefined {
  checkPlace(before, removed);
  const document = parseDocument(before);
  document.deleteIn(["rules", removed.place]);
  const left = document.get("rules");
  const isEmpty = !isSeq(left) || left.items.length === 0;
  return isMap(document.contents) && !isEmpty ? document.toString() : undefined;
}

function checkPlace(yaml: string, { place, name }: RulePlace): void {
  const rule = readGroupCode(yaml).rules[place];
  if (rule !== undefined && (rule.alert ?? rule.record) === name) return;
  throw new OperatingError(
    "conflict",
    `the group was changed meanwhile: ${JSON.stringify(name)} is not its rule ${place + 1} any more. Open the rule again`,
  );
}

/** The rule as a file of its own, in Prometheus's form. */
export function fileOfRule(draft: RuleDraft): string {
  const interval = draft.interval.trim();
  const group = {
    name: draft.group.trim() === "" ? "group" : draft.group.trim(),
    ...(interval !== "" && { interval }),
    rules: [writtenRule(draft)],
  };
  return stringify({ groups: [group] });
}
