import { useCallback, useMemo } from "react";
import { CanvasPicture, clipped } from "../../plot/canvas_picture.tsx";
import type { ChartTheme } from "../../plot/chart_theme.ts";
import { valueColor } from "../../plot/color_modes.ts";
import { formatUnit } from "../../units/units.ts";
import type { Tip } from "../../plot/tip.ts";
import { TimePicture } from "../../plot/time_picture.tsx";
import type { PanelProps } from "../panel_kind.ts";
import { HiddenTable } from "../parts/hidden_table.tsx";
import { momentAt } from "../parts/moment.ts";
import { Nothing } from "../parts/nothing.tsx";
import { drawTimeAxis, rowsFrame, type RowsFrame } from "../parts/time_rows.tsx";
import { linksAt } from "../parts/links_at.ts";
import { heatOf, type Heat, type HeatRow } from "./cells.ts";
import type { HeatmapOptions } from "./options.ts";

const legendPx = 22;

/** Counts by time and bucket as colours. */
export function HeatmapPanel(props: PanelProps<HeatmapOptions>) {
  const { title, options, frames, stepMs, width, height } = props;
  const heat = useMemo(() => heatOf(frames, options, stepMs), [frames, options, stepMs]);
  const names = useMemo(
    () => heat.rows.map((row) => rowName(row, options.unit)),
    [heat, options.unit],
  );
  if (heat.rows.length === 0) {
    return (
      <Nothing>
        No count in this time range: this picture needs buckets or series over time.
      </Nothing>
    );
  }
  const { min, max } = boundsOf(heat, options);
  const label = `${title === "" ? "Heatmap" : title}: ${heat.rows.length} rows over time, counts from ${shortNumber(min)} to ${shortNumber(max)}`;
  const hasLegend = options.show_legend && height >= 140 && width >= 160;
  return (
    <>
      <Cells
        {...props}
        heat={heat}
        names={names}
        label={label}
        height={hasLegend ? height - legendPx : height}
      />
      {hasLegend && <ScaleLegend options={options} min={min} max={max} />}
      {heat.notice !== "" && <p className="panel-corner">{heat.notice}</p>}
      <HiddenTable
        caption={label}
        head={["Row", "Total", "Largest"]}
        rows={heat.rows.map(({ counts }, i) => {
          const known = counts.filter((count) => !Number.isNaN(count));
          const total = known.reduce((sum, count) => sum + count, 0);
          const largest = known.reduce((most, count) => Math.max(most, count), 0);
          return [names[i] ?? "", shortNumber(total), shortNumber(largest)];
        })}
      />
    </>
  );
}

function shortNumber(value: number): string {
  return formatUnit(value, "short");
}

function rowName({ name, upper }: HeatRow, unit: string): string {
  if (upper === undefined) return name;
  return Number.isFinite(upper) ? formatUnit(upper, unit === "" ? "short" : unit) : "∞";
}

function boundsOf(heat: Heat, options: HeatmapOptions): { min: number; max: number } {
  return { min: options.color_min ?? Math.min(0, heat.min), max: options.color_max ?? heat.max };
}

/** The colour of each of 64 steps between the bounds: a cell's is looked up. */
function colorsOf(options: HeatmapOptions, dark: boolean): string[] {
  const mode = `continuous-${options.scale}`;
  return Array.from({ length: 64 }, (_, i) => {
    const part = options.reverse ? 1 - i / 63 : i / 63;
    return valueColor(part, { color: { mode } }, { min: 0, max: 1 }, dark) ?? "";
  });
}

function Cells(
  props: PanelProps<HeatmapOptions> & {
    readonly heat: Heat;
    readonly names: readonly string[];
    readonly label: string;
  },
) {
  const { heat, names, label, options, window, timeZone, width, height, linksOf } = props;
  const frame = useMemo(
    () => rowsFrame(names, width, height, window),
    [names, width, height, window],
  );
  const draw = useCallback(
    (context: CanvasRenderingContext2D, theme: ChartTheme) => {
      drawNames(context, theme, frame, names);
      drawTimeAxis(context, theme, frame, timeZone);
      drawCells(context, frame, heat, options, colorsOf(options, theme.dark));
    },
    [frame, names, heat, options, timeZone],
  );
  const columnAt = (ms: number): number =>
    Math.floor((ms - (heat.timesMs[0] ?? 0)) / heat.stepMs + 1);
  const tip = (x: number, y: number): Tip | undefined => {
    const fromTop = frame.rowAt(y);
    if (fromTop === undefined || x < frame.left) return undefined;
    const row = heat.rows[heat.rows.length - 1 - fromTop];
    const at = columnAt(frame.msOf(x));
    const count = row?.counts[at];
    if (row === undefined || count === undefined) return undefined;
    const timeMs = heat.timesMs[at] ?? Number.NaN;
    return {
      head: momentAt(timeMs, timeZone),
      rows: [
        { name: rangeName(row, options), value: Number.isNaN(count) ? "–" : shortNumber(count) },
      ],
      links: row.source === undefined ? [] : linksAt(row.source, timeMs, linksOf),
    };
  };
  const tipAt = (ms: number): Tip | undefined => {
    const at = columnAt(ms);
    const rows = heat.rows
      .map((row) => ({ row, count: row.counts[at] ?? Number.NaN }))
      .filter(({ count }) => count > options.hide_below)
      .toSorted((a, b) => b.count - a.count);
    if (rows.length === 0) return undefined;
    return {
      head: momentAt(heat.timesMs[at] ?? Number.NaN, timeZone),
      rows: rows.map(({ row, count }) => ({
        name: rangeName(row, options),
        value: shortNumber(count),
      })),
    };
  };
  return (
    <TimePicture {...props} plane={frame} tipAt={tipAt}>
      <CanvasPicture label={label} width={width} height={height} draw={draw} tip={tip} />
    </TimePicture>
  );
}

function rangeName(row: HeatRow, { unit }: HeatmapOptions): string {
  if (row.lower === undefined || row.upper === undefined) return row.name;
  const lower = Number.isFinite(row.lower)
    ? formatUnit(row.lower, unit === "" ? "short" : unit)
    : "−∞";
  return `${lower} to ${rowName(row, unit)}`;
}

/** As many names as have room, the lowest row at the bottom. */
function drawNames(
  context: CanvasRenderingContext2D,
  theme: ChartTheme,
  frame: RowsFrame,
  names: readonly string[],
): void {
  if (frame.left === 0) return;
  context.fillStyle = theme.textQuiet;
  context.textAlign = "right";
  context.textBaseline = "middle";
  const every = Math.max(1, Math.ceil(14 / frame.rowPx));
  for (let i = 0; i < names.length; i += every) {
    const y = frame.bottom - (i + 0.5) * frame.rowPx;
    if (y < 6) break;
    context.fillText(clipped(context, names[i] ?? "", frame.left - 8), frame.left - 6, y);
  }
}

function drawCells(
  context: CanvasRenderingContext2D,
  frame: RowsFrame,
  heat: Heat,
  options: HeatmapOptions,
  colors: readonly string[],
): void {
  const { min, max } = boundsOf(heat, options);
  const span = max - min || 1;
  const gap = frame.rowPx > options.gap * 3 ? options.gap : 0;
  for (const [i, { counts }] of heat.rows.entries()) {
    const bottom = frame.bottom - i * frame.rowPx;
    for (let at = 0; at < counts.length; at++) {
      const count = counts[at] ?? Number.NaN;
      if (Number.isNaN(count) || count <= options.hide_below) continue;
      const endMs = heat.timesMs[at] ?? 0;
      // A count of a moment is of the step that ends there.
      // On whole pixels: edges within one would show as stripes.
      const from = Math.round(Math.max(frame.left, frame.xOf(endMs - heat.stepMs)));
      const to = Math.round(Math.min(frame.right, frame.xOf(endMs)));
      if (to <= from) continue;
      const part = Math.max(0, Math.min(1, (count - min) / span)) ** options.exponent;
      context.fillStyle = colors[Math.round(part * 63)] ?? "";
      const cellGap = to - from > options.gap * 3 ? gap : 0;
      context.fillRect(from, bottom - frame.rowPx, to - from - cellGap, frame.rowPx - gap);
    }
  }
}

function ScaleLegend({
  options,
  min,
  max,
}: {
  readonly options: HeatmapOptions;
  readonly min: number;
  readonly max: number;
}) {
  const draw = useCallback(
    (context: CanvasRenderingContext2D, theme: ChartTheme) => {
      const colors = colorsOf(options, theme.dark);
      for (let x = 0; x < 160; x++) {
        const part = (x / 159) ** options.exponent;
        context.fillStyle = colors[Math.round(part * 63)] ?? "";
        context.fillRect(x, 0, 1, 8);
      }
    },
    [options],
  );
  return (
    <div className="panel-scale">
      <span>{shortNumber(min)}</span>
      <CanvasPicture
        label={`Colours from ${shortNumber(min)} to ${shortNumber(max)}`}
        width={160}
        height={8}
        draw={draw}
      />
      <span>{shortNumber(max)}</span>
    </div>
  );
}
