import { z } from "zod";
import { messageOf } from "../errors.ts";
import { type LinearRegex, recordRegex } from "../text/linear_regex.ts";
import { scalarText } from "./scalar_text.ts";

const actions = [
  "replace",
  "keep",
  "drop",
  "keepequal",
  "dropequal",
  "hashmod",
  "labelmap",
  "labeldrop",
  "labelkeep",
  "lowercase",
  "uppercase",
] as const;
type RelabelAction = (typeof actions)[number];

/** One relabelling rule, checked and compiled. */
export type RelabelRule = {
  readonly action: RelabelAction;
  readonly source_labels: readonly string[];
  readonly separator: string;
  readonly target_label: string;
  readonly regex: LinearRegex;
  readonly modulus: number;
  readonly replacement: string;
};

const defaults = { separator: ";", regex: "(.*)", replacement: "$1" } as const;
const needsTarget = new Set<RelabelAction>([
  "replace",
  "hashmod",
  "lowercase",
  "uppercase",
  "keepequal",
  "dropequal",
]);
const fixedReplacement = new Set<RelabelAction>([
  "lowercase",
  "uppercase",
  "keepequal",
  "dropequal",
]);

const Written = z.lazy(() =>
  z.strictObject({
    action: z
      .string()
      .transform((text) => text.toLowerCase())
      .pipe(z.enum(actions))
      .default("replace"),
    source_labels: z.array(scalarText).optional(),
    separator: scalarText.default(defaults.separator),
    target_label: scalarText.default(""),
    regex: scalarText.default(defaults.regex),
    modulus: z.number().int().nonnegative().default(0),
    replacement: scalarText.default(defaults.replacement),
  }),
);
type Written = z.output<typeof Written>;

/** A rule of relabel_configs or metric_relabel_configs as Prometheus writes it; refuses what Prometheus refuses. */
export const RelabelConfig = Written.transform((rule, context): RelabelRule => {
  const refuse = (key: keyof Written, message: string) => {
    context.addIssue({ code: "custom", path: [key], message, input: rule[key] });
    return z.NEVER;
  };
  const fault = faultOf(rule);
  if (fault !== undefined) return refuse(...fault);
  try {
    const { action, separator, target_label, replacement } = rule;
    return {
      action,
      separator,
      target_label,
      replacement,
      source_labels: rule.source_labels ?? [],
      regex: recordRegex.anchored(rule.regex),
      modulus: rule.modulus,
    };
  } catch (error) {
    return refuse("regex", messageOf(error));
  }
});

function faultOf(rule: Written): [keyof Written, string] | undefined {
  const { action } = rule;
  if (action === "hashmod" && rule.modulus === 0) {
    return ["modulus", "hashmod needs a modulus above 0"];
  }
  if (needsTarget.has(action) && rule.target_label === "") {
    return ["target_label", `action ${action} needs a target_label`];
  }
  if (fixedReplacement.has(action) && rule.replacement !== defaults.replacement) {
    return ["replacement", `can't be set for action ${action}`];
  }
  if (action === "labelmap" && rule.replacement === "") {
    return ["replacement", "labelmap needs a label name to write to"];
  }
  if (action === "keepequal" || action === "dropequal") {
    return others(rule, ["regex", "modulus", "separator"], "only source_labels and target_label");
  }
  if (action === "labeldrop" || action === "labelkeep") {
    const keys = ["source_labels", "target_label", "modulus", "separator", "replacement"] as const;
    return others(rule, keys, "only regex");
  }
  return undefined;
}

/** The first of `keys` that is not at its default. */
function others(
  rule: Written,
  keys: readonly (keyof Written)[],
  allowed: string,
): [keyof Written, string] | undefined {
  const unset: Partial<Record<keyof Written, unknown>> = {
    ...defaults,
    modulus: 0,
    target_label: "",
    source_labels: undefined,
  };
  const key = keys.find((name) => rule[name] !== unset[name]);
  return key === undefined ? undefined : [key, `action ${rule.action} takes ${allowed}`];
}
