import {
  columnFilteringFeature,
  columnOrderingFeature,
  columnPinningFeature,
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  metaHelper,
  rowSortingFeature,
  tableFeatures,
  type ReactTable,
} from "@tanstack/react-table";
import type { DataColumn } from "./data_column.ts";

/** What of the table library is used, and so loaded. */
export const features = tableFeatures({
  rowSortingFeature,
  columnFilteringFeature,
  columnVisibilityFeature,
  columnOrderingFeature,
  columnPinningFeature,
  columnSizingFeature,
  columnResizingFeature,
  columnMeta: metaHelper<DataColumn>(),
});
export type TableFeatures = typeof features;

/** A row in view, by its number among all. */
export type DataRow = { readonly at: number };

export type Table = ReactTable<TableFeatures, DataRow>;
