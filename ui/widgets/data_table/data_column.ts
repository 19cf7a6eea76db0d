import type { ReactNode } from "react";

/** A column of a data table. Rows are numbers: what stands in them is asked for when it comes into view. */
export type DataColumn = {
  readonly key: string;
  readonly title: string;
  /** Of the title on hover. */
  readonly about?: string;
  /** Numbers are aligned to the right, sorted by value and filtered by comparison. */
  readonly isNumber: boolean;
  readonly align?: "left" | "center" | "right";
  /** Pixels; without them the column takes its share. */
  readonly width?: number;
  readonly minWidth?: number;
  /** What it is sorted by, where that is neither its number nor its text: states by how bad they are. */
  readonly rankAt?: (row: number) => number;
  readonly valueAt: (row: number) => unknown;
  /** As shown: what is filtered, sorted and copied. */
  readonly textAt: (row: number) => string;
  /** What is drawn; the text where it is left out. `width` is the column's, in pixels. */
  readonly cell?: (row: number, width: number) => ReactNode;
  readonly footer?: (rows: Uint32Array) => ReactNode;
  readonly isFilterable?: boolean;
  /** Hidden until it is chosen among the columns. */
  readonly startsHidden?: boolean;
  /** Stays in view while the others scroll sideways. */
  readonly pin?: "always" | "phone";
};

/** On which side of its cells a column's content stands. */
export function alignOf({ align, isNumber }: DataColumn): "left" | "center" | "right" {
  return align ?? (isNumber ? "right" : "left");
}
