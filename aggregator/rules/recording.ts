import { OperatingError } from "#shared/errors.ts";
import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import type { RecordingRule, RuleSample } from "./rule.ts";

/**
 * The samples of a recording rule: those of its expression under the rule's name, with the rule's labels over their own. Throws
 * OperatingError where two of them get the same labels, or there are more than `limit`.
 */
export function recordedSamples(
  rule: RecordingRule,
  samples: readonly RuleSample[],
  limit: number,
): RuleSample[] {
  const seen = new Set<string>();
  const recorded = samples.map((sample) => {
    const all: Labels = { ...sample.labels, ...rule.labels, [metricNameLabel]: rule.name };
    const labels = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
    seen.add(labelsKey(labels));
    return { ...sample, labels };
  });
  if (seen.size < recorded.length)
    throw new OperatingError(
      "bad_request",
      "vector contains metrics with the same labelset after applying rule labels",
    );
  if (limit > 0 && recorded.length > limit)
    throw new OperatingError(
      "overloaded",
      `exceeded limit of ${limit} with ${recorded.length} series`,
    );
  return recorded;
}
