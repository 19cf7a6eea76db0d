/** A condition on a label; values are compared as they are. */
export type LabelCondition = {
  readonly label: string;
  readonly isEqual: boolean;
  readonly value: string;
};

/** Conditions of `severity="critical", team!=db`; undefined where the text is none of that. */
export function readConditions(text: string): readonly LabelCondition[] | undefined {
  const conditions: LabelCondition[] = [];
  for (const part of text.split(",")) {
    if (part.trim() === "") continue;
    const found = /^\s*([^\s=!]+)\s*(!?=)\s*"?([^"]*?)"?\s*$/.exec(part);
    if (found === null) return undefined;
    conditions.push({ label: found[1] ?? "", isEqual: found[2] === "=", value: found[3] ?? "" });
  }
  return conditions;
}

export function matches(
  conditions: readonly LabelCondition[],
  labels: Readonly<Record<string, string>>,
): boolean {
  return conditions.every(
    ({ label, isEqual, value }) => ((labels[label] ?? "") === value) === isEqual,
  );
}
