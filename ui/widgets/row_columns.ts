import type { ReactNode } from "react";
import { framesToCsv, framesToJson, framesToText } from "../frames/export.ts";
import type { Field, Frame } from "../frames/frame.ts";

/** A column of a table of rows. */
export type RowColumn<Row> = {
  readonly key: string;
  readonly title: string;
  readonly about?: string;
  /** What is exported, and numbers are sorted by. Numbers are aligned to the right; undefined is nothing known. */
  readonly value: (row: Row) => string | number | undefined;
  /** What it is sorted by instead of its number, or of its text. */
  readonly rank?: (row: Row) => number;
  readonly isNumber?: boolean;
  /** Unix milliseconds, which exports write as times. */
  readonly isTime?: boolean;
  /** As shown; the value where it is left out. */
  readonly text?: (row: Row) => string;
  readonly cell?: (row: Row) => ReactNode;
  readonly width?: number;
  readonly minWidth?: number;
  /** Whether a phone shows it before it is chosen. */
  readonly onPhone?: boolean;
  /** What a row is called: a phone keeps it in view. Without one it keeps the first column. */
  readonly isName?: boolean;
};

/** Rows as they are exported: what is in them, not how it is shown. */
function rowFrame<Row>(
  name: string,
  columns: readonly RowColumn<Row>[],
  rows: readonly Row[],
): Frame {
  const fields = columns.map(({ title, value, isNumber, isTime }): Field => {
    const values = rows.map((row) => value(row));
    const common = { name: title, labels: {}, options: {} };
    if (isTime === true)
      // No time is 0: nothing was seen, or is planned.
      return { ...common, type: "time", values: values.map((each) => each || null) };
    return isNumber === true
      ? { ...common, type: "number", values: Float64Array.from(values, Number) }
      : { ...common, type: "string", values };
  });
  return { ref: "", name, length: rows.length, fields, notices: [] };
}

/** What ExportMenu offers for rows. */
export function rowExports<Row>(
  name: string,
  columns: readonly RowColumn<Row>[],
  rows: readonly Row[],
): { readonly csv: () => string; readonly json: () => string; readonly table: () => string } {
  const frames = (): Frame[] => [rowFrame(name, columns, rows)];
  return {
    csv: () => framesToCsv(frames()),
    json: () => framesToJson(frames()),
    table: () => framesToText(frames()),
  };
}
