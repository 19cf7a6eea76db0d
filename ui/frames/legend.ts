import { metricNameLabel, type Labels } from "#shared/model/labels.ts";

const nameMax = 2_000;

/**
 * Names of an answer's series: by the legend's {{label}}s, or, where that gives nothing, what tells them apart: the metric and labels of a
 * single series, the value of the one label that differs, or the labels that differ.
 */
export function seriesNames(
  labelSets: readonly Labels[],
  legend: string | undefined,
  expr: string,
): string[] {
  const isAutomatic = legend === undefined || legend === "" || legend === "__auto";
  const filled = isAutomatic ? [] : labelSets.map((labels) => fill(legend, labels));
  if (!isAutomatic && !filled.includes("")) return filled;
  const automatic = automaticNames(labelSets, expr);
  return automatic.map((name, i) => filled[i] || name);
}

function automaticNames(labelSets: readonly Labels[], expr: string): string[] {
  const differing = differingLabels(labelSets);
  return labelSets.map((labels) => {
    const name =
      labelSets.length === 1
        ? seriesText(labels)
        : differing.length === 1
          ? (labels[differing[0] ?? ""] ?? "")
          : seriesText(Object.fromEntries(differing.map((label) => [label, labels[label] ?? ""])));
    return (name === "" ? seriesText(labels) || expr : name).slice(0, nameMax);
  });
}

function fill(legend: string, labels: Labels): string {
  return legend
    .replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (_found, name: string) => labels[name] ?? "")
    .slice(0, nameMax)
    .trim();
}

/** Labels that do not have one value in all sets, by name. */
function differingLabels(labelSets: readonly Labels[]): string[] {
  const [first = {}, ...rest] = labelSets;
  const names = new Set<string>();
  for (const labels of labelSets) for (const name of Object.keys(labels)) names.add(name);
  return [...names]
    .filter((name) => rest.some((labels) => labels[name] !== first[name]))
    .toSorted();
}

/** `up{instance="a", job="b"}`. */
export function seriesText(labels: Labels): string {
  const { [metricNameLabel]: metric = "", ...others } = labels;
  const pairs = Object.keys(others)
    .toSorted()
    .filter((name) => others[name] !== "")
    .map((name) => `${name}=${JSON.stringify(others[name])}`);
  return pairs.length === 0 ? metric : `${metric}{${pairs.join(", ")}}`;
}
