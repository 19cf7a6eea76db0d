import type { DataTableModel } from "./use_data_table.ts";

/** Above the titles while columns are filtered: what is looked for in all of them. It stays in view while they scroll sideways. */
export function AnywhereFilter({ model }: { readonly model: DataTableModel }) {
  const { anywhere, setAnywhere, width, table } = model;
  return (
    <div
      role="row"
      className="data-table-anywhere"
      style={{ width: Math.min(width, table.getTotalSize()) }}
    >
      <div role="cell">
        <input
          className="data-table-filter-text"
          type="search"
          value={anywhere}
          placeholder="in any column; ! before it for its absence"
          aria-label="Filter all columns"
          onChange={(event) => setAnywhere(event.target.value)}
        />
      </div>
    </div>
  );
}
