import { pacer } from "#shared/async/pacer.ts";
import type { LinearRegex } from "#shared/text/linear_regex.ts";
import { dead, notText } from "#shared/text/regex_automaton.ts";
import { textOf } from "../../../read/line_filters.ts";
import { variableColumns } from "../texts/column_names.ts";
import { noEntry } from "../../parquet/flat_columns.ts";
import { columnTests, markTested } from "./column_tests.ts";
import { cursorOf, type LoadColumns, type LogGroup } from "../log_group.ts";
import { bodyColumns, rebuildInTurns } from "../rebuild.ts";
import type { GroupIndex } from "./search_index.ts";
import type { RowCursor } from "../texts/compact_texts.ts";
import type { VariableTest } from "./shaped_regex.ts";
import type { TemplateParts } from "./template_parts.ts";
import type { TemplateRegex, Verdict } from "./template_regex.ts";

/** What a regular expression makes of lines of a row group, told by the templates and which bytes variables may have. */
export type RegexPlan = {
  /** By template; "none" for those that no wanted line is of. */
  readonly verdicts: readonly Verdict[];
  /** Columns that must be looked at. */
  readonly columns: ReadonlySet<string>;
};

/** Below this share of lines, what all values look like is not worth to be found out. */
const shareMin = 1 / 8;

/** `group` has its templates. */
export function planRegex(
  group: LogGroup,
  regex: TemplateRegex,
  index: GroupIndex | undefined,
  wanted: Uint8Array,
): RegexPlan {
  const { values, numbers } = group.templates;
  const isWanted = new Uint8Array(values.length);
  for (let row = 0; row < numbers.length; row++)
    if (wanted[row] === 1) isWanted[numbers[row] ?? noEntry] = 1;
  const bytesIn = (variable: number) => index?.bytesIn(variableColumns[variable] ?? "") ?? anyByte;
  const verdicts = values.map((template, t) =>
    isWanted[t] === 0 ? "none" : group.hasShapes(t) ? "some" : regex.verdict(template, bytesIn),
  );
  const columns = new Set(["body", "body_raw"]);
  for (const [t, template] of values.entries())
    if (verdicts[t] === "some")
      for (const name of variableColumns.slice(0, template.partEnds.length - 1)) columns.add(name);
  return { verdicts, columns };
}

/**
 * Marks those of `wanted` that match. `group` has the columns of the plan; their digits are loaded as far as they are needed. Lines that are no
 * text are left to `whole`.
 */
export async function markRegex(
  group: LogGroup,
  { regex, whole, plan }: { regex: TemplateRegex; whole: LinearRegex; plan: RegexPlan },
  load: LoadColumns,
  wanted: Uint8Array,
  hits: Uint8Array,
): Promise<void> {
  const verdicts = [...plan.verdicts];
  const lines: number[] = [];
  let count = 0;
  for (let row = 0; row < wanted.length; row++) count += wanted[row] ?? 0;
  if (!group.isHeld && count >= shareMin * wanted.length && !regex.shaped.hasFailed) {
    const digits: string[] = [];
    const tests = columnTests(group, regex.shaped, planTests(group, regex, verdicts), digits);
    await load(digits);
    lines.push(...markTested(group, regex.shaped, tests, wanted, hits));
    // What it has found is right all the same, but it may have missed some.
    if (regex.shaped.hasFailed) verdicts.splice(0, verdicts.length, ...plan.verdicts);
  }
  markAll(group, verdicts, wanted, hits);
  if (verdicts.includes("some")) await load(plan.columns);
  lines.push(...(await markLines(group, regex, verdicts, wanted, hits)));
  const left = [...new Set(lines)].filter((row) => hits[row] === 0).toSorted((a, b) => a - b);
  if (left.length === 0) return;
  await load(bodyColumns(group));
  await markWhole(group, whole, left, hits);
}

/** By template. Writes into `verdicts` what shapes tell: templates with tests are "none" there. */
function planTests(
  group: LogGroup,
  regex: TemplateRegex,
  verdicts: Verdict[],
): (readonly VariableTest[] | undefined)[] {
  return group.templates.values.map((template, t) => {
    if (verdicts[t] !== "some") return undefined;
    const plan = regex.shaped.plan(template, group.shapes(t));
    if (plan === "untold") return undefined;
    verdicts[t] = plan === "all" ? "all" : "none";
    return typeof plan === "string" ? undefined : plan;
  });
}

function markAll(
  group: LogGroup,
  verdicts: readonly Verdict[],
  wanted: Uint8Array,
  hits: Uint8Array,
): void {
  if (!verdicts.includes("all")) return;
  const { numbers } = group.templates;
  const isAll = Uint8Array.from(verdicts, (verdict) => Number(verdict === "all"));
  for (let row = 0; row < numbers.length; row++)
    if (wanted[row] === 1 && isAll[numbers[row] ?? noEntry] === 1) hits[row] = 1;
}

/** Lines one by one: those of templates about which nothing is known, and those that are not split. Returns the rows that must be looked at whole. */
async function markLines(
  group: LogGroup,
  regex: TemplateRegex,
  verdicts: readonly Verdict[],
  wanted: Uint8Array,
  hits: Uint8Array,
): Promise<number[]> {
  const { values, numbers } = group.templates;
  const parts = values.map((template, t) =>
    verdicts[t] === "some" ? regex.open(template) : undefined,
  );
  const [body, raw] = [cursorOf(group, "body"), cursorOf(group, "body_raw")];
  const isMined = values.length > 0;
  if (isMined && body === undefined && raw === undefined && !verdicts.includes("some")) return [];
  const variables = new Cursors(group);
  const left: number[] = [];
  const pause = pacer();
  let looked = 0;
  for (let row = 0; row < wanted.length; row++) {
    if (wanted[row] === 0 || hits[row] === 1) continue;
    if (looked++ % 64 === 0) await pause();
    const number = isMined ? (numbers[row] ?? noEntry) : noEntry;
    let state: number = dead;
    if (number !== noEntry) {
      const line = parts[number];
      if (line === undefined) continue;
      state = runLine(regex, line, variables, row);
    } else if (raw?.seek(row) === true || body?.seek(row) !== true) state = notText;
    else state = regex.run(regex.start, body.bytes, body.start, body.end);
    if (state >= 0 && regex.isMatchAtEnd(state)) hits[row] = 1;
    else if (state === notText || regex.hasFailed) left.push(row);
  }
  return left;
}

/** Cursors of variables, opened when they are wanted: to put texts together takes time. */
class Cursors {
  readonly #group: LogGroup;
  readonly #known: (RowCursor | "none" | undefined)[] = [];

  constructor(group: LogGroup) {
    this.#group = group;
  }

  of(variable: number): RowCursor | undefined {
    const known = (this.#known[variable] ??=
      cursorOf(this.#group, variableColumns[variable] ?? "") ?? "none");
    return known === "none" ? undefined : known;
  }
}

/** The state that a line ends in. */
function runLine(
  regex: TemplateRegex,
  line: TemplateParts,
  variables: Cursors,
  row: number,
): number {
  let state = line.after(0, regex.start);
  for (let v = 0; v < line.last && state > dead; v++) {
    const variable = variables.of(v);
    if (variable?.seek(row) === true)
      state = regex.run(state, variable.bytes, variable.start, variable.end);
    state = line.after(v + 1, state);
  }
  return state;
}

/** Lines made whole, one by one. `group` has bodyColumns() as far as the rows need them. */
export async function markWhole(
  group: LogGroup,
  regex: LinearRegex,
  rows: readonly number[],
  hits: Uint8Array,
): Promise<void> {
  const { bodies, bodyEnds } = await rebuildInTurns(group, Uint32Array.from(rows));
  const pause = pacer();
  let start = 0;
  for (let i = 0; i < bodyEnds.length; i++) {
    const end = bodyEnds[i] ?? start;
    if (i % 16 === 0) await pause();
    if (regex.test(textOf(bodies, start, end))) hits[rows[i] ?? 0] = 1;
    start = end;
  }
}

const anyByte = new Uint8Array(256).fill(1);
