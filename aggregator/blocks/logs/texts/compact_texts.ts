import type { TextValues } from "../../parquet/flat_columns.ts";
import type { SplitForms } from "./forms.ts";
import type { TextTest } from "./text_tests.ts";

/** Walks the texts of a column by ascending rows. */
export type RowCursor = {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Sets `start` and `end` to the text of a row, which is not before the last one asked for; false where it has none. */
  seek(row: number): boolean;
};

/** Texts of a column in a compact form. They are expanded only when a caller needs all of them. */
export type CompactTexts = {
  readonly memory: number;
  /** How many texts. */
  readonly count: number;
  /** The row of each text, ascending; undefined where every row has one. */
  readonly rowOf: Uint32Array | undefined;
  /** Numbers of the texts that pass a test, ascending. */
  textsWith(test: TextTest): number[];
  /** The bytes of each text. */
  lengths(): { readonly lengths: Uint32Array; readonly rowOf: Uint32Array | undefined };
  /** As formsOf(), once. */
  split(templateOf: Uint32Array, templates: number): SplitForms | undefined;
  /** Of all texts whose forms have any, one after another. */
  readonly digits: Uint8Array;
  /** The texts put together. */
  fill(): TextValues;
  cursor(): RowCursor;
};
