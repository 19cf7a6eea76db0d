import type { Labels } from "#shared/model/labels.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import type { MetricType } from "#shared/model/metrics.ts";
import { OperatingError } from "#shared/errors.ts";

/** Enum MetricMetadata.MetricType of 1.0 and Metadata.MetricType of 2.0 by number. */
export const metricTypes: readonly MetricType[] = [
  "unknown",
  "counter",
  "gauge",
  "histogram",
  "gaugehistogram",
  "summary",
  "info",
  "stateset",
];

/** The furthest that a sample may lie ahead of our clock, as in Prometheus. */
export const aheadMaxMs = 600_000;
/** Names and values of one series together. */
const labelBytesMax = 64 * 1024;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A label set that is not stored, with the reason. */
export class InvalidLabelsError extends OperatingError {
  readonly reason: "invalid_sample" | "label_limit";

  constructor(reason: InvalidLabelsError["reason"], message: string) {
    super("bad_request", message);
    this.reason = reason;
  }
}

/** Text of bytes; throws InvalidLabelsError where they are not UTF-8. */
export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new InvalidLabelsError("invalid_sample", "label is not valid UTF-8");
  }
}

/**
 * Sorted, without empty values. Any UTF-8 is a name, as in Prometheus 3. Throws InvalidLabelsError: no metric name, a name
 * that is empty, a name twice, too large.
 */
export function labelsOfPairs(pairs: readonly (readonly [name: string, value: string])[]): Labels {
  const seen = new Set<string>();
  let size = 0;
  for (const [name, value] of pairs) {
    if (name === "") throw new InvalidLabelsError("invalid_sample", "label name is empty");
    if (seen.has(name))
      throw new InvalidLabelsError("invalid_sample", `duplicate label ${JSON.stringify(name)}`);
    seen.add(name);
    size += name.length + value.length;
  }
  if (size > labelBytesMax)
    throw new InvalidLabelsError("label_limit", `labels are larger than ${labelBytesMax} bytes`);
  const sorted = pairs
    .filter(([, value]) => value !== "")
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  // From entries, so that a label named __proto__ is a label.
  const labels: Labels = Object.fromEntries(sorted);
  if (!Object.hasOwn(labels, metricNameLabel))
    throw new InvalidLabelsError("invalid_sample", `series without ${metricNameLabel}`);
  return labels;
}

/** For messages to the sender: {__name__="a", b="c"}, cut at a readable length. */
export function shownLabels(labels: Labels | undefined): string {
  return shownPairs(Object.entries(labels ?? {}));
}

const shownCharsMax = 512;

/** The same of labels that are none: the metric's name first, names and values as they came. */
export function shownPairs(pairs: readonly (readonly [name: string, value: string])[]): string {
  const named = pairs.filter(([name]) => name === metricNameLabel);
  const texts: string[] = [];
  let length = 0;
  for (const [name, value] of [...named, ...pairs.filter((pair) => !named.includes(pair))]) {
    const shown = value.length > shownCharsMax ? `${value.slice(0, shownCharsMax / 4)}…` : value;
    texts.push(`${name.slice(0, shownCharsMax)}=${JSON.stringify(shown)}`);
    length += name.length + shown.length;
    if (length > shownCharsMax) break;
  }
  const text = `{${texts.join(", ")}}`;
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text;
}
