import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import type { DataLink } from "#shared/dashboards/dashboard.ts";
import type { Labels } from "#shared/model/labels.ts";
import { formatUnit } from "../../units/units.ts";
import { dateText } from "../../units/date_text.ts";
import { besides, TipLinks } from "../tip_box.tsx";
import type { Graph, GraphSeries } from "./graph_model.ts";
import type { GraphOptions } from "./graph_style.ts";

const rowsMax = 12;

/** Where the crosshair is, in the page's pixels, and what is nearest to it. */
export type TooltipPlace = {
  readonly idx: number;
  readonly x: number;
  readonly y: number;
  readonly nearest: number | undefined;
  readonly pinned: boolean;
  /** The sides that it stays between: those of its chart, where the charts beside it show theirs, too. */
  readonly within?: { readonly left: number; readonly right: number };
};

type Props = {
  readonly graph: Graph;
  readonly place: TooltipPlace;
  readonly hidden: ReadonlySet<string>;
  readonly options: Pick<GraphOptions, "tooltip" | "tooltip_sort" | "tooltip_zeros">;
  readonly timeZone: string;
  readonly linksOf: (series: GraphSeries, index: number) => readonly DataLink[];
  readonly onFilter: ((label: string, op: "=" | "!=", value: string) => void) | undefined;
  readonly onAnnotate: (() => void) | undefined;
  readonly onClose: () => void;
};

/** The values at the crosshair: the nearest first, then by value. Pinned, it holds what can be done with them. */
export function GraphTooltip(props: Props) {
  const { graph, place, timeZone, hidden, options } = props;
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState({ left: 0, top: 0 });
  const { idx, nearest: nearestAt, within } = place;
  const { rows, more } = useMemo(
    () => rowsOf(graph, { idx, nearest: nearestAt }, hidden, options),
    [graph, idx, nearestAt, hidden, options],
  );
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const { left, top } = besides(place.x, place.y, element.offsetWidth, element.offsetHeight);
    const last = (within?.right ?? Number.POSITIVE_INFINITY) - element.offsetWidth;
    setAt({ left: Math.max(within?.left ?? 0, Math.min(left, last)), top });
  }, [place.x, place.y, within?.left, within?.right, rows.length, place.pinned]);
  const position = graph.positions[place.idx] ?? Number.NaN;
  const nearest = rows.find(({ isNearest }) => isNearest)?.series;
  return createPortal(
    <div
      ref={box}
      className={place.pinned ? "graph-tooltip pinned" : "graph-tooltip"}
      role={place.pinned ? "dialog" : "presentation"}
      aria-label={place.pinned ? "Values at this time" : undefined}
      style={within === undefined ? at : { ...at, maxWidth: within.right - within.left }}
    >
      <div className="tooltip-time">
        {graph.isTime
          ? dateText(position, "YYYY-MM-DD HH:mm:ss", timeZone)
          : formatUnit(position, "short")}
        {place.pinned && (
          <button
            type="button"
            className="tooltip-close"
            aria-label="Close"
            onClick={props.onClose}
          >
            ×
          </button>
        )}
      </div>
      {rows.map(({ series, value, isNearest }) => (
        <div key={series.key} className={isNearest ? "tooltip-row nearest" : "tooltip-row"}>
          <span className="swatch" style={{ background: series.color }} />
          <span className="tooltip-name">{series.name}</span>
          <span className="tooltip-value">{valueText(series, value)}</span>
        </div>
      ))}
      {rows.length === 0 && <div className="tooltip-more">no sample at this time</div>}
      {more > 0 && <div className="tooltip-more">and {more} more</div>}
      {place.pinned && nearest !== undefined && (
        <Actions {...props} series={nearest} index={place.idx} />
      )}
    </div>,
    document.body,
  );
}

/** Of the series itself, not of its place in a stack. */
function valueText({ field, style }: GraphSeries, value: number): string {
  const { unit = "short", decimals } = field.options;
  return formatUnit(style.negative ? -value : value, unit, decimals);
}

type Row = { readonly series: GraphSeries; readonly value: number; readonly isNearest: boolean };

function rowsOf(
  graph: Graph,
  { idx, nearest }: Pick<TooltipPlace, "idx" | "nearest">,
  hidden: ReadonlySet<string>,
  { tooltip, tooltip_sort: sort, tooltip_zeros: zeros }: Props["options"],
): { readonly rows: readonly Row[]; readonly more: number } {
  const sign = sort === "down" ? -1 : sort === "up" ? 1 : 0;
  let first: Row | undefined;
  const rest: Row[] = [];
  let count = 0;
  graph.series.forEach((series, i) => {
    const value = series.values[idx] ?? Number.NaN;
    if (Number.isNaN(value) || hidden.has(series.key) || series.style.hidden_in_tooltip) return;
    if (!zeros && value === 0 && i !== nearest) return;
    count += 1;
    if (i === nearest) first = { series, value, isNearest: true };
    else insert(rest, { series, value, isNearest: false }, sign);
  });
  const rows = [...(first === undefined ? [] : [first]), ...rest];
  // Of a crosshair that is another chart's no series is the nearest.
  if (tooltip === "single" && nearest !== undefined) return { rows: rows.slice(0, 1), more: 0 };
  const kept = rows.slice(0, rowsMax);
  return { rows: kept, more: count - kept.length };
}

/** Into the few rows that are shown, in their order: a thousand others are not sorted for them. */
function insert(rows: Row[], row: Row, sign: number): void {
  const after = rows.findIndex(({ value }) => sign * (row.value - value) < 0);
  const at = after === -1 ? rows.length : after;
  if (at >= rowsMax) return;
  rows.splice(at, 0, row);
  rows.length = Math.min(rows.length, rowsMax);
}

function Actions({
  series,
  index,
  linksOf,
  onFilter,
  onAnnotate,
  onClose,
}: Props & { readonly series: GraphSeries; readonly index: number }) {
  const links = linksOf(series, index);
  const labels = filterable(series.labels);
  const isEmpty =
    links.length === 0 &&
    onAnnotate === undefined &&
    (onFilter === undefined || labels.length === 0);
  if (isEmpty) return null;
  return (
    <div className="tooltip-actions">
      <TipLinks links={links} />
      {onFilter !== undefined &&
        labels.map(([label, value]) => (
          <span key={label} className="tooltip-filter">
            <span className="clip" title={`${label}="${value}"`}>
              {label}=<b>{value}</b>
            </span>
            <button
              type="button"
              aria-label={`Only ${label}=${value}`}
              title="Only this"
              onClick={() => {
                onFilter(label, "=", value);
                onClose();
              }}
            >
              =
            </button>
            <button
              type="button"
              aria-label={`Without ${label}=${value}`}
              title="Without this"
              onClick={() => {
                onFilter(label, "!=", value);
                onClose();
              }}
            >
              ≠
            </button>
          </span>
        ))}
      {onAnnotate !== undefined && (
        <button
          type="button"
          onClick={() => {
            onAnnotate();
            onClose();
          }}
        >
          Annotate this moment
        </button>
      )}
    </div>
  );
}

const filtersMax = 6;

function filterable(labels: Labels): (readonly [string, string])[] {
  return Object.entries(labels)
    .filter(([name, value]) => !name.startsWith("__") && value !== "")
    .slice(0, filtersMax);
}
