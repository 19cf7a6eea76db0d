// Hot: guarded by `bench search`.
import { type LineTemplate, unmined } from "#shared/model/line_template.ts";
import { variableColumns } from "../texts/column_names.ts";
import { type Alignments, alignmentsOf, type Constraint } from "./alignments.ts";
import type { LogGroup } from "../log_group.ts";
import { bufferOf, type TextTest } from "../texts/text_tests.ts";
import { digitsColumn } from "../texts/packed/digits_column.ts";
import type { TextColumn } from "../texts/text_values.ts";

/** Where a needle may stand in the lines of a row group, told by the templates alone. */
export type NeedlePlan = {
  readonly needle: Uint8Array;
  /** By template. */
  readonly alignments: readonly Alignments[];
  /** Columns that must be looked at. */
  readonly columns: ReadonlySet<string>;
  /** Of these, those that may hold the whole needle. */
  readonly within: ReadonlySet<string>;
};

/** A text that is looked for, with what was found out of it so far. */
export type Needle = {
  readonly bytes: Uint8Array;
  readonly alignments: Map<LineTemplate, Alignments>;
};

export function needleOf(text: string): Needle {
  return { bytes: Buffer.from(text), alignments: new Map() };
}

function alignedIn(template: LineTemplate, { bytes, alignments }: Needle): Alignments {
  let known = alignments.get(template);
  if (known === undefined) alignments.set(template, (known = alignmentsOf(template, bytes)));
  return known;
}

/** `group` has its templates. `mayHold` says which columns may have the needle in a text. */
export function planNeedle(
  group: LogGroup,
  wanted: Needle,
  mayHold: (column: string, needle: Uint8Array) => boolean,
): NeedlePlan {
  const needle = wanted.bytes;
  const { templates } = group;
  const mayFit = ({ variable, bytes }: Constraint) =>
    mayHold(variableColumns[variable] ?? "", bytes);
  const alignments = templates.values.map((template) => {
    if (needle.length === 0) return { isConstant: true, across: [] };
    const found = alignedIn(template, wanted);
    const { across } = found;
    if (across === undefined || across.length === 0) return found;
    // Most ask for a delimiter in a variable, which has none.
    return { ...found, across: across.filter((constraints) => constraints.every(mayFit)) };
  });
  const within = new Set<string>();
  if (needle.length === 0) return { needle, alignments, columns: within, within };
  const columns = new Set<string>();
  let variables = 0;
  for (const [t, { isConstant, across }] of alignments.entries()) {
    if (isConstant) continue;
    variables = Math.max(variables, (templates.values[t]?.partEnds.length ?? 1) - 1);
    for (const one of across ?? [])
      for (const { variable } of one) columns.add(variableColumns[variable] ?? "");
  }
  for (const name of variableColumns.slice(0, variables))
    if (mayHold(name, needle)) within.add(name);
  for (const name of within) columns.add(name);
  if (mayHold("body", needle)) columns.add("body");
  // A body that is no text is there twice, and only the raw one counts.
  columns.add("body_raw");
  return { needle, alignments, columns, within };
}

/** Columns of digits that are wanted, besides those of the plan, which `group` has. */
export function digitsOf(group: LogGroup, { needle, alignments, within }: NeedlePlan): Set<string> {
  const wanted = new Set<string>();
  const ask = (name: string, test: TextTest) => {
    if (group.texts(name)?.needsDigits(test) === true) wanted.add(digitsColumn(name));
  };
  for (const name of within) ask(name, { is: "within", bytes: needle });
  for (const { constraints } of sameConstraints(alignments))
    for (const one of constraints) ask(variableColumns[one.variable] ?? "", one);
  return wanted;
}

/** Marks the rows whose line holds the needle. `group` has the columns of the plan and digitsOf() it; `rebuilt` finds it in rows of a template the long way. */
export function markNeedle(
  group: LogGroup,
  { needle, alignments, columns, within }: NeedlePlan,
  hits: Uint8Array,
  markRebuilt: (template: number, needle: Uint8Array, hits: Uint8Array) => void,
): void {
  if (needle.length === 0) {
    hits.fill(1);
    return;
  }
  markTemplates(group, alignments, hits);
  for (const name of within) sweep(group.texts(name), needle, hits);
  for (const [t, { isConstant, across }] of alignments.entries()) {
    if (isConstant) continue;
    if (across === undefined) markRebuilt(t, needle, hits);
  }
  for (const { constraints, isOf } of sameConstraints(alignments))
    markAligned(group, isOf, constraints, hits);
  markBodies(group, columns, needle, hits);
}

function markTemplates(group: LogGroup, alignments: readonly Alignments[], hits: Uint8Array): void {
  if (!alignments.some(({ isConstant }) => isConstant)) return;
  const { numbers } = group.templates;
  const isHit = Uint8Array.from(alignments, ({ isConstant }) => Number(isConstant));
  for (let row = 0; row < numbers.length; row++) {
    const number = numbers[row] ?? unmined;
    if (number !== unmined && isHit[number] === 1) hits[row] = 1;
  }
}

/** Searches all texts of a column at once. */
function sweep(column: TextColumn | undefined, needle: Uint8Array, hits: Uint8Array): void {
  for (const row of column?.rowsWith({ is: "within", bytes: needle }) ?? []) hits[row] = 1;
}

function markBodies(
  group: LogGroup,
  columns: ReadonlySet<string>,
  needle: Uint8Array,
  hits: Uint8Array,
): void {
  const raw = group.texts("body_raw");
  const body = columns.has("body") ? group.texts("body") : undefined;
  if (raw === undefined) sweep(body, needle, hits);
  else if (body !== undefined) {
    const cursor = raw.cursor();
    for (const row of body.rowsWith({ is: "within", bytes: needle }))
      if (!cursor.seek(row)) hits[row] = 1;
  }
  sweep(raw, needle, hits);
}

/** Alternatives of all templates, each with its templates: many ask the same. */
function sameConstraints(alignments: readonly Alignments[]) {
  const found = new Map<string, { constraints: readonly Constraint[]; isOf: Uint8Array }>();
  for (const [t, { across }] of alignments.entries())
    for (const constraints of across ?? []) {
      const key = constraints
        .map(({ variable, is, bytes }) => `${variable} ${is} ${bufferOf(bytes).toString("latin1")}`)
        .join("\n");
      let one = found.get(key);
      if (one === undefined)
        found.set(key, (one = { constraints, isOf: new Uint8Array(alignments.length) }));
      one.isOf[t] = 1;
    }
  return found.values();
}

function markAligned(
  group: LogGroup,
  isOf: Uint8Array,
  constraints: readonly Constraint[],
  hits: Uint8Array,
): void {
  // The longest one fits the fewest lines.
  const [first, ...others] = constraints.toSorted((a, b) => b.bytes.length - a.bytes.length);
  let rows = first === undefined ? [] : rowsWith(group, first);
  for (const other of others) {
    if (rows.length === 0) return;
    rows = inBoth(rows, rowsWith(group, other));
  }
  if (rows.length === 0) return;
  const { numbers } = group.templates;
  for (const row of rows) if (isOf[numbers[row] ?? 0] === 1) hits[row] = 1;
}

function rowsWith(group: LogGroup, constraint: Constraint): number[] {
  return group.texts(variableColumns[constraint.variable] ?? "")?.rowsWith(constraint) ?? [];
}

/** Of two lists, both ascending. */
function inBoth(some: readonly number[], others: readonly number[]): number[] {
  const both: number[] = [];
  let at = 0;
  for (const row of some) {
    while ((others[at] ?? Infinity) < row) at++;
    if (others[at] === row) both.push(row);
  }
  return both;
}
