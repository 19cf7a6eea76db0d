import type { Column, Header, Row } from "@tanstack/react-table";
import { memo, type CSSProperties, type KeyboardEvent } from "react";
import { alignOf } from "./data_column.ts";
import { FilterSwitch } from "./filter_switch.tsx";
import { TableHead } from "./table_head.tsx";
import type { DataRow, TableFeatures } from "./table_features.ts";
import type { DataTableModel } from "./use_data_table.ts";

export type DataTableProps = {
  /** What the table holds, for those who hear the page. */
  readonly label: string;
  readonly model: DataTableModel;
  readonly height: number;
  readonly hasHead?: boolean;
  /** Whether the switch of the filters stands in the head; else it is elsewhere, or there are none. */
  readonly hasSwitch?: boolean;
  readonly onRow?: ((row: number) => void) | undefined;
};

/** A table that scrolls in its own box: head and foot stay, and of the rows only those in view are made. */
export function DataTable(props: DataTableProps) {
  const { label, model, height, hasHead = true, hasSwitch = false, onRow } = props;
  const { table, order, isOrdering } = model;
  const columns = table.getVisibleLeafColumns();
  const hasFooter = columns.some(({ columnDef }) => columnDef.meta?.footer !== undefined);
  return (
    <div
      ref={model.setScroller}
      className={isOrdering ? "data-table ordering" : "data-table"}
      aria-busy={isOrdering}
      style={{ height, width: model.width }}
      role="table"
      aria-label={label}
      aria-rowcount={order.length + 1}
      tabIndex={0}
    >
      {hasHead && (
        <TableHead model={model} style={rowStyle(model)}>
          {hasSwitch && <FilterSwitch model={model} />}
        </TableHead>
      )}
      <Body model={model} onRow={onRow} />
      {hasFooter && <Foot model={model} />}
    </div>
  );
}

/** The columns side by side, pinned ones first. */
function rowStyle({ table }: DataTableModel): CSSProperties {
  const headers = table.getHeaderGroups()[0]?.headers ?? [];
  return {
    gridTemplateColumns: headers.map((header) => `${header.getSize()}px`).join(" "),
    width: table.getTotalSize(),
  };
}

/** Where a pinned column stands. */
function pinStyle(column: Column<TableFeatures, DataRow>): CSSProperties | undefined {
  return column.getIsPinned() === "start" ? { left: column.getStart("start") } : undefined;
}

type BodyProps = {
  readonly model: DataTableModel;
  readonly onRow: ((row: number) => void) | undefined;
};

/** The rows in view. */
function Body({ model, onRow }: BodyProps) {
  const { table, virtual, rowPx } = model;
  const headers = table.getHeaderGroups()[0]?.headers;
  const { gridTemplateColumns: template, width } = rowStyle(model);
  const { rows } = table.getRowModel();
  return (
    <div
      role="rowgroup"
      className="data-table-body"
      style={{ height: virtual.getTotalSize(), width }}
    >
      {virtual.getVirtualItems().map(({ index, start, key }, i) => {
        const row = rows[i];
        return row === undefined ? null : (
          <BodyRow key={key} {...{ table, row, headers, index, template, rowPx, start, onRow }} />
        );
      })}
      {model.order.length === 0 && <None rowCount={model.rowCount} />}
    </div>
  );
}

function None({ rowCount }: { readonly rowCount: number }) {
  return (
    <div role="row">
      <p role="cell" className="data-table-none">
        {rowCount === 0 ? "No rows." : "No row passes the filters."}
      </p>
    </div>
  );
}

type RowProps = {
  readonly table: DataTableModel["table"];
  readonly row: Row<TableFeatures, DataRow>;
  /** Made anew with the columns and how they are arranged, and only then. */
  readonly headers: readonly Header<TableFeatures, DataRow>[] | undefined;
  readonly index: number;
  readonly template: CSSProperties["gridTemplateColumns"];
  readonly rowPx: number;
  readonly start: number;
  readonly onRow: ((row: number) => void) | undefined;
};

/** Drawn again when something of it changed: the library makes another object of a row with each step of scrolling. */
const BodyRow = memo(DrawnRow, (one, other) => {
  const { headers, index, template, rowPx, start, onRow } = one;
  return (
    one.row.original.at === other.row.original.at &&
    headers === other.headers &&
    index === other.index &&
    template === other.template &&
    rowPx === other.rowPx &&
    start === other.start &&
    onRow === other.onRow
  );
});

function DrawnRow({ table, row, index, template, rowPx, start, onRow }: RowProps) {
  const { at } = row.original;
  const opens = onRow !== undefined;
  return (
    <div
      className={opens ? "data-table-row opens" : "data-table-row"}
      style={{
        gridTemplateColumns: template,
        width: table.getTotalSize(),
        height: rowPx,
        transform: `translateY(${start}px)`,
      }}
      role="row"
      aria-rowindex={index + 2}
      tabIndex={opens ? 0 : undefined}
      onClick={opens ? () => onRow(at) : undefined}
      onKeyDown={opens ? (event) => pressed(event, () => onRow(at)) : undefined}
    >
      {row.getVisibleCells().map((cell) => {
        const { meta } = cell.column.columnDef;
        return meta === undefined ? null : (
          <div
            key={cell.column.id}
            role="cell"
            className={`data-table-cell ${alignOf(meta)}${pinClass(cell.column)}`}
            style={pinStyle(cell.column)}
            title={meta.textAt(at)}
          >
            <table.FlexRender cell={cell} />
          </div>
        );
      })}
    </div>
  );
}

function pinClass(column: Column<TableFeatures, DataRow>): string {
  return column.getIsPinned() === "start" ? " pinned" : "";
}

/** Enter opens the row that has the focus, arrows go to the next. What stands in a cell has keys of its own. */
function pressed(event: KeyboardEvent<HTMLElement>, open: () => void): void {
  const row = event.currentTarget;
  if (event.target !== row) return;
  if (event.key === "Enter") open();
  const next =
    event.key === "ArrowDown"
      ? row.nextElementSibling
      : event.key === "ArrowUp"
        ? row.previousElementSibling
        : undefined;
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}

/** Figures of the rows that the filters leave. */
function Foot({ model }: { readonly model: DataTableModel }) {
  const style = rowStyle(model);
  const headers = model.table.getHeaderGroups()[0]?.headers ?? [];
  return (
    <div className="data-table-foot" style={{ width: style.width }} role="rowgroup">
      <div className="data-table-row" style={style} role="row">
        {headers.map(({ id, column }) => {
          const { meta } = column.columnDef;
          return meta === undefined ? null : (
            <div
              key={id}
              role="cell"
              className={`data-table-cell ${alignOf(meta)}${pinClass(column)}`}
              style={pinStyle(column)}
            >
              {meta.footer?.(model.order)}
            </div>
          );
        })}
      </div>
    </div>
  );
}
