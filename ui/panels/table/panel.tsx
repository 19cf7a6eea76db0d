import { useMemo, useState } from "react";
import { displayOf, displayText, fieldName } from "../../plot/display.ts";
import { framesToText } from "../../frames/export.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { reducerName, reduceValue } from "../../frames/reduce.ts";
import { Select } from "../../overlays/select.tsx";
import { useDark } from "../../state/theme.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { ColumnMenu } from "../../widgets/data_table/column_menu.tsx";
import type { DataColumn } from "../../widgets/data_table/data_column.ts";
import { DataTable } from "../../widgets/data_table/data_table.tsx";
import type { SortedBy } from "../../widgets/data_table/row_order.ts";
import { useDataTable } from "../../widgets/data_table/use_data_table.ts";
import { customOf } from "../../options/checked.ts";
import type { PanelProps } from "../panel_kind.ts";
import { Nothing } from "../parts/nothing.tsx";
import { TableFieldOptions, type TableOptions } from "./options.ts";
import { TableCell } from "./table_cell.tsx";

const rowPx = { small: 28, medium: 36, large: 48 } as const;
const barPx = 34;

/** A frame's rows and columns. Of several frames one is shown, and chosen above. */
export function TablePanel(props: PanelProps<TableOptions>) {
  const { frames, options, height } = props;
  const filled = frames.filter(({ fields }) => fields.length > 0);
  const [chosen, setChosen] = useState("0");
  const frame = filled[Number(chosen)] ?? filled[0];
  if (frame === undefined) return <Nothing>No columns in this answer.</Nothing>;
  const hasBar = filled.length > 1;
  return (
    <div className="table-panel">
      {hasBar && (
        <div className="table-panel-bar">
          <Select
            label="Table"
            value={filled[Number(chosen)] === undefined ? "0" : chosen}
            options={filled
              .slice(0, 500)
              .map(({ name, ref }, i) => ({ value: String(i), label: name || ref }))}
            onChange={setChosen}
          />
        </div>
      )}
      <FrameTable
        // Another frame has other columns, filters and sorting.
        key={JSON.stringify([chosen, options.sort_field, options.sort_down, options.then_by])}
        {...props}
        frame={frame}
        height={Math.max(rowPx.small * 2, height - (hasBar ? barPx : 0))}
      />
    </div>
  );
}

/** A date with its time of day; half of one says nothing. */
const timePxMin = 160;
/** Of a column that says nothing of its width, and what it can give up for a date beside it. */
const columnPx = 96;
const columnPxMin = 72;

type FrameTableProps = PanelProps<TableOptions> & { readonly frame: Frame };

function FrameTable(props: FrameTableProps) {
  const { id, frame, options, width, height, title } = props;
  const columns = useColumns(frame, props);
  const model = useDataTable({
    id,
    columns,
    rowCount: frame.length,
    width,
    rowPx: rowPx[options.row],
    sorting: sortingOf(options, columns),
  });
  return (
    <>
      <DataTable
        label={title || "Table"}
        model={model}
        height={height}
        hasHead={options.head}
        hasSwitch={columns.some(({ isFilterable }) => isFilterable === true)}
      />
      <span className="table-panel-tools">
        <ColumnMenu model={model}>
          <CopyButton
            label="Copy the table"
            word="Copy the table"
            text={() => framesToText([frame])}
          />
        </ColumnMenu>
      </span>
    </>
  );
}

function sortingOf(options: TableOptions, columns: readonly DataColumn[]): readonly SortedBy[] {
  const { sort_field: field, sort_down: down, then_by: thenBy } = options;
  return [{ field, down }, ...thenBy].flatMap((each) => {
    const column = columns.find(({ title }) => title === each.field);
    return column === undefined ? [] : [{ id: column.key, desc: each.down }];
  });
}

function useColumns(frame: Frame, props: PanelProps<TableOptions>): readonly DataColumn[] {
  const { options, timeZone, linksOf } = props;
  const dark = useDark();
  const { timePx, otherPx } = leastIn(frame.fields.length, props.width);
  return useMemo(() => {
    const footed = (field: Field): boolean =>
      options.footer.length > 0 &&
      (options.footer_fields.length === 0
        ? field.type === "number"
        : options.footer_fields.includes(fieldName(field)));
    const keys = columnKeys(frame.fields);
    const shown = frame.fields.filter((field) => !customOf(TableFieldOptions, field).hidden);
    return frame.fields.map((field, i): DataColumn => {
      const custom = customOf(TableFieldOptions, field);
      const isFirst = field === shown[0];
      const display = displayOf(withMode(field, custom.cell), { dark, timeZone });
      const title = fieldName(field);
      return {
        key: keys[i] ?? field.name,
        title,
        about: field.options.description ?? title,
        isNumber: field.type === "number" || field.type === "time",
        align:
          custom.align === "auto" ? (field.type === "number" ? "right" : "left") : custom.align,
        ...(custom.width > 0 ? { width: custom.width } : {}),
        minWidth:
          field.type === "time"
            ? Math.max(timePx, custom.width_min)
            : custom.width_min === columnPx
              ? otherPx
              : custom.width_min,
        startsHidden: custom.hidden,
        ...(shown.slice(0, options.pinned).includes(field)
          ? { pin: "always" }
          : isFirst && { pin: "phone" }),
        isFilterable: options.filters && field.options.filterable !== false,
        valueAt: (row) => field.values[row],
        textAt: (row) => displayText(display(field.values[row])),
        cell: (row, width) => (
          <TableCell
            value={field.values[row]}
            display={display(field.values[row])}
            kind={custom.cell}
            links={linksOf(field, row)}
            width={width}
            height={rowPx[options.row] - 4}
          />
        ),
        ...(footed(field) || (isFirst && options.footer.length > 0 && field.type !== "number")
          ? {
              footer: (rows) => footerText(field, rows, options, { dark, timeZone }, footed(field)),
            }
          : {}),
      };
    });
  }, [frame, options, dark, timeZone, linksOf, timePx, otherPx]);
}

/** By their names, so that a column is the same one when another comes before it. Of equal names each but the first has a number. */
function columnKeys(fields: readonly Field[]): readonly string[] {
  const counts = new Map<string, number>();
  return fields.map(({ name }) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name} ${count}`;
  });
}

/**
 * What columns are at least. Where all fit but for a whole date, the others give up a part; where that is not enough, the last
 * column in sight is worth more than the date.
 */
function leastIn(columns: number, tablePx: number): { timePx: number; otherPx: number } {
  const whole = { timePx: timePxMin, otherPx: columnPx };
  const fits = columns * columnPx <= tablePx;
  if (!fits || (columns - 1) * columnPx + timePxMin <= tablePx) return whole;
  const otherPx = Math.floor((tablePx - timePxMin - 2) / (columns - 1));
  return otherPx >= columnPxMin ? { timePx: timePxMin, otherPx } : { timePx: 0, otherPx: columnPx };
}

/** Coloured cells follow thresholds unless another mode is chosen. */
function withMode(field: Field, cell: TableFieldOptions["cell"]): Field {
  const { color, thresholds } = field.options;
  if (cell === "auto" || color !== undefined || thresholds === undefined) return field;
  return { ...field, options: { ...field.options, color: { mode: "thresholds" } } };
}

/** Figures of the rows that the filters leave; the first column has their names. */
function footerText(
  field: Field,
  rows: Uint32Array,
  { footer }: TableOptions,
  context: { readonly dark: boolean; readonly timeZone: string },
  isFigure: boolean,
): string {
  if (!isFigure) return footer.map(reducerName).join(" · ");
  const values = Array.from(rows, (row) => field.values[row]);
  const display = displayOf(field, context);
  return footer.map((reducer) => displayText(display(reduceValue(values, reducer)))).join(" · ");
}
