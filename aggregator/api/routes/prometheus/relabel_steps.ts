import { parse } from "yaml";
import { z } from "zod";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { type MutableLabels, relabel } from "#shared/relabel/relabel.ts";
import { RelabelConfig, type RelabelRule } from "#shared/relabel/relabel_config.ts";

/** What a rule of relabel_configs made of a target's labels. */
export type RelabelStep = {
  readonly rule: Readonly<Record<string, unknown>>;
  readonly output: Labels;
  /** False where the rule dropped the target; then it is the last step. */
  readonly keep: boolean;
};

const Pool = z.looseObject({ relabel_configs: z.array(RelabelConfig).default([]) });
const LabelSet = z.record(z.string(), z.string());

/** The labels after each rule of a pool's configuration (YAML). `labels` is a JSON object of texts. */
export function relabelSteps(configYaml: string, labels: string): RelabelStep[] {
  const current: MutableLabels = new Map(Object.entries(labelsOf(labels)));
  const steps: RelabelStep[] = [];
  for (const rule of Pool.parse(parse(configYaml)).relabel_configs) {
    const keep = relabel(current, [rule]);
    const output = Object.fromEntries([...current].toSorted(([a], [b]) => (a < b ? -1 : 1)));
    steps.push({ rule: shownRule(rule), output, keep });
    if (!keep) break;
  }
  return steps;
}

function labelsOf(text: string): Labels {
  try {
    return LabelSet.parse(JSON.parse(text));
  } catch (cause) {
    throw new PromqlError("bad_data", `error unmarshaling labels: ${messageOf(cause)}`);
  }
}

/** Keys that say nothing are left out, as in a configuration that Prometheus shows. */
function shownRule(rule: RelabelRule): Record<string, unknown> {
  const { source_labels: sources, target_label: target, modulus } = rule;
  return {
    ...(sources.length > 0 && { source_labels: sources }),
    separator: rule.separator,
    regex: rule.regex.source,
    ...(modulus > 0 && { modulus }),
    ...(target !== "" && { target_label: target }),
    replacement: rule.replacement,
    action: rule.action,
  };
}
