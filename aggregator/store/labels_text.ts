import { metricNameLabel, type Labels } from "#shared/model/labels.ts";

/** Label sets as blocks hold them: JSON objects with sorted names, no spaces, without the metric's name. */
export function labelsText(labels: Labels): string {
  let text = "";
  for (const name of Object.keys(labels).toSorted()) {
    const value = labels[name];
    if (value === undefined || value === "" || name === metricNameLabel) continue;
    text += `${text === "" ? "" : ","}${JSON.stringify(name.toWellFormed())}:${JSON.stringify(value.toWellFormed())}`;
  }
  return `{${text}}`;
}

export function nameOf(labels: Labels): string {
  return (labels[metricNameLabel] ?? "").toWellFormed();
}

/**
 * What the text of every label set with this label contains, and no other's: a quote within a name or value is
 * escaped, so the four bare quotes can only be those of one pair.
 */
export function pairText(name: string, value: string): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

/** The label set of a row. `name` is empty for streams of logs. */
export function parseLabels(name: string, text: string): Labels {
  const parsed: unknown = JSON.parse(text);
  const labels: Record<string, string> = name === "" ? {} : { [metricNameLabel]: name };
  if (typeof parsed === "object" && parsed !== null)
    for (const [key, value] of Object.entries(parsed))
      if (typeof value === "string") labels[key] = value;
  return labels;
}
