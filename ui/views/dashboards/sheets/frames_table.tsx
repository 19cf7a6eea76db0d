import { useMemo, useRef, useState } from "react";
import { displayOf, displayText, fieldName } from "../../../plot/display.ts";
import type { Frame } from "../../../frames/frame.ts";
import { seriesText } from "../../../frames/legend.ts";
import { Select } from "../../../overlays/select.tsx";
import { useDark } from "../../../state/theme.ts";
import { useTimeZone } from "../../../state/time_zone.ts";
import { useWidth } from "../../../state/width.ts";
import type { DataColumn } from "../../../widgets/data_table/data_column.ts";
import { DataTable } from "../../../widgets/data_table/data_table.tsx";
import { useDataTable } from "../../../widgets/data_table/use_data_table.ts";
import { Empty } from "../../../widgets/picture.tsx";

const framesMax = 500;
const rowPx = 28;
/** Of the screen: what stands above the table in the sheet. */
const abovePx = 280;

/** One frame at a time as a plain table. */
export function FramesTable({ frames }: { readonly frames: readonly Frame[] }) {
  const [at, setAt] = useState("0");
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const frame = frames[Number(at)] ?? frames[0];
  return (
    <div ref={box} className="frames-table">
      {frames.length > 1 && (
        <Select
          label="Series or table"
          value={at}
          onChange={setAt}
          options={frames.slice(0, framesMax).map((each, i) => ({
            value: String(i),
            label: `${each.ref} ${each.name === "" ? i + 1 : each.name}`,
          }))}
        />
      )}
      {frame === undefined ? (
        <Empty title="No data">The queries gave nothing.</Empty>
      ) : (
        width > 0 && <FrameTable key={at} frame={frame} width={width} />
      )}
    </div>
  );
}

function FrameTable({ frame, width }: { readonly frame: Frame; readonly width: number }) {
  const dark = useDark();
  const timeZone = useTimeZone();
  const columns = useMemo(() => {
    return frame.fields.map((field, i): DataColumn => {
      const display = displayOf(field, { dark, timeZone });
      return {
        key: `${i} ${field.name}`,
        title: fieldName(field),
        about: seriesText(field.labels),
        isNumber: field.type === "number" || field.type === "time",
        align: field.type === "number" ? "right" : "left",
        minWidth: field.type === "time" ? 160 : 96,
        isFilterable: true,
        valueAt: (row) => field.values[row],
        textAt: (row) => textOf(display, field.values[row]),
        ...(i === 0 && { pin: "phone" }),
      };
    });
  }, [frame, dark, timeZone]);
  const model = useDataTable({ columns, rowCount: frame.length, width, rowPx });
  const [heightMax] = useState(() => Math.max(200, window.innerHeight - abovePx));
  return (
    <DataTable
      label="Data"
      model={model}
      hasSwitch
      height={Math.min(heightMax, (frame.length + 3) * rowPx)}
    />
  );
}

function textOf(display: ReturnType<typeof displayOf>, value: unknown): string {
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return displayText(display(value));
}
