import { variableColumns } from "../texts/column_names.ts";
import { outcomeOf, outcomes } from "./digit_diagrams.ts";
import type { SplitForms } from "../texts/forms.ts";
import type { LogGroup } from "../log_group.ts";
import type { ShapedRegex, VariableTest } from "./shaped_regex.ts";
import type { TextColumn } from "../texts/text_values.ts";

/** What has to be read of a variable. */
export type ColumnTest = {
  readonly column: TextColumn;
  /** By template. */
  readonly tests: readonly (VariableTest | undefined)[];
  /** By form, where values are given by their digits alone. */
  readonly roots: { readonly split: SplitForms; readonly byForm: Int32Array } | undefined;
};

/**
 * The tests of templates, by column. `group` has the columns' shapes, but not their digits: the columns whose digits are needed besides
 * are put into `wanted`.
 */
export function columnTests(
  group: LogGroup,
  shaped: ShapedRegex,
  tests: readonly (readonly VariableTest[] | undefined)[],
  wanted: string[],
): ColumnTest[] {
  const byVariable: (VariableTest | undefined)[][] = [];
  for (const [template, some] of tests.entries())
    for (const test of some ?? [])
      (byVariable[test.variable] ??= Array.from({ length: tests.length }, () => undefined))[
        template
      ] = test;
  return byVariable.flatMap((own, variable): ColumnTest[] => {
    const name = variableColumns[variable] ?? "";
    const column = group.texts(name);
    if (column === undefined) return [];
    const split = group.split(variable);
    const byForm = split && shaped.roots(split, own);
    if (split === undefined || byForm?.includes(outcomes.untold) !== false) {
      wanted.push(name);
      return [{ column, tests: own, roots: undefined }];
    }
    if (byForm.every((root) => root === outcomes.miss)) return [];
    if (byForm.some((root) => root > 0)) wanted.push(name);
    return [{ column, tests: own, roots: { split, byForm } }];
  });
}

/** Marks those of `wanted` of which a test holds. Gives the rows that have to be looked at whole, as they are no text. */
export function markTested(
  group: LogGroup,
  shaped: ShapedRegex,
  columns: readonly ColumnTest[],
  wanted: Uint8Array,
  hits: Uint8Array,
): number[] {
  const left: number[] = [];
  for (const { column, tests, roots } of columns)
    if (roots === undefined)
      markValues(column, group.templates.numbers, shaped, tests, { wanted, hits, left });
    else markForms(column, roots.split.forms, roots.byForm, shaped.nodes, { wanted, hits, left });
  return left;
}

type Marks = { readonly wanted: Uint8Array; readonly hits: Uint8Array; readonly left: number[] };

function markForms(
  column: TextColumn,
  { formOf, rowOf, digitCounts }: SplitForms["forms"],
  roots: Int32Array,
  nodes: Int32Array,
  { wanted, hits, left }: Marks,
): void {
  const digits = roots.some((root) => root > 0) ? column.digits : noDigits;
  let digit = 0;
  for (let text = 0; text < formOf.length; text++) {
    const form = formOf[text] ?? 0;
    const from = digit;
    digit += digitCounts[form] ?? 0;
    const root = roots[form] ?? outcomes.miss;
    if (root === outcomes.miss) continue;
    const row = rowOf === undefined ? text : (rowOf[text] ?? 0);
    if (wanted[row] === 0 || hits[row] === 1) continue;
    const outcome = outcomeOf(nodes, root, digits, from);
    if (outcome === outcomes.hit) hits[row] = 1;
    else if (outcome === outcomes.noText) left.push(row);
  }
}

function markValues(
  { bytes, ends, rowOf }: TextColumn,
  templateOf: Uint32Array,
  shaped: ShapedRegex,
  tests: readonly (VariableTest | undefined)[],
  { wanted, hits, left }: Marks,
): void {
  let start = 0;
  for (let value = 0; value < ends.length; value++) {
    const end = ends[value] ?? 0;
    const from = start;
    start = end;
    const row = rowOf === undefined ? value : (rowOf[value] ?? 0);
    const test = tests[templateOf[row] ?? tests.length];
    if (test === undefined || wanted[row] === 0 || hits[row] === 1) continue;
    const outcome = shaped.outcomeOf(test, bytes, from, end);
    if (outcome === outcomes.noText) left.push(row);
    else if (outcome === outcomes.hit) hits[row] = 1;
  }
}

const noDigits = new Uint8Array();
