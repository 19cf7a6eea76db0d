import { useState } from "react";
import { displayOf, displayText, fieldName } from "../../frames/display.ts";
import type { Frame } from "../../frames/frame.ts";
import { seriesText } from "../../frames/legend.ts";
import { Select } from "../../overlays/select.tsx";
import { useDark } from "../../state/theme.ts";
import { useTimeZone } from "../../state/time_zone.ts";
import { Empty } from "../../widgets/picture.tsx";

/** Rows at once; the export has all. */
const rowsMax = 500;
const framesMax = 500;

/** One frame at a time as a plain table. */
export function FramesTable({ frames }: { readonly frames: readonly Frame[] }) {
  const [at, setAt] = useState("0");
  const dark = useDark();
  const timeZone = useTimeZone();
  const frame = frames[Number(at)] ?? frames[0];
  if (frame === undefined) return <Empty title="No data">The queries gave nothing.</Empty>;
  const displays = frame.fields.map((field) => displayOf(field, { dark, timeZone }));
  const shown = Math.min(frame.length, rowsMax);
  return (
    <>
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
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Data">
        <table className="table">
          <thead>
            <tr>
              {frame.fields.map((field, i) => (
                <th
                  key={i}
                  scope="col"
                  className={field.type === "number" ? "number" : ""}
                  title={seriesText(field.labels)}
                >
                  {fieldName(field)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: shown }, (_, row) => (
              <tr key={row}>
                {frame.fields.map((field, i) => (
                  <td key={i} className={field.type === "number" ? "number" : "name-cell"}>
                    {textOf(displays[i], field.values[row])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {frame.length > shown && (
        <p className="quiet">
          {shown} of {frame.length} rows: the export has all.
        </p>
      )}
    </>
  );
}

function textOf(display: ReturnType<typeof displayOf> | undefined, value: unknown): string {
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return display === undefined ? "" : displayText(display(value));
}
