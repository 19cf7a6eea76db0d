/** Label names to values. An empty value is the same as an absent label and is never stored. */
export type Labels = Readonly<Record<string, string>>;

export const metricNameLabel = "__name__";

/** One label condition of a selector. Regular expressions are RE2, anchored at both ends, dot matches newline. */
export type Matcher = {
  readonly name: string;
  readonly op: "=" | "!=" | "=~" | "!~";
  readonly value: string;
};

/** Canonical text of a label set: equal sets give equal keys, and only they. */
export function labelsKey(labels: Labels): string {
  const names = Object.keys(labels).toSorted();
  let key = "";
  for (const name of names) {
    const value = labels[name];
    if (value === undefined || value === "") continue;
    key += `${escaped(name)}\u00ff${escaped(value)}\u00ff`;
  }
  return key;
}

/** Whether labelsKey() of both is the same. */
export function sameLabels(a: Labels, b: Labels): boolean {
  if (a === b) return true;
  let more = 0;
  for (const name in a) {
    const value = a[name];
    if (value === undefined || value === "") continue;
    if (b[name] !== value) return false;
    more++;
  }
  for (const name in b) if (b[name] !== undefined && b[name] !== "") more--;
  return more === 0;
}

/** The separator and the sign of escaping are rare, but a sender may choose them. */
function escaped(text: string): string {
  if (!text.includes("\u00ff") && !text.includes("\u00fe")) return text;
  return text.replaceAll("\u00fe", "\u00fe0").replaceAll("\u00ff", "\u00fe1");
}
