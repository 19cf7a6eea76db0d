import { useCallback, useMemo, useState } from "react";
import { displayOf, displayText, fieldName, type Display } from "../../plot/display.ts";
import type { Field } from "../../frames/frame.ts";
import { useChartTheme, type ChartTheme } from "../../plot/chart_theme.ts";
import { withAlpha } from "../../plot/colors.ts";
import { EChart, type ChartItem } from "../../plot/echart.tsx";
import type { Tip } from "../../plot/tip.ts";
import type { PanelProps } from "../panel_kind.ts";
import { numberAt } from "../parts/fields.ts";
import { HiddenTable } from "../parts/hidden_table.tsx";
import { WithLegend } from "../parts/legend.tsx";
import { Nothing } from "../parts/nothing.tsx";
import { XyChartFieldOptions, type XyChartOptions } from "./options.ts";
import { pointsOf, type XySeries } from "./points.ts";

/** One column over another. */
export function XyChartPanel({
  title,
  options,
  frames,
  timeZone,
  width,
  height,
  linksOf,
}: PanelProps<XyChartOptions>) {
  const { dark } = useChartTheme();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set<string>());
  const all = useMemo(() => pointsOf(frames, options, dark), [frames, options, dark]);
  const shown = useMemo(() => all.series.filter(({ key }) => !hidden.has(key)), [all, hidden]);
  if (all.drawn === 0) {
    return (
      <Nothing>No pair of values to draw: this picture needs a column for x and one for y.</Nothing>
    );
  }
  const label = `${title === "" ? "Scatter" : title}: ${all.drawn} points in ${all.series.length} series`;
  return (
    <>
      <WithLegend
        entries={all.series.length > 1 ? all.series : []}
        options={options.legend}
        width={width}
        height={height}
        hidden={hidden}
        onHide={setHidden}
      >
        {(w, h) => (
          <Chart
            label={label}
            series={shown}
            options={options}
            timeZone={timeZone}
            linksOf={linksOf}
            width={w}
            height={h}
          />
        )}
      </WithLegend>
      {all.drawn < all.total && (
        <p className="panel-corner">
          {all.drawn} of {all.total} points
        </p>
      )}
      <Summary label={label} series={all.series} timeZone={timeZone} />
    </>
  );
}

function Summary({
  label,
  series,
  timeZone,
}: {
  readonly label: string;
  readonly series: readonly XySeries[];
  readonly timeZone: string;
}) {
  const rows = series.map(({ name, x, y, rows: drawn }) => {
    const range = (field: Field): string => {
      const values = drawn.map((row) => numberAt(field, row));
      const bound = (pick: (a: number, b: number) => number): string =>
        displayText(
          displayOf(field, { dark: false, timeZone })(values.reduce(pick, values[0] ?? Number.NaN)),
        );
      return `${bound((a, b) => Math.min(a, b))} to ${bound((a, b) => Math.max(a, b))}`;
    };
    return [name, String(drawn.length), range(x), range(y)];
  });
  return <HiddenTable caption={label} head={["Series", "Points", "x", "y"]} rows={rows} />;
}

function Chart({
  label,
  series,
  options,
  timeZone,
  linksOf,
  width,
  height,
}: {
  readonly label: string;
  readonly series: readonly XySeries[];
  readonly options: XyChartOptions;
  readonly linksOf: PanelProps<XyChartOptions>["linksOf"];
  readonly timeZone: string;
  readonly width: number;
  readonly height: number;
}) {
  const tip = ({ seriesIndex, dataIndex }: ChartItem): Tip | undefined => {
    const each = series[seriesIndex];
    const row = each?.rows[dataIndex];
    if (each === undefined || row === undefined) return undefined;
    const fields = [each.x, each.y, each.size, each.colorBy].filter((field) => field !== undefined);
    return {
      head: each.name,
      rows: [...new Set(fields)].map((field) => ({
        name: fieldName(field),
        value: displayText(displayOf(field, { dark: false, timeZone })(field.values[row])),
      })),
      links: linksOf(each.y, row),
    };
  };
  const option = useCallback(
    (theme: ChartTheme) => ({
      grid: { left: 4, right: 16, top: 10, bottom: 4, containLabel: true },
      xAxis: axis(theme, series[0]?.x, timeZone),
      yAxis: axis(theme, series[0]?.y, timeZone),
      series: series.map((each) => seriesOption(each, options, theme.dark, timeZone)),
    }),
    [series, options, timeZone],
  );
  return <EChart label={label} width={width} height={height} option={option} tip={tip} />;
}

function axis(theme: ChartTheme, field: Field | undefined, timeZone: string) {
  const own = XyChartFieldOptions.safeParse(field?.options.custom ?? {}).data;
  const display =
    field === undefined ? undefined : displayOf(field, { dark: theme.dark, timeZone });
  const isTime = field?.type === "time";
  return {
    type: isTime ? "time" : own?.log === true ? "log" : "value",
    scale: true,
    min: field?.options.min,
    max: field?.options.max,
    name: own?.axis_label ?? "",
    nameLocation: "middle",
    nameGap: 26,
    nameTextStyle: { color: theme.textQuiet },
    splitNumber: 5,
    axisLine: { lineStyle: { color: theme.line } },
    splitLine: { lineStyle: { color: theme.line } },
    axisLabel: {
      color: theme.textQuiet,
      fontSize: 11,
      hideOverlap: true,
      ...(isTime || display === undefined
        ? {}
        : { formatter: (value: number) => displayText(display(value)) }),
    },
  };
}

function seriesOption(each: XySeries, options: XyChartOptions, dark: boolean, timeZone: string) {
  const context = { dark, timeZone };
  const own = displayOf(each.y, context);
  const byColumn = each.colorBy === undefined ? undefined : displayOf(each.colorBy, context);
  const sizes = each.size === undefined ? undefined : displayOf(each.size, context);
  const isLine = options.show !== "points";
  const sizeOf = (display: Display | undefined): number =>
    display === undefined || Number.isNaN(display.part)
      ? options.point_size
      : options.point_size + (options.point_size_max - options.point_size) * display.part;
  return {
    type: isLine ? "line" : "scatter",
    color: each.color,
    ...(isLine
      ? { showSymbol: options.show === "both", lineStyle: { width: 1.5 }, connectNulls: false }
      : {}),
    symbol: "circle",
    data: each.rows.map((row) => {
      const value = numberAt(each.y, row);
      const color =
        byColumn === undefined
          ? (own(value).color ?? each.color)
          : (byColumn(each.colorBy?.values[row]).color ?? each.color);
      return {
        value: [numberAt(each.x, row), value],
        symbolSize: sizeOf(sizes?.(each.size?.values[row])),
        itemStyle: { color: withAlpha(color, 0.65), borderColor: color },
      };
    }),
  };
}
