import type { ReactNode } from "react";
import { Popover } from "../../overlays/popover.tsx";
import { Button, IconButton } from "../../elements/buttons.tsx";
import { Icon } from "../../elements/icon.tsx";
import { putColumn } from "./table_head.tsx";
import type { DataTableModel } from "./use_data_table.ts";

type Props = {
  readonly model: DataTableModel;
  /** What else there is to do with the table, below the columns. */
  readonly children?: ReactNode;
};

/** Which columns are shown, and in which order; and back to how they are at first. */
export function ColumnMenu({ model: { table, reset }, children }: Props) {
  const columns = table.getAllLeafColumns();
  const shown = table.getVisibleLeafColumns().length;
  return (
    <Popover
      label="Columns"
      align="end"
      className="column-menu"
      trigger={
        <button type="button" className="icon-button plain" aria-label="Columns" title="Columns">
          <Icon name="table" />
        </button>
      }
    >
      <ul className="column-list">
        {columns.map((column, i) => {
          const title = column.columnDef.meta?.title ?? column.id;
          const isShown = column.getIsVisible();
          return (
            <li key={column.id}>
              <label className="clip" title={title}>
                <input
                  type="checkbox"
                  checked={isShown}
                  // A table without columns could not be told from one that failed.
                  disabled={isShown && shown === 1}
                  onChange={column.getToggleVisibilityHandler()}
                />
                {title}
              </label>
              <IconButton
                icon="up"
                label={`Move ${title} up`}
                disabled={i === 0}
                onClick={() => putColumn(table, column.id, columns[i - 1]?.id)}
              />
              <IconButton
                icon="down"
                label={`Move ${title} down`}
                disabled={i === columns.length - 1}
                onClick={() => putColumn(table, column.id, columns[i + 1]?.id)}
              />
            </li>
          );
        })}
      </ul>
      <div className="column-menu-foot">
        <Button icon="undo" disabled={reset === undefined} onClick={() => reset?.()}>
          Reset the columns
        </Button>
        {children}
      </div>
    </Popover>
  );
}
