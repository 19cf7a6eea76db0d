import { sqlRows } from "#proto/columns/sql_rows.ts";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { SqlResult } from "../../query/sql.ts";
import type { RuleSample } from "../rule.ts";

type Table = Pick<SqlResult, "columns" | "batches" | "truncated">;

/** The column that holds a sample's value; all others are labels. */
const valueName = "value";
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Numbers that travel as text, because a float64 does not hold all of them. */
const wideNumber = /^(?:U?BIGINT|U?HUGEINT|DECIMAL\(\d+,\s*\d+\))$/;

/**
 * The rows of a statement as samples: the number `value`, and columns of text as labels. A row whose value is NULL is none; a label that is
 * NULL is absent. Throws OperatingError("bad_request") with all columns that are neither, and where rows were cut.
 */
export async function sqlSamples({ columns, batches, truncated }: Table): Promise<RuleSample[]> {
  const faults = columnFaults(columns);
  if (faults.length > 0) throw new OperatingError("bad_request", `SQL: ${faults.join("; ")}`);
  const cut = batches.reduce((sum, { rows }) => sum + rows, 0);
  if (truncated)
    throw new OperatingError(
      "bad_request",
      `SQL: the statement has more than ${cut} rows (query.sql.rows_max, query.sql.result_max): aggregate, or narrow it`,
    );
  const kinds = columns.map(({ kind }) => kind);
  const samples: RuleSample[] = [];
  for (const batch of batches) {
    if (isTurnOver()) await nextTurn();
    for (const row of sqlRows(kinds, batch)) {
      const sample = sampleOf(columns, row);
      if (sample !== undefined) samples.push(sample);
    }
  }
  return samples;
}

function columnFaults(columns: Table["columns"]): string[] {
  const values = columns.filter(({ name }) => name === valueName);
  const repeated = columns.filter(
    ({ name }, i) => columns.findIndex((one) => one.name === name) !== i,
  );
  return [
    ...(values.length === 0 ? [`expected a column named "${valueName}" with a number`] : []),
    ...repeated.map(({ name }) => `the column "${name}" stands twice`),
    ...columns.flatMap(({ name, type, kind }) => {
      if (name === valueName)
        return kind === "number" || wideNumber.test(type)
          ? []
          : [`the column "${name}" is ${type}: expected a number`];
      if (kind !== "text" || type !== "VARCHAR")
        return [`the column "${name}" is ${type}: expected VARCHAR, which becomes a label`];
      return labelName.test(name) && name !== "__name__"
        ? []
        : [`the column "${name}" is no name of a label: expected letters, digits and _`];
    }),
  ];
}

function sampleOf(columns: Table["columns"], row: readonly unknown[]): RuleSample | undefined {
  const labels: Record<string, string> = {};
  let value: number | undefined;
  for (const [i, { name }] of columns.entries()) {
    const cell = row[i];
    if (cell === null || cell === undefined) continue;
    if (name === valueName) value = Number(cell);
    else if (typeof cell === "string") labels[name] = cell;
  }
  return value === undefined ? undefined : { labels: labels satisfies Labels, value };
}
