import { Icon } from "../../elements/icon.tsx";
import type { DataTableModel } from "./use_data_table.ts";

/** Shows a filter under each title, or takes them all away. */
export function FilterSwitch({ model }: { readonly model: DataTableModel }) {
  return (
    <button
      type="button"
      className="icon-button plain data-table-filter"
      aria-pressed={model.isFiltering}
      aria-label="Filter columns"
      title="Filter columns"
      onClick={model.toggleFilters}
    >
      <Icon name="filter" />
    </button>
  );
}
