import { templateVariablesMax } from "#shared/model/line_template.ts";

/** The columns of a line's variables, in their order. */
export const variableColumns: readonly string[] = Array.from(
  { length: templateVariablesMax },
  (_, v) => `v${v}`,
);
