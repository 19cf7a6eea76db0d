import { unmined } from "#shared/model/line_template.ts";
import { searchingRegex } from "#shared/text/linear_regex.ts";
import { textOf } from "../../head/line_filters.ts";
import type { LineFilter } from "../../query/source.ts";
import { markNeedle, type NeedlePlan, planNeedle } from "./find_needle.ts";
import type { LogGroup } from "./log_group.ts";
import { bodyColumns, rebuildBodies } from "./rebuild.ts";
import { bufferOf } from "./text_values.ts";

/** Loads columns of the row group at hand. */
export type LoadColumns = (names: Iterable<string>) => Promise<void>;

/** Tests lines of a row group: takes out of `passing`, an entry a row, those that fail. `group` has its templates. */
export type GroupFilter = (
  group: LogGroup,
  load: LoadColumns,
  passing: Uint8Array,
) => Promise<void>;

/** Filters of a scan; literals first, as they leave less to regular expressions. Throws OperatingError("bad_request"). */
export function compileGroupFilters(filters: readonly LineFilter[]): readonly GroupFilter[] {
  return [
    ...filters.filter(isLiteral).map(literalFilter),
    ...filters.filter((filter) => !isLiteral(filter)).map(regexFilter),
  ];
}

function isLiteral({ op }: LineFilter): boolean {
  return op === "|=" || op === "!=";
}

function literalFilter({ op, values }: LineFilter): GroupFilter {
  const needles = values.map((value) => Buffer.from(value));
  const isWanted = op === "|=";
  return async (group, load, passing) => {
    const plans = needles.map((needle) => planNeedle(group, needle, () => true));
    await load(plans.flatMap(({ columns }) => [...columns]));
    const hits = new Uint8Array(group.rows);
    for (const plan of plans) await mark(group, load, plan, hits);
    keep(passing, hits, isWanted);
  };
}

async function mark(
  group: LogGroup,
  load: LoadColumns,
  plan: NeedlePlan,
  hits: Uint8Array,
): Promise<void> {
  if (plan.alignments.some(({ across }) => across === undefined)) await load(bodyColumns(group));
  markNeedle(group, plan, hits, (template, needle) => markRebuilt(group, template, needle, hits));
}

function markRebuilt(
  group: LogGroup,
  template: number,
  needle: Uint8Array,
  hits: Uint8Array,
): void {
  const { numbers } = group.templates;
  const rows: number[] = [];
  for (let row = 0; row < numbers.length; row++)
    if ((numbers[row] ?? unmined) === template && hits[row] === 0) rows.push(row);
  const { bodies, bodyEnds } = rebuildBodies(group, Uint32Array.from(rows));
  let start = 0;
  for (const [i, end] of bodyEnds.entries()) {
    if (bufferOf(bodies.subarray(start, end)).includes(needle)) hits[rows[i] ?? 0] = 1;
    start = end;
  }
}

function regexFilter({ op, values }: LineFilter): GroupFilter {
  const regexes = values.map((value) => searchingRegex(value));
  const isWanted = op === "|~";
  return async (group, load, passing) => {
    await load(bodyColumns(group));
    const rows = rowsOf(passing);
    const { bodies, bodyEnds } = rebuildBodies(group, rows);
    let start = 0;
    for (const [i, end] of bodyEnds.entries()) {
      const text = textOf(bodies, start, end);
      if (regexes.some((regex) => regex.test(text)) !== isWanted) passing[rows[i] ?? 0] = 0;
      start = end;
    }
  };
}

function keep(passing: Uint8Array, hits: Uint8Array, isWanted: boolean): void {
  const wanted = Number(isWanted);
  for (let row = 0; row < passing.length; row++) if (hits[row] !== wanted) passing[row] = 0;
}

/** Indexes of the entries that are set. */
export function rowsOf(passing: Uint8Array): Uint32Array {
  let count = 0;
  for (let row = 0; row < passing.length; row++) count += passing[row] ?? 0;
  if (count === passing.length) return allRows(count);
  const rows = new Uint32Array(count);
  let next = 0;
  for (let row = 0; next < count; row++) if (passing[row] === 1) rows[next++] = row;
  return rows;
}

/** Most row groups are of one size, and often all rows are wanted. */
let identity = new Uint32Array();
function allRows(count: number): Uint32Array {
  if (identity.length < count) identity = Uint32Array.from({ length: count }, (_, row) => row);
  return identity.subarray(0, count);
}
