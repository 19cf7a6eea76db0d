import { type LineTemplate, unmined } from "#shared/model/line_template.ts";
import { variableColumns } from "../logs_columns.ts";
import { type Alignments, alignmentsOf, type Constraint } from "./alignments.ts";
import type { LogGroup } from "./log_group.ts";
import { bufferOf, firstFrom, type TextColumn, TextCursor } from "./text_values.ts";

/** Where a needle may stand in the lines of a row group, told by the templates alone. */
export type NeedlePlan = {
  readonly needle: Uint8Array;
  /** By template. */
  readonly alignments: readonly Alignments[];
  /** Columns that must be looked at. */
  readonly columns: ReadonlySet<string>;
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

/** `group` has its templates. `mayHold` tells which columns may have the needle in a text. */
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
    // Most ask for a delimiter in a variable, which has none.
    return { ...found, across: across?.filter((constraints) => constraints.every(mayFit)) };
  });
  const columns = new Set<string>();
  if (needle.length === 0) return { needle, alignments, columns };
  const add = (name: string) => mayHold(name, needle) && columns.add(name);
  for (const [t, { isConstant, across }] of alignments.entries()) {
    if (isConstant) continue;
    const variables = (templates.values[t]?.partEnds.length ?? 1) - 1;
    for (let v = 0; v < variables; v++)
      // Too many alignments: the lines are made whole.
      if (across === undefined) columns.add(variableColumns[v] ?? "");
      else add(variableColumns[v] ?? "");
    for (const { variable } of across?.flat() ?? []) columns.add(variableColumns[variable] ?? "");
  }
  add("body");
  // A body that is no text is there twice, and only the raw one counts.
  columns.add("body_raw");
  return { needle, alignments, columns };
}

/** Marks the rows whose line holds the needle. `group` has the columns of the plan; `rebuilt` finds it in rows of a template the long way. */
export function markNeedle(
  group: LogGroup,
  { needle, alignments, columns }: NeedlePlan,
  hits: Uint8Array,
  markRebuilt: (template: number, needle: Uint8Array, hits: Uint8Array) => void,
): void {
  if (needle.length === 0) {
    hits.fill(1);
    return;
  }
  markTemplates(group, alignments, hits);
  for (const name of columns) {
    const column = name === "body" || name === "body_raw" ? undefined : group.texts(name);
    if (column !== undefined) sweep(column, needle, hits);
  }
  for (const [t, { isConstant, across }] of alignments.entries()) {
    if (isConstant) continue;
    if (across === undefined) markRebuilt(t, needle, hits);
  }
  for (const { constraints, isOf } of sameConstraints(alignments))
    markAligned(group, isOf, constraints, hits);
  markBodies(group, columns, needle, hits);
}

function markTemplates(group: LogGroup, alignments: readonly Alignments[], hits: Uint8Array): void {
  const { numbers } = group.templates;
  if (!alignments.some(({ isConstant }) => isConstant)) return;
  const isHit = Uint8Array.from(alignments, ({ isConstant }) => Number(isConstant));
  for (let row = 0; row < numbers.length; row++) {
    const number = numbers[row] ?? unmined;
    if (number !== unmined && isHit[number] === 1) hits[row] = 1;
  }
}

/** Searches all texts of a column at once. */
function sweep(column: TextColumn, needle: Uint8Array, hits: Uint8Array): void {
  if (!column.mayHold(needle)) return;
  const bytes = bufferOf(column.bytes);
  const { ends, rowOf } = column;
  let value = 0;
  for (let at = bytes.indexOf(needle); at >= 0;) {
    // The text that holds the first byte.
    value = firstFrom(ends, at + 1, value);
    const end = ends[value] ?? 0;
    const isWithin = at + needle.length <= end;
    if (isWithin) hits[rowOf?.[value] ?? value] = 1;
    at = bytes.indexOf(needle, isWithin ? end : at + 1);
  }
}

function markBodies(
  group: LogGroup,
  columns: ReadonlySet<string>,
  needle: Uint8Array,
  hits: Uint8Array,
): void {
  const raw = group.texts("body_raw");
  const body = columns.has("body") ? group.texts("body") : undefined;
  if (body !== undefined && raw === undefined) sweep(body, needle, hits);
  else if (body !== undefined) {
    const found = new Uint8Array(group.rows);
    sweep(body, needle, found);
    const cursor = raw === undefined ? undefined : new TextCursor(raw);
    for (let row = 0; row < found.length; row++)
      if (found[row] === 1 && cursor?.seek(row) !== true) hits[row] = 1;
  }
  if (raw !== undefined) sweep(raw, needle, hits);
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
  const { numbers } = group.templates;
  // The longest one fits the fewest lines.
  const [first, ...others] = constraints.toSorted((a, b) => b.bytes.length - a.bytes.length);
  const column = first && group.texts(variableColumns[first.variable] ?? "");
  if (first === undefined || column === undefined || !column.mayHold(first.bytes)) return;
  const rest = others.map((constraint) => {
    const texts = group.texts(variableColumns[constraint.variable] ?? "");
    return { constraint, cursor: texts === undefined ? undefined : new TextCursor(texts) };
  });
  const { bytes, ends, rowOf } = column;
  let start = 0;
  for (let value = 0; value < ends.length; value++) {
    const end = ends[value] ?? 0;
    if (fits(first, bytes, start, end)) {
      const row = rowOf?.[value] ?? value;
      if (isOf[numbers[row] ?? 0] === 1 && rest.every((one) => fitsAt(one, row))) hits[row] = 1;
    }
    start = end;
  }
}

function fitsAt(
  { constraint, cursor }: { constraint: Constraint; cursor: TextCursor | undefined },
  row: number,
): boolean {
  return cursor?.seek(row) === true && fits(constraint, cursor.bytes, cursor.start, cursor.end);
}

function fits(
  { is, bytes: wanted }: Constraint,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const { length } = wanted;
  if (is === "equal" ? end - start !== length : end - start < length) return false;
  const from = is === "suffix" ? end - length : start;
  for (let i = 0; i < length; i++) if (bytes[from + i] !== wanted[i]) return false;
  return true;
}
