import type { LinearRegex } from "#shared/text/linear_regex.ts";
import { textOf } from "../../head/line_filters.ts";
import { variableColumns } from "../logs_columns.ts";
import { cursorOf, type LogGroup } from "./log_group.ts";
import { rebuildBodies } from "./rebuild.ts";
import type { GroupIndex } from "./search_index.ts";
import type { TemplateRegex, Verdict } from "./template_regex.ts";

/** What a regular expression makes of a row group, told by the templates and which bytes variables may have. */
export type RegexPlan = {
  /** By template. */
  readonly verdicts: readonly Verdict[];
  /** Columns that must be looked at. */
  readonly columns: ReadonlySet<string>;
};

/** `group` has its templates. */
export function planRegex(
  group: LogGroup,
  regex: TemplateRegex,
  index: GroupIndex | undefined,
): RegexPlan {
  const columns = new Set(["body", "body_raw"]);
  const bytesIn = (variable: number) => index?.bytesIn(variableColumns[variable] ?? "") ?? anyByte;
  const verdicts = group.templates.values.map((template) => {
    const verdict = regex.verdict(template, bytesIn);
    if (verdict === "some")
      for (const name of variableColumns.slice(0, template.partEnds.length - 1)) columns.add(name);
    return verdict;
  });
  return { verdicts, columns };
}

/** Marks those of `wanted` that match. `group` has the columns of the plan. Lines that are no text are left to `whole`. */
export function markRegex(
  group: LogGroup,
  regex: TemplateRegex,
  whole: LinearRegex,
  { verdicts }: RegexPlan,
  wanted: Uint8Array,
  hits: Uint8Array,
): void {
  const { values: templates, numbers } = group.templates;
  const lines = templates.map((template, t) =>
    verdicts[t] === "some" ? regex.open(template) : undefined,
  );
  const variables = variableColumns.slice(0, group.variables).map((name) => cursorOf(group, name));
  const [body, raw] = [cursorOf(group, "body"), cursorOf(group, "body_raw")];
  const left: number[] = [];
  for (let row = 0; row < wanted.length; row++) {
    if (wanted[row] === 0 || hits[row] === 1) continue;
    const number = numbers[row] ?? -1;
    const line = lines[number];
    if (line === undefined && templates[number] !== undefined) {
      if (verdicts[number] === "all") hits[row] = 1;
      continue;
    }
    let isMatch: boolean | undefined;
    if (line !== undefined) isMatch = line.test(variables, row);
    else if (raw?.seek(row) !== true && body?.seek(row) === true)
      isMatch = regex.test(body.bytes, body.start, body.end);
    if (isMatch === true) hits[row] = 1;
    else if (isMatch === undefined || regex.hasFailed) left.push(row);
  }
  if (left.length > 0) markWhole(group, whole, left, hits);
}

/** Lines made whole, one by one. `group` has bodyColumns() as far as the rows need them. */
export function markWhole(
  group: LogGroup,
  regex: LinearRegex,
  rows: readonly number[],
  hits: Uint8Array,
): void {
  const { bodies, bodyEnds } = rebuildBodies(group, Uint32Array.from(rows));
  let start = 0;
  for (let i = 0; i < bodyEnds.length; i++) {
    const end = bodyEnds[i] ?? start;
    if (regex.test(textOf(bodies, start, end))) hits[rows[i] ?? 0] = 1;
    start = end;
  }
}

const anyByte = new Uint8Array(256).fill(1);
