import type { CellContext } from "@tanstack/react-table";
import type { ReactNode } from "react";
import type { DataRow, TableFeatures } from "./table_features.ts";

/** Both sides of a cell. */
const paddingPx = 16;

/** What stands in a cell. One component for all columns: their definitions are new with each answer, and would mount anew. */
export function CellContent({ row, column }: CellContext<TableFeatures, DataRow>): ReactNode {
  const { meta } = column.columnDef;
  const { at } = row.original;
  return meta?.cell === undefined ? (
    <span className="clip">{meta?.textAt(at)}</span>
  ) : (
    meta.cell(at, Math.max(0, column.getSize() - paddingPx))
  );
}
