import type { Labels } from "./labels.ts";

/** Labels as Prometheus prints them in messages: {a="b", c="d"}. */
export function printedLabels(labels: Labels): string {
  const pairs = Object.keys(labels)
    .toSorted()
    .map(
      (name) =>
        `${/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name)}=${JSON.stringify(labels[name])}`,
    );
  return `{${pairs.join(", ")}}`;
}
