import type { Header } from "@tanstack/react-table";
import { useState, type CSSProperties, type KeyboardEvent, type ReactNode } from "react";
import { AnywhereFilter } from "./anywhere_filter.tsx";
import { movedTo } from "./column_order.ts";
import { columnPxMin } from "./column_widths.ts";
import { alignOf } from "./data_column.ts";
import type { DataRow, Table, TableFeatures } from "./table_features.ts";
import type { DataTableModel } from "./use_data_table.ts";

type Props = {
  readonly model: DataTableModel;
  /** Of a row: how wide its columns are. */
  readonly style: CSSProperties;
  /** Before the first title. */
  readonly children?: ReactNode;
};

/** Titles: a click sorts, with Shift by one more column; a title that is dragged moves its column, its edge resizes it. */
export function TableHead({ model, style, children }: Props) {
  const { table, isFiltering } = model;
  const [dragged, setDragged] = useState<string>();
  const headers = table.getHeaderGroups()[0]?.headers ?? [];
  const drop = (key: string): void => {
    if (dragged !== undefined) putColumn(table, dragged, key);
    setDragged(undefined);
  };
  return (
    <div className="data-table-head" style={{ width: style.width }} role="rowgroup">
      {isFiltering && <AnywhereFilter model={model} />}
      <div className="data-table-row" style={style} role="row" aria-rowindex={1}>
        {headers.map((header, i) => (
          <HeadCell
            key={header.id}
            table={table}
            header={header}
            isFiltering={isFiltering}
            dragged={dragged}
            onDrag={setDragged}
            onDrop={drop}
          >
            {i === 0 && children}
          </HeadCell>
        ))}
      </div>
    </div>
  );
}

/** Puts a column where another stands; hidden ones keep their places. */
export function putColumn(table: Table, key: string, target: string | undefined): void {
  const keys = table.getAllLeafColumns().map(({ id }) => id);
  table.setColumnOrder([...movedTo(keys, key, target)]);
}

type CellProps = {
  readonly table: Table;
  readonly header: Header<TableFeatures, DataRow>;
  readonly isFiltering: boolean;
  /** The column that is being moved by the pointer. */
  readonly dragged: string | undefined;
  readonly onDrag: (key: string | undefined) => void;
  readonly onDrop: (key: string) => void;
  readonly children: ReactNode;
};

function HeadCell(props: CellProps) {
  const { table, header, isFiltering, dragged, onDrag, onDrop, children } = props;
  const { column } = header;
  const filter = column.getFilterValue();
  const { meta } = column.columnDef;
  const [isOver, setOver] = useState(false);
  if (meta === undefined) return null;
  const sorted = column.getIsSorted();
  const place = table.state.sorting.length > 1 ? column.getSortIndex() + 1 : 0;
  const isPinned = column.getIsPinned() === "start";
  const takes = dragged !== undefined && dragged !== column.id;
  return (
    <div
      role="columnheader"
      className={`data-table-cell ${alignOf(meta)}${isPinned ? " pinned" : ""}${takes && isOver ? " takes" : ""}`}
      style={isPinned ? { left: column.getStart("start") } : undefined}
      aria-sort={sorted === false ? "none" : sorted === "desc" ? "descending" : "ascending"}
      onDragOver={(event) => {
        if (!takes) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onDrop(column.id);
      }}
    >
      {children}
      <button
        type="button"
        className="sort clip"
        title={meta.about ?? meta.title}
        aria-description={place > 0 ? `number ${place} of what is sorted by` : undefined}
        aria-keyshortcuts="Shift+ArrowLeft Shift+ArrowRight"
        draggable
        onClick={column.getToggleSortingHandler()}
        onKeyDown={(event) => moveColumn(event, table, column.id)}
        onDragStart={(event) => {
          event.dataTransfer.setData("text/plain", meta.title);
          event.dataTransfer.effectAllowed = "move";
          onDrag(column.id);
        }}
        onDragEnd={() => onDrag(undefined)}
      >
        {meta.title}
        {place > 0 && (
          <sup className="sort-place" aria-hidden="true">
            {place}
          </sup>
        )}
      </button>
      <Edge table={table} header={header} title={meta.title} />
      {isFiltering && meta.isFilterable === true && (
        <input
          className="data-table-filter-text"
          type="search"
          value={typeof filter === "string" ? filter : ""}
          placeholder={meta.isNumber ? "> 5" : "part of it"}
          aria-label={`Filter ${meta.title}`}
          onChange={(event) => column.setFilterValue(event.target.value)}
        />
      )}
    </div>
  );
}

type EdgeProps = {
  readonly table: Table;
  readonly header: Header<TableFeatures, DataRow>;
  readonly title: string;
};

/** A column's right edge: dragged, or moved by arrows. */
function Edge({ table, header, title }: EdgeProps) {
  const resize = header.getResizeHandler();
  return (
    <span
      className="data-table-edge"
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${title}`}
      aria-valuenow={Math.round(header.getSize())}
      tabIndex={0}
      onMouseDown={(event) => {
        event.preventDefault();
        resize(event);
      }}
      onTouchStart={resize}
      onKeyDown={(event) => moveEdge(event, table, header)}
    />
  );
}

function moveEdge(
  event: KeyboardEvent,
  table: Table,
  header: Header<TableFeatures, DataRow>,
): void {
  const by = event.key === "ArrowLeft" ? -16 : event.key === "ArrowRight" ? 16 : 0;
  if (by === 0) return;
  event.preventDefault();
  const px = Math.max(columnPxMin, header.getSize() + by);
  table.setColumnSizing((widths) => ({ ...widths, [header.column.id]: px }));
}

function moveColumn(event: KeyboardEvent, table: Table, key: string): void {
  const places = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
  if (!event.shiftKey || places === 0) return;
  event.preventDefault();
  const shown = table.getVisibleLeafColumns().map(({ id }) => id);
  putColumn(table, key, shown[shown.indexOf(key) + places]);
}
