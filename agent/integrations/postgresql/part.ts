import { type Family, type SampleSink, counter, gauge } from "../../collect/samples/family.ts";
import { type SqlRow, labelOf, numberOf } from "../connections/sql_connection.ts";

/** One statement, and what its columns are. */
export type Part = {
  /** As the exporter's collector: "stat_database". */
  readonly name: string;
  /** First and last major version that has it. */
  readonly since?: number;
  readonly until?: number;
  readonly sql: string;
  /** Columns that are values of labels, in the order of the families' labels. */
  readonly labels: readonly string[];
  readonly columns: readonly (readonly [column: string, family: Family])[];
};

type Kind = "counter" | "gauge";

/** Families of one view: `prefix`_`column` each, with `labels`. */
export function columnsOf(
  prefix: string,
  labels: readonly string[],
  columns: Readonly<Record<string, readonly [kind: Kind, help: string]>>,
): Part["columns"] {
  return Object.entries(columns).map(([column, [kind, help]]) => [
    column,
    (kind === "counter" ? counter : gauge)(`${prefix}_${column}`, help, labels),
  ]);
}

/** A column that is null has no sample. */
export function addRows(
  sink: SampleSink,
  { labels, columns }: Pick<Part, "labels" | "columns">,
  rows: readonly SqlRow[],
): void {
  for (const row of rows) {
    const values = labels.map((label) => labelOf(row[label]));
    for (const [column, family] of columns) {
      const value = numberOf(row[column]);
      if (value !== undefined) sink.add(family, value, ...values);
    }
  }
}
