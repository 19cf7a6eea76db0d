import { Variable } from "#shared/dashboards/dashboard.ts";

export const kindChoices: readonly { readonly value: Variable["kind"]; readonly label: string }[] =
  [
    { value: "query", label: "Query" },
    { value: "custom", label: "List" },
    { value: "interval", label: "Interval" },
    { value: "text", label: "Text" },
    { value: "constant", label: "Constant" },
    { value: "filters", label: "Filters" },
    { value: "datasource", label: "Data source" },
  ];

const starts: Readonly<Record<Variable["kind"], Readonly<Record<string, unknown>>>> = {
  query: { query: "" },
  custom: { options: [] },
  constant: { value: "" },
  text: {},
  interval: { options: ["1m", "10m", "1h"] },
  datasource: { type: "prometheus" },
  filters: {},
};

/** The variable as one of another kind: its name, label and what both know stay. */
export function variableOfKind(variable: Variable, kind: unknown): Variable {
  const found = kindChoices.find(({ value }) => value === kind)?.value;
  if (found === undefined || found === variable.kind) return variable;
  const { name, label, description, hide } = variable;
  return Variable.parse({ ...starts[found], kind: found, name, label, description, hide });
}
