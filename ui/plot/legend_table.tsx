import { useMemo, useState } from "react";
import { summarise, type ChartSeries, type Summary } from "./chart_data.ts";
import { formatValue, type Unit } from "../units/format.ts";

type Column = "name" | keyof Summary;
const figures = ["last", "min", "mean", "max"] as const;
/** Rows drawn; a chart of more series than this is read by its tooltip. */
const rowsMax = 200;

type Props = {
  readonly label: string;
  readonly series: readonly ChartSeries[];
  readonly unit: Unit;
  readonly hidden: ReadonlySet<string>;
  readonly onIsolate: (key: string) => void;
  readonly onToggle: (key: string) => void;
};

/** The series of a chart with their figures. A click isolates one, with Ctrl it toggles it. */
export function LegendTable({ label, series, unit, hidden, onIsolate, onToggle }: Props) {
  const [order, setOrder] = useState<{ column: Column; down: boolean }>({
    column: "last",
    down: true,
  });
  const rows = useMemo(() => sorted(series, order.column, order.down), [series, order]);
  const sortBy = (column: Column): void =>
    setOrder({ column, down: order.column === column ? !order.down : column !== "name" });
  const header = (column: Column, text: string) => (
    <th
      key={column}
      scope="col"
      className={column === "name" ? "" : "number"}
      aria-sort={order.column !== column ? "none" : order.down ? "descending" : "ascending"}
    >
      <button type="button" className="sort" onClick={() => sortBy(column)}>
        {text}
      </button>
    </th>
  );
  return (
    <div className="legend" tabIndex={0} role="region" aria-label={`${label}: series`}>
      <table>
        <thead>
          <tr>
            {header("name", "series")}
            {figures.map((figure) => header(figure, figure))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, rowsMax).map(({ line, summary }) => (
            <tr key={line.key} className={hidden.has(line.key) ? "off" : ""}>
              <th scope="row">
                <button
                  type="button"
                  className="legend-name"
                  title={`${line.name}\nClick: only this. Ctrl-click: show or hide.`}
                  aria-pressed={!hidden.has(line.key)}
                  onClick={(event) =>
                    event.ctrlKey || event.metaKey ? onToggle(line.key) : onIsolate(line.key)
                  }
                >
                  <span className="swatch" style={{ background: line.color }} />
                  <span className="clip">{line.name}</span>
                </button>
              </th>
              {figures.map((figure) => (
                <td key={figure} className="number">
                  {formatValue(summary[figure], unit)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > rowsMax && <p className="quiet">and {rows.length - rowsMax} more series</p>}
    </div>
  );
}

function sorted(series: readonly ChartSeries[], column: Column, down: boolean) {
  const rows = series.map((line) => ({ line, summary: summarise(line.values) }));
  const sign = down ? -1 : 1;
  return rows.toSorted((a, b) => {
    if (column === "name") return sign * a.line.name.localeCompare(b.line.name);
    const x = a.summary[column];
    const y = b.summary[column];
    // Series without samples come last in either order.
    if (Number.isNaN(x) || Number.isNaN(y))
      return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return sign * (x - y);
  });
}
