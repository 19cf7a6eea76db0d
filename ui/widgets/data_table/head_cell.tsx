import type { KeyboardEvent, PointerEvent, ReactNode } from "react";
import type { DataColumn } from "./data_column.ts";
import type { Sorting } from "./row_order.ts";

type Props = {
  readonly column: DataColumn;
  readonly sorting: Sorting | undefined;
  readonly width: number;
  /** Undefined while no filters are shown. */
  readonly filter: string | undefined;
  readonly onSort: () => void;
  readonly onFilter: (text: string) => void;
  readonly onResize: (px: number) => void;
  /** Before the title. */
  readonly children?: ReactNode;
};

const widthMin = 40;

/** A column's title: a click sorts, the edge resizes, and below it is the filter. */
export function HeadCell(props: Props) {
  const { column, sorting, width, filter, onSort, onFilter, onResize, children } = props;
  const { key, title, about, isNumber, align, isFilterable } = column;
  const isSorted = sorting?.key === key;
  return (
    <div
      role="columnheader"
      className={`data-table-cell ${align ?? (isNumber ? "right" : "left")}`}
      aria-sort={!isSorted ? "none" : sorting.down ? "descending" : "ascending"}
    >
      {children}
      <button type="button" className="sort clip" title={about ?? title} onClick={onSort}>
        {title}
      </button>
      <span
        className="data-table-edge"
        role="separator"
        aria-orientation="vertical"
        aria-label={`Width of ${title}`}
        aria-valuenow={Math.round(width)}
        tabIndex={0}
        onPointerDown={(event) => followEdge(event, width, onResize)}
        onKeyDown={(event) => moveEdge(event, width, onResize)}
      />
      {filter !== undefined && isFilterable === true && (
        <input
          className="data-table-filter-text"
          type="search"
          value={filter}
          placeholder={isNumber ? "> 5" : "part of it"}
          aria-label={`Filter ${title}`}
          onChange={(event) => onFilter(event.target.value)}
        />
      )}
    </div>
  );
}

function followEdge(down: PointerEvent, width: number, onResize: (px: number) => void): void {
  down.preventDefault();
  const move = (event: globalThis.PointerEvent): void =>
    onResize(Math.max(widthMin, width + event.clientX - down.clientX));
  addEventListener("pointermove", move);
  addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
}

function moveEdge(event: KeyboardEvent, width: number, onResize: (px: number) => void): void {
  const by = event.key === "ArrowLeft" ? -16 : event.key === "ArrowRight" ? 16 : 0;
  if (by === 0) return;
  event.preventDefault();
  onResize(Math.max(widthMin, width + by));
}
