import type { LinearRegex } from "#shared/text/linear_regex.ts";
import { dead, notText } from "#shared/text/regex_automaton.ts";
import { textOf } from "../../head/line_filters.ts";
import { variableColumns } from "../logs_columns.ts";
import { noEntry } from "../parquet/flat_columns.ts";
import { cursorOf, type LogGroup } from "./log_group.ts";
import { rebuildBodies } from "./rebuild.ts";
import type { GroupIndex } from "./search_index.ts";
import type { TemplateParts, TemplateRegex, Verdict } from "./template_regex.ts";

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
  const bytesIn = (variable: number) => index?.bytesIn(variableColumns[variable] ?? "") ?? anyByte;
  const verdicts = group.templates.values.map((template) => regex.verdict(template, bytesIn));
  return planOf(group, verdicts);
}

/** The same with what each template's variables are made of, which is known once their columns are read. */
export function planAgain(group: LogGroup, regex: TemplateRegex, plan: RegexPlan): RegexPlan {
  const verdicts = group.templates.values.map((template, t) => {
    const verdict = plan.verdicts[t] ?? "some";
    return verdict === "some" ? regex.verdict(template, (v) => group.bytesIn(t, v)) : verdict;
  });
  return planOf(group, verdicts);
}

function planOf(group: LogGroup, verdicts: readonly Verdict[]): RegexPlan {
  const columns = new Set(["body", "body_raw"]);
  for (const [t, template] of group.templates.values.entries())
    if (verdicts[t] === "some")
      for (const name of variableColumns.slice(0, template.partEnds.length - 1)) columns.add(name);
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
  const { numbers } = group.templates;
  const parts = group.templates.values.map((template, t) =>
    verdicts[t] === "some" ? regex.open(template) : undefined,
  );
  const isAll = Uint8Array.from(verdicts, (verdict) => Number(verdict === "all"));
  const isMined = group.templates.values.length > 0;
  /** By row: the state that its line is in so far. */
  const states = new Int32Array(group.rows).fill(notWanted);
  const [body, raw] = [cursorOf(group, "body"), cursorOf(group, "body_raw")];
  for (let row = 0; row < wanted.length; row++) {
    if (wanted[row] === 0 || hits[row] === 1) continue;
    const number = isMined ? (numbers[row] ?? noEntry) : noEntry;
    if (number !== noEntry) {
      if (isAll[number] === 1) hits[row] = 1;
      else if (parts[number] !== undefined) states[row] = regex.start;
    } else if (raw?.seek(row) === true || body?.seek(row) !== true) states[row] = notText;
    else states[row] = regex.run(regex.start, body.bytes, body.start, body.end);
  }
  runVariables(group, regex, parts, states);
  const left: number[] = [];
  for (let row = 0; row < states.length; row++) {
    let state = states[row] ?? notWanted;
    if (state === notWanted) continue;
    const line = isMined ? parts[numbers[row] ?? noEntry] : undefined;
    if (line !== undefined && state > dead) state = line.after(line.last, state);
    if (state >= 0 && regex.isMatchAtEnd(state)) hits[row] = 1;
    else if (state === notText || regex.hasFailed) left.push(row);
  }
  if (left.length > 0) markWhole(group, whole, left, hits);
}

/** Column by column: a constant part, then the variable after it, of all lines. */
function runVariables(
  group: LogGroup,
  regex: TemplateRegex,
  parts: readonly (TemplateParts | undefined)[],
  states: Int32Array,
): void {
  const { numbers } = group.templates;
  const most = parts.reduce((max, line) => Math.max(max, line?.last ?? 0), 0);
  for (let v = 0; v < most; v++) {
    const column = group.texts(variableColumns[v] ?? "");
    if (column === undefined) continue;
    const { bytes, ends, rowOf } = column;
    let start = 0;
    for (let value = 0; value < ends.length; value++) {
      const end = ends[value] ?? 0;
      const row = rowOf === undefined ? value : (rowOf[value] ?? 0);
      const state = states[row] ?? notWanted;
      if (state > dead) {
        const before = parts[numbers[row] ?? noEntry]?.after(v, state) ?? state;
        states[row] = before > dead ? regex.run(before, bytes, start, end) : before;
      }
      start = end;
    }
  }
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

const notWanted = -3;
const anyByte = new Uint8Array(256).fill(1);
