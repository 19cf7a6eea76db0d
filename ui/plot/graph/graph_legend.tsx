import { memo, useMemo, useState, type KeyboardEvent, type MouseEvent } from "react";
import { reduceNumber, reducerName } from "../../frames/reduce.ts";
import { formatUnit } from "../../units/units.ts";
import type { GraphSeries } from "./graph_model.ts";
import type { GraphOptions } from "./graph_style.ts";

/** Rows drawn: a graph of more series is read by its tooltip. */
const rowsMax = 200;

type Props = {
  readonly title: string;
  readonly series: readonly GraphSeries[];
  readonly options: Pick<GraphOptions, "legend" | "legend_calcs" | "legend_sort" | "legend_down">;
  readonly hidden: ReadonlySet<string>;
  readonly onIsolate: (key: string) => void;
  readonly onToggle: (key: string) => void;
};

/** The series of a graph with their figures. A click isolates one; with Ctrl, or by the space bar, it is shown or hidden. The pointer does not redraw it. */
export const GraphLegend = memo(function GraphLegend(props: Props) {
  return props.options.legend === "list" ? <LegendList {...props} /> : <LegendTable {...props} />;
});

function LegendList({ title, series, options, hidden, onIsolate, onToggle }: Props) {
  const figures = options.legend_calcs;
  return (
    <ul className="graph-legend-list" aria-label={`${title}: series`}>
      {series.slice(0, rowsMax).map((one) => (
        <li key={one.key} className={hidden.has(one.key) ? "off" : ""}>
          <Name
            series={one}
            isOff={hidden.has(one.key)}
            onIsolate={onIsolate}
            onToggle={onToggle}
          />
          {figures.map((figure) => (
            <span key={figure} className="legend-figure">
              {reducerName(figure).toLowerCase()} {figureText(one, figure)}
            </span>
          ))}
        </li>
      ))}
      {series.length > rowsMax && <li>and {series.length - rowsMax} more series</li>}
    </ul>
  );
}

function LegendTable({ title, series, options, hidden, onIsolate, onToggle }: Props) {
  const [order, setOrder] = useState({ by: options.legend_sort, down: options.legend_down });
  const rows = useMemo(() => sorted(series, order.by, order.down), [series, order]);
  const head = (by: string, text: string) => (
    <th
      key={by}
      scope="col"
      className={by === "name" ? "" : "number"}
      aria-sort={order.by !== by ? "none" : order.down ? "descending" : "ascending"}
    >
      <button
        type="button"
        className="sort"
        onClick={() => setOrder({ by, down: order.by === by ? !order.down : by !== "name" })}
      >
        {text}
      </button>
    </th>
  );
  return (
    <table className="graph-legend-table" aria-label={`${title}: series`}>
      <thead>
        <tr>
          {head("name", "series")}
          {options.legend_calcs.map((figure) => head(figure, reducerName(figure).toLowerCase()))}
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, rowsMax).map((one) => (
          <tr key={one.key} className={hidden.has(one.key) ? "off" : ""}>
            <th scope="row">
              <Name
                series={one}
                isOff={hidden.has(one.key)}
                onIsolate={onIsolate}
                onToggle={onToggle}
              />
            </th>
            {options.legend_calcs.map((figure) => (
              <td key={figure} className="number">
                {figureText(one, figure)}
              </td>
            ))}
          </tr>
        ))}
        {rows.length > rowsMax && (
          <tr>
            <td colSpan={options.legend_calcs.length + 1}>
              and {rows.length - rowsMax} more series
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

type NameProps = {
  readonly series: GraphSeries;
  readonly isOff: boolean;
  readonly onIsolate: (key: string) => void;
  readonly onToggle: (key: string) => void;
};

function Name({ series, isOff, onIsolate, onToggle }: NameProps) {
  const click = (event: MouseEvent): void =>
    event.ctrlKey || event.metaKey ? onToggle(series.key) : onIsolate(series.key);
  const press = (event: KeyboardEvent): void => {
    if (event.key !== " ") return;
    event.preventDefault();
    onToggle(series.key);
  };
  return (
    <button
      type="button"
      className="legend-name"
      title={`${series.name}\nClick: only this. Ctrl-click or space: show or hide.`}
      aria-pressed={!isOff}
      onClick={click}
      onKeyDown={press}
    >
      <span className="swatch" style={{ background: series.color }} />
      <span className="clip">{series.name}</span>
    </button>
  );
}

/** Counts have no unit. */
const unitless = new Set(["count", "changeCount", "distinctCount", "allIsZero", "allIsNull"]);

function figureText({ field, values }: GraphSeries, figure: string): string {
  const { unit = "short", decimals } = field.options;
  const value = reduceNumber(values, figure);
  if (figure === "diffperc") return formatUnit(value, "percentunit");
  return unitless.has(figure) ? formatUnit(value, "none") : formatUnit(value, unit, decimals);
}

function sorted(series: readonly GraphSeries[], by: string, down: boolean) {
  const sign = down ? -1 : 1;
  if (by === "") return series;
  if (by === "name") return series.toSorted((a, b) => sign * a.name.localeCompare(b.name));
  const rows = series.map((one) => ({ one, figure: reduceNumber(one.values, by) }));
  // Series without the figure come last in either order.
  return rows
    .toSorted((a, b) =>
      Number.isNaN(a.figure) || Number.isNaN(b.figure)
        ? Number(Number.isNaN(a.figure)) - Number(Number.isNaN(b.figure))
        : sign * (a.figure - b.figure),
    )
    .map(({ one }) => one);
}
