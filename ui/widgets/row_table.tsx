import { useMemo, useRef } from "react";
import { phoneQuery, useMedia } from "../state/media.ts";
import { useWidth } from "../state/width.ts";
import { ColumnMenu } from "./data_table/column_menu.tsx";
import type { DataColumn } from "./data_table/data_column.ts";
import { DataTable } from "./data_table/data_table.tsx";
import { FilterSwitch } from "./data_table/filter_switch.tsx";
import type { SortedBy } from "./data_table/row_order.ts";
import { useDataTable } from "./data_table/use_data_table.ts";
import { ExportMenu } from "./export_menu.tsx";
import { rowExports, type RowColumn } from "./row_columns.ts";

type Props<Row> = {
  /** By which what is arranged of its columns is kept: one on its page. */
  readonly id: string;
  /** What it holds, for those who hear the page. */
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly RowColumn<Row>[];
  /** The most pixels it takes; beyond them its rows scroll. */
  readonly heightMax?: number;
  readonly sorting?: readonly SortedBy[];
  /** Where the URL keeps the sorting; without it the table keeps it itself. */
  readonly onSorting?: (sorting: readonly SortedBy[]) => void;
  readonly hidden?: readonly string[] | undefined;
  /** Where the URL keeps the columns that are hidden; undefined for those that start so. */
  readonly onHidden?: (hidden: readonly string[] | undefined) => void;
  readonly onRow?: (row: Row) => void;
};

const [rowPx, phoneRowPx] = [30, 40];
/** Of the filters under the titles, and the one above them. */
const [headPx, filterPx] = [34, 60];
const heightMaxDefault = 620;

/** Rows in columns: sorted, filtered and arranged by who looks, virtual, and taken along as CSV, JSON or text. */
export function RowTable<Row>(props: Props<Row>) {
  const { id, label, rows, columns, heightMax = heightMaxDefault, sorting, onRow } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const isPhone = useMedia(phoneQuery);
  const made = useMemo(() => dataColumns(columns, rows, isPhone), [columns, rows, isPhone]);
  const open = useMemo(() => {
    if (onRow === undefined) return undefined;
    return (i: number): void => {
      const row = rows[i];
      if (row !== undefined) onRow(row);
    };
  }, [onRow, rows]);
  const px = isPhone ? phoneRowPx : rowPx;
  const model = useDataTable({
    id,
    columns: made,
    rowCount: rows.length,
    width,
    rowPx: px,
    ...(sorting !== undefined && { sorting }),
    onSorting: props.onSorting,
    hidden: props.hidden,
    onHidden: props.onHidden,
  });
  // As high as all rows, whatever the filters leave: what stands below would jump with every letter.
  const headsPx = headPx + (model.isFiltering ? filterPx : 0) + (isPhone ? 24 : 16);
  return (
    <div ref={box} className="row-table">
      <div className="row-table-tools">
        <FilterSwitch model={model} />
        <ColumnMenu model={model} />
        <ExportMenu name={label} {...rowExports(label, columns, rows)} />
      </div>
      {width > 0 && (
        <DataTable
          label={label}
          model={model}
          height={Math.min(heightMax, rows.length * px + headsPx)}
          onRow={open}
        />
      )}
    </div>
  );
}

function dataColumns<Row>(
  columns: readonly RowColumn<Row>[],
  rows: readonly Row[],
  isPhone: boolean,
): readonly DataColumn[] {
  const named = columns.find(({ isName }) => isName === true) ?? columns[0];
  return columns.map((column) => {
    const { key, title, about, value, rank, text, cell, isNumber = false, isTime } = column;
    return {
      key,
      title,
      isNumber: isNumber || isTime === true,
      isFilterable: true,
      startsHidden: isPhone && column.onPhone === false,
      valueAt: (i) => readAt(rows, i, value),
      textAt: (i) => readAt(rows, i, text ?? ((row) => String(value(row) ?? ""))) ?? "",
      ...(column === named && { pin: "phone" }),
      ...(rank !== undefined && { rankAt: (i: number) => readAt(rows, i, rank) ?? Number.NaN }),
      ...(about !== undefined && { about }),
      ...(cell !== undefined && { cell: (i: number) => readAt(rows, i, cell) }),
      ...(column.width !== undefined && { width: column.width }),
      ...(column.minWidth !== undefined && { minWidth: column.minWidth }),
    };
  });
}

function readAt<Row, T>(rows: readonly Row[], i: number, read: (row: Row) => T): T | undefined {
  const row = rows[i];
  return row === undefined ? undefined : read(row);
}
