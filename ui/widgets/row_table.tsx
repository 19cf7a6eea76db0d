import { useEffect, useMemo, useRef, useState, type RefObject } from "react";
import { phoneQuery, useMedia } from "../state/media.ts";
import type { DataColumn } from "./data_table/data_column.ts";
import { DataTable } from "./data_table/data_table.tsx";
import { ExportMenu } from "./export_menu.tsx";
import { rowExports, type RowColumn } from "./row_columns.ts";

type Props<Row> = {
  /** What it holds, for those who hear the page. */
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly RowColumn<Row>[];
  /** The most pixels it takes; beyond them its rows scroll. */
  readonly heightMax?: number;
  readonly sort?: { readonly key: string; readonly down: boolean } | undefined;
  /** Where the URL keeps the sorting; without it the table keeps it itself. */
  readonly onSort?: (sort: { readonly key: string; readonly down: boolean } | undefined) => void;
  readonly onRow?: (row: Row) => void;
};

const [rowPx, phoneRowPx, headPx] = [30, 40, 34];
const heightMaxDefault = 620;

/** Rows in columns: sorted by a click, virtual, and taken along as CSV, JSON or text. */
export function RowTable<Row>(props: Props<Row>) {
  const { label, rows, columns, heightMax = heightMaxDefault, sort, onSort, onRow } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = useInnerWidth(box);
  const isPhone = useMedia(phoneQuery);
  const shown = useMemo(
    () => columns.filter(({ onPhone }) => !isPhone || onPhone !== false).map(dataColumn(rows)),
    [columns, rows, isPhone],
  );
  const px = isPhone ? phoneRowPx : rowPx;
  const height = Math.min(heightMax, rows.length * px + headPx + (isPhone ? 24 : 16));
  return (
    <div ref={box} className="row-table">
      <div className="row-table-tools">
        <ExportMenu name={label} {...rowExports(label, columns, rows)} />
      </div>
      {width > 0 && (
        <DataTable
          label={label}
          columns={shown}
          rowCount={rows.length}
          width={width}
          height={height}
          rowPx={px}
          sorting={sort}
          {...(onSort !== undefined && { onSort })}
          {...(onRow !== undefined && {
            onRow: (i: number) => {
              const row = rows[i];
              if (row !== undefined) onRow(row);
            },
          })}
        />
      )}
    </div>
  );
}

function dataColumn<Row>(rows: readonly Row[]): (column: RowColumn<Row>) => DataColumn {
  return ({ key, title, about, value, text, cell, isNumber = false, isTime, width, minWidth }) => {
    return {
      key,
      title,
      isNumber: isNumber || isTime === true,
      valueAt: (i) => readAt(rows, i, value),
      textAt: (i) => readAt(rows, i, text ?? ((row) => String(value(row) ?? ""))) ?? "",
      ...(about !== undefined && { about }),
      ...(cell !== undefined && { cell: (i: number) => readAt(rows, i, cell) }),
      ...(width !== undefined && { width }),
      ...(minWidth !== undefined && { minWidth }),
    };
  };
}

function readAt<Row, T>(rows: readonly Row[], i: number, read: (row: Row) => T): T | undefined {
  const row = rows[i];
  return row === undefined ? undefined : read(row);
}

function useInnerWidth(box: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const target = box.current;
    if (target === null) return;
    const measure = (): void => setWidth(target.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(target);
    return () => observer.disconnect();
  }, [box]);
  return width;
}
