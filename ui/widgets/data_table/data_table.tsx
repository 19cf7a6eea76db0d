import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useState, type CSSProperties } from "react";
import { Icon } from "../icon.tsx";
import { HeadCell } from "./head_cell.tsx";
import type { DataColumn } from "./data_column.ts";
import type { Sorting } from "./row_order.ts";
import { useRowOrder } from "./use_row_order.ts";

export type DataTableProps = {
  /** What the table holds, for those who hear the page. */
  readonly label: string;
  readonly columns: readonly DataColumn[];
  readonly rowCount: number;
  readonly width: number;
  readonly height: number;
  readonly rowPx?: number;
  readonly hasHead?: boolean;
  readonly sorting?: Sorting | undefined;
  /** Where the page keeps the sorting (in its URL); without it the table keeps it itself. */
  readonly onSort?: (sorting: Sorting | undefined) => void;
  readonly onRow?: (row: number) => void;
};

const rowPxDefault = 28;
const columnPxMin = 96;

/** Rows by the million: only those in view are made. Sorts, filters, and lets columns be resized. */
export function DataTable(props: DataTableProps) {
  const { label, columns, rowCount, width, height, hasHead = true, rowPx = rowPxDefault } = props;
  // State, not a ref: the body is made before the element it scrolls in, and must hear of it.
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null);
  const [own, setOwn] = useState(props.sorting);
  const sorting = props.onSort === undefined ? own : props.sorting;
  const [filters, setFilters] = useState<ReadonlyMap<string, string>>(
    () => new Map<string, string>(),
  );
  const [isFiltering, setFiltering] = useState(false);
  const [resized, setResized] = useState<ReadonlyMap<string, number>>(
    () => new Map<string, number>(),
  );
  const { order, isOrdering } = useRowOrder(columns, rowCount, sorting, filters);
  const widths = useMemo(() => widthsOf(columns, resized, width), [columns, resized, width]);
  const sortBy = (column: DataColumn): void => {
    const next = nextSorting(sorting, column);
    if (props.onSort === undefined) setOwn(next);
    else props.onSort(next);
  };
  const hasFooter = columns.some(({ footer }) => footer !== undefined);
  const total = widths.reduce((sum, each) => sum + each, 0);
  const template: CSSProperties = {
    gridTemplateColumns: widths.map((each) => `${each}px`).join(" "),
    width: total,
  };
  return (
    <div
      ref={setScroller}
      className={isOrdering ? "data-table ordering" : "data-table"}
      aria-busy={isOrdering}
      style={{ height, width }}
      role="table"
      aria-label={label}
      aria-rowcount={order.length + 1}
      tabIndex={0}
    >
      {hasHead && (
        <Head
          {...{ columns, widths, template, sorting, filters, isFiltering }}
          onSort={sortBy}
          onFilter={(key, text) => setFilters(new Map(filters).set(key, text))}
          onFiltering={() => {
            setFiltering(!isFiltering);
            setFilters(new Map());
          }}
          onResize={(key, px) => setResized(new Map(resized).set(key, px))}
        />
      )}
      <Body
        {...{ columns, order, widths, template, rowPx, scroller, rowCount }}
        onRow={props.onRow}
      />
      {hasFooter && <Foot columns={columns} order={order} template={template} />}
    </div>
  );
}

type BodyProps = {
  readonly columns: readonly DataColumn[];
  readonly order: Uint32Array;
  readonly widths: readonly number[];
  readonly template: CSSProperties;
  readonly rowPx: number;
  readonly scroller: HTMLDivElement | null;
  readonly rowCount: number;
  readonly onRow: ((row: number) => void) | undefined;
};

/** The rows in view. */
function Body({ columns, order, widths, template, rowPx, scroller, rowCount, onRow }: BodyProps) {
  const virtual = useVirtualizer({
    count: order.length,
    getScrollElement: () => scroller,
    estimateSize: () => rowPx,
    overscan: 8,
  });
  return (
    <div
      role="rowgroup"
      className="data-table-body"
      style={{ height: virtual.getTotalSize(), width: template.width }}
    >
      {virtual.getVirtualItems().map(({ index, start, key }) => (
        <Row
          key={key}
          columns={columns}
          row={order[index] ?? 0}
          index={index}
          widths={widths}
          style={{ ...template, height: rowPx, transform: `translateY(${start}px)` }}
          onRow={onRow}
        />
      ))}
      {order.length === 0 && <None rowCount={rowCount} />}
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

/** A click sorts, once more the other way, and a third time puts the rows as they came. Numbers begin with the largest. */
function nextSorting(now: Sorting | undefined, { key, isNumber }: DataColumn): Sorting | undefined {
  if (now?.key !== key) return { key, down: isNumber };
  return now.down === isNumber ? { key, down: !isNumber } : undefined;
}

type HeadProps = {
  readonly columns: readonly DataColumn[];
  readonly widths: readonly number[];
  readonly template: CSSProperties;
  readonly sorting: Sorting | undefined;
  readonly filters: ReadonlyMap<string, string>;
  readonly isFiltering: boolean;
  readonly onSort: (column: DataColumn) => void;
  readonly onFilter: (key: string, text: string) => void;
  readonly onFiltering: () => void;
  readonly onResize: (key: string, px: number) => void;
};

function Head(props: HeadProps) {
  const { columns, widths, template, filters, isFiltering } = props;
  const isFilterable = columns.some((column) => column.isFilterable === true);
  return (
    <div className="data-table-head" style={{ width: template.width }} role="rowgroup">
      <div className="data-table-row" style={template} role="row" aria-rowindex={1}>
        {columns.map((column, i) => (
          <HeadCell
            key={column.key}
            column={column}
            sorting={props.sorting}
            width={widths[i] ?? columnPxMin}
            filter={isFiltering ? (filters.get(column.key) ?? "") : undefined}
            onSort={() => props.onSort(column)}
            onFilter={(text) => props.onFilter(column.key, text)}
            onResize={(px) => props.onResize(column.key, px)}
          >
            {i === 0 && isFilterable && (
              <FilterSwitch isOn={isFiltering} onClick={props.onFiltering} />
            )}
          </HeadCell>
        ))}
      </div>
    </div>
  );
}

function FilterSwitch(props: { readonly isOn: boolean; readonly onClick: () => void }) {
  return (
    <button
      type="button"
      className="icon-button plain data-table-filter"
      aria-pressed={props.isOn}
      aria-label="Filter columns"
      title="Filter columns"
      onClick={props.onClick}
    >
      <Icon name="filter" />
    </button>
  );
}

type FootProps = {
  readonly columns: readonly DataColumn[];
  readonly order: Uint32Array;
  readonly template: CSSProperties;
};

function Foot({ columns, order, template }: FootProps) {
  return (
    <div className="data-table-foot" style={{ width: template.width }} role="rowgroup">
      <div className="data-table-row" style={template} role="row">
        {columns.map((column) => (
          <div key={column.key} role="cell" className={`data-table-cell ${alignOf(column)}`}>
            {column.footer?.(order)}
          </div>
        ))}
      </div>
    </div>
  );
}

type RowProps = {
  readonly columns: readonly DataColumn[];
  readonly row: number;
  readonly index: number;
  readonly widths: readonly number[];
  readonly style: CSSProperties;
  readonly onRow: ((row: number) => void) | undefined;
};

function Row({ columns, row, index, widths, style, onRow }: RowProps) {
  const opens = onRow !== undefined;
  return (
    <div
      className={opens ? "data-table-row opens" : "data-table-row"}
      style={style}
      role="row"
      aria-rowindex={index + 2}
      tabIndex={opens ? 0 : undefined}
      onClick={opens ? () => onRow(row) : undefined}
      onKeyDown={
        opens
          ? (event) => {
              if (event.key === "Enter") onRow(row);
            }
          : undefined
      }
    >
      {columns.map((column, i) => {
        const text = column.textAt(row);
        return (
          <div
            key={column.key}
            role="cell"
            className={`data-table-cell ${alignOf(column)}`}
            title={text}
          >
            {column.cell === undefined ? text : column.cell(row, (widths[i] ?? 0) - 16)}
          </div>
        );
      })}
    </div>
  );
}

function alignOf({ align, isNumber }: DataColumn): string {
  return align ?? (isNumber ? "right" : "left");
}

/** Fixed widths as they are; the rest is shared, and never less than can be read. */
function widthsOf(
  columns: readonly DataColumn[],
  resized: ReadonlyMap<string, number>,
  width: number,
): number[] {
  const fixed = columns.map(({ key, width: own }) => resized.get(key) ?? own);
  const taken = fixed.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  const free = fixed.filter((each) => each === undefined).length;
  const share = Math.floor((width - taken - 2) / Math.max(1, free));
  return columns.map(({ minWidth = columnPxMin }, i) => fixed[i] ?? Math.max(minWidth, share));
}
