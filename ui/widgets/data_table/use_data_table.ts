import {
  functionalUpdate,
  useTable,
  type ColumnDef,
  type ColumnFiltersState,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useState } from "react";
import { CellContent } from "./cell_content.tsx";
import { columnPxMin } from "./column_widths.ts";
import type { DataColumn } from "./data_column.ts";
import type { RowFilters, SortedBy } from "./row_order.ts";
import { features, type DataRow, type TableFeatures } from "./table_features.ts";
import { useKept } from "./use_kept.ts";
import { useLayout, type LayoutOptions } from "./use_layout.ts";
import { useRowOrder } from "./use_row_order.ts";

/*
 * What the library does, and what it does not.
 *
 * TanStack Table has the state of a table and what follows from it: sorting by several columns, filters, which columns are shown,
 * in which order, how wide, which are pinned. Its models of rows make several objects a row and sort them in one go: of 200,000 rows
 * half a second for each answer and nearly a whole one for a sort by texts, in which a page could do nothing else (measured in Bun
 * 1.4.5 on two busy cores). Answers are columns of numbers here, so filters and sorting work on those, in slices
 * (use_row_order.ts), and the library is given the rows in view, as it is given pages by tables whose rows a server sorts.
 */

export type DataTableOptions = LayoutOptions & {
  readonly rowCount: number;
  readonly rowPx: number;
  readonly sorting?: readonly SortedBy[];
  /** Where the page keeps the sorting (in its URL); without it the table keeps it itself. */
  readonly onSorting?: ((sorting: readonly SortedBy[]) => void) | undefined;
};

/** A table's state, the rows in view, and where its menu of columns and its filters get at both. */
export type DataTableModel = ReturnType<typeof useDataTable>;

/** Rows by the million: sorted, filtered, and only those in view made. */
export function useDataTable(options: DataTableOptions) {
  const { columns, rowCount, width, rowPx } = options;
  const [sorting, setSorting] = useKept(options.sorting ?? [], options.onSorting);
  const [filters, setFilters] = useState<ColumnFiltersState>([]);
  const [isFiltering, setFiltering] = useState(false);
  const [anywhere, setAnywhere] = useState("");
  const { shown, state, changes, reset } = useLayout(options);
  const wanted = useMemo(() => filtersOf(filters, anywhere, shown), [filters, anywhere, shown]);
  const { order, isOrdering } = useRowOrder(columns, rowCount, sorting, wanted);
  const { setScroller, virtual, data } = useRowsInView(order, rowPx);
  const sortingState = useMemo(() => [...sorting], [sorting]);
  const defs = useMemo(() => columns.map(columnDef), [columns]);
  const table = useTable<TableFeatures, DataRow>({
    features,
    columns: defs,
    data,
    getRowId: ({ at }) => String(at),
    manualSorting: true,
    manualFiltering: true,
    columnResizeMode: "onChange",
    state: { ...state, sorting: sortingState, columnFilters: filters },
    ...changes,
    onSortingChange: (updater) => setSorting(functionalUpdate(updater, sortingState)),
    onColumnFiltersChange: setFilters,
  });
  const toggleFilters = (): void => {
    setFiltering(!isFiltering);
    setFilters([]);
    setAnywhere("");
  };
  const rows = { order, isOrdering, rowCount, rowPx, virtual, setScroller };
  const filtering = { isFiltering, toggleFilters, anywhere, setAnywhere };
  return { table, width, reset, ...filtering, ...rows };
}

function useRowsInView(order: Uint32Array, rowPx: number) {
  // State, not a ref: the rows are made before the element they scroll in, and must hear of it.
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null);
  const virtual = useVirtualizer({
    count: order.length,
    getScrollElement: () => scroller,
    estimateSize: () => rowPx,
    overscan: 8,
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const data = useMemo(
    () => Array.from(order.subarray(first, first + items.length), (at): DataRow => ({ at })),
    [order, first, items.length],
  );
  return { setScroller, virtual, data };
}

function columnDef(column: DataColumn): ColumnDef<TableFeatures, DataRow> {
  return {
    id: column.key,
    accessorFn: ({ at }) => column.valueAt(at),
    header: column.title,
    cell: CellContent,
    sortDescFirst: column.isNumber,
    minSize: columnPxMin,
    meta: column,
  };
}

/** What is looked for; hidden columns neither keep a row away nor let it in, for nobody could tell why. */
function filtersOf(
  filters: ColumnFiltersState,
  anywhere: string,
  shown: readonly DataColumn[],
): RowFilters {
  const byColumn = filters
    .filter(({ id }) => shown.some(({ key }) => key === id))
    .map(({ id, value }) => [id, String(value)] as const);
  const columns = shown.filter(({ isFilterable }) => isFilterable === true);
  return { byColumn: new Map(byColumn), anywhere: { text: anywhere, columns } };
}
