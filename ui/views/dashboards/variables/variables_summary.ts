import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import type { VariableOption } from "../../../dashboards/model/variable_options.ts";
import { allValue, type VariableState } from "../../../dashboards/model/variables.ts";

/** What the head of a dashboard holds, each in a few words: "Host: web-1", the names of annotations, the titles of links. */
export function headParts(
  { annotations, links }: Pick<Dashboard, "annotations" | "links">,
  states: Iterable<VariableState>,
  hidden: ReadonlySet<string>,
): readonly string[] {
  return [
    ...[...states].filter(({ variable }) => isShown(variable)).map(variablePart),
    ...toggledAnnotations(annotations).map(({ name }) =>
      hidden.has(name) ? `${name} hidden` : `${name} shown`,
    ),
    ...links.map(({ title }) => (title === "" ? "Links" : title)),
  ];
}

/** There is one source of each language: nothing is to be chosen. */
export function isShown({ hide, kind }: VariableState["variable"]): boolean {
  return hide !== "all" && kind !== "datasource" && kind !== "constant";
}

/** What a variable is called where it is chosen. */
export function labelOf({ label, name }: VariableState["variable"]): string {
  return label === undefined || label === "" ? name : label;
}

/** Those with a button of their own above the panels. */
export function toggledAnnotations(
  annotations: Dashboard["annotations"],
): Dashboard["annotations"] {
  return annotations.filter((each) => each.enabled && !each.hidden);
}

/** The names of what is chosen. */
export function chosenWords(chosen: readonly string[], options: readonly VariableOption[]): string {
  if (chosen.length === 0) return "None";
  if (chosen.includes(allValue)) return "All";
  const texts = new Map(options.map(({ value, text }) => [value, text]));
  return chosen.map((value) => texts.get(value) ?? value).join(" + ");
}

function variablePart(state: VariableState): string {
  const { variable, chosen, options, filters } = state;
  const conditions = filters.map(({ name, op, value }) => `${name} ${op} ${value}`);
  const words =
    variable.kind === "filters"
      ? conditions.join(", ") || "None"
      : variable.kind === "text"
        ? chosen[0] || "None"
        : chosenWords(chosen, options);
  return `${labelOf(variable)}: ${words}`;
}
