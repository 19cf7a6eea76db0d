import { useCallback, useMemo, useState } from "react";
import { displayOf, displayText } from "../../plot/display.ts";
import { useChartTheme, type ChartTheme } from "../../plot/chart_theme.ts";
import { withAlpha } from "../../plot/colors.ts";
import { EChart, type ChartItem } from "../../plot/echart.tsx";
import { useEchartPlane } from "../../plot/echart_plane.ts";
import { TimePicture } from "../../plot/time_picture.tsx";
import { columnNear } from "../../plot/time_plane.ts";
import type { Tip } from "../../plot/tip.ts";
import type { PanelProps } from "../panel_kind.ts";
import { HiddenTable } from "../parts/hidden_table.tsx";
import { WithLegend } from "../parts/legend.tsx";
import { axisMoment } from "../parts/moment.ts";
import { Nothing } from "../parts/nothing.tsx";
import { barsOf, groupsMax, type Bars, type BarSeries } from "./bars.ts";
import { BarChartFieldOptions, type BarChartOptions } from "./options.ts";

/** Bars in groups. */
export function BarChartPanel(props: PanelProps<BarChartOptions>) {
  const { title, options, frames, timeZone, width, height } = props;
  const { dark } = useChartTheme();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set<string>());
  const bars = useMemo(
    () => barsOf(frames, options, { dark, timeZone }),
    [frames, options, dark, timeZone],
  );
  const shown = useMemo(
    () => ({ ...bars, series: bars.series.filter(({ key }) => !hidden.has(key)) }),
    [bars, hidden],
  );
  if (bars.groups.length === 0 || bars.series.length === 0) {
    return <Nothing>No column of numbers to draw bars of in this time range.</Nothing>;
  }
  const label = `${title === "" ? "Bars" : title}: ${bars.groups.length} groups of ${bars.series.length}`;
  return (
    <>
      <WithLegend
        entries={bars.series.length > 1 ? bars.series : []}
        options={options.legend}
        width={width}
        height={height}
        hidden={hidden}
        onHide={setHidden}
      >
        {(w, h) => <Chart {...props} label={label} bars={shown} width={w} height={h} />}
      </WithLegend>
      {bars.left > 0 && (
        <p className="panel-corner">
          {groupsMax} of {groupsMax + bars.left} groups
        </p>
      )}
      <HiddenTable
        caption={label}
        head={["Name", ...bars.series.map(({ name }, i) => `${i + 1}. ${name}`)]}
        rows={bars.groups.map((group, i) => [
          group,
          ...bars.series.map(({ texts }) => texts[i] ?? ""),
        ])}
      />
    </>
  );
}

function Chart(
  props: PanelProps<BarChartOptions> & { readonly label: string; readonly bars: Bars },
) {
  const { label, bars, options, timeZone, width, height, linksOf } = props;
  const { groups, series, timesMs } = bars;
  const isLying =
    options.orientation === "horizontal" || (options.orientation === "auto" && width < height);
  const [plane, onLayout] = useEchartPlane(isLying ? undefined : timesMs);
  const tipOf = (group: number): Tip | undefined => {
    const head = groups[group];
    if (head === undefined) return undefined;
    const rows = series.flatMap(({ values, colors, color, name, texts }) =>
      Number.isNaN(values[group])
        ? []
        : [{ color: colors[group] ?? color, name, value: texts[group] ?? "" }],
    );
    return rows.length === 0 ? undefined : { head, rows };
  };
  const tip = ({ dataIndex, seriesIndex }: ChartItem): Tip | undefined => {
    const said = tipOf(dataIndex);
    const source = series[seriesIndex]?.sourceOf(dataIndex);
    if (said === undefined || source === undefined) return said;
    return { ...said, links: linksOf(source.field, source.row) };
  };
  const option = useCallback(
    (theme: ChartTheme) => {
      const names = nameAxis(theme, axisNames(bars, timeZone), options, isLying ? width : height);
      const values = valueAxis(theme, series[0], options, timeZone);
      const perBarPx = (isLying ? height : width) / (groups.length * Math.max(1, series.length));
      return {
        grid: { left: 4, right: 12, top: 10, bottom: 4, containLabel: true },
        xAxis: isLying ? values : names,
        yAxis: isLying ? { ...names, inverse: true } : values,
        series: barSeries(series, groups.length, options, isLying, perBarPx, theme),
      };
    },
    [bars, groups, series, options, isLying, width, height, timeZone],
  );
  const chart = <EChart {...{ label, width, height, option, tip, onLayout }} />;
  if (timesMs === undefined || isLying) return chart;
  return (
    <TimePicture {...props} plane={plane} tipAt={(ms) => tipOf(columnNear(timesMs, ms) ?? -1)}>
      {chart}
    </TimePicture>
  );
}

/** Times are as short as their range allows. */
function axisNames({ groups, timesMs }: Bars, timeZone: string): readonly string[] {
  if (timesMs === undefined) return groups;
  const stepMs = (timesMs[1] ?? 0) - (timesMs[0] ?? 0);
  // Bars closer than a minute need their seconds, however long the range.
  const spanMs =
    stepMs < 60_000 ? stepMs : Math.max(600_000, (timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0));
  return timesMs.map((ms) => axisMoment(ms, spanMs, timeZone));
}

function nameAxis(
  theme: ChartTheme,
  groups: readonly string[],
  options: BarChartOptions,
  room: number,
) {
  return {
    type: "category",
    data: groups,
    axisLine: { lineStyle: { color: theme.line } },
    axisTick: { show: false },
    axisLabel: {
      color: theme.textQuiet,
      fontSize: 11,
      rotate: options.tick_rotation,
      hideOverlap: true,
      width: Math.max(40, room * 0.35),
      overflow: "truncate",
    },
  };
}

function valueAxis(
  theme: ChartTheme,
  first: BarSeries | undefined,
  options: BarChartOptions,
  timeZone: string,
) {
  const { min, max, custom } = first?.field.options ?? {};
  const label = BarChartFieldOptions.safeParse(custom ?? {}).data?.axis_label ?? "";
  const display =
    first === undefined ? undefined : displayOf(first.field, { dark: theme.dark, timeZone });
  const isPercent = options.stacking === "percent";
  return {
    type: "value",
    ...(min === undefined || isPercent ? {} : { min }),
    ...(isPercent ? { max: 100 } : max === undefined ? {} : { max }),
    name: label,
    nameLocation: "middle",
    nameGap: 36,
    nameTextStyle: { color: theme.textQuiet },
    splitNumber: 4,
    splitLine: { lineStyle: { color: theme.line } },
    axisLabel: {
      color: theme.textQuiet,
      fontSize: 11,
      hideOverlap: true,
      formatter: (value: number) =>
        isPercent || display === undefined ? `${value} %` : displayText(display(value)),
    },
  };
}

/** An estimate of the widest value in print. */
function longestPx(series: readonly BarSeries[]): number {
  const texts = series.flatMap((each) => each.texts);
  return 6.5 * texts.reduce((longest, { length }) => Math.max(longest, length), 0);
}

function barSeries(
  series: readonly BarSeries[],
  count: number,
  options: BarChartOptions,
  isLying: boolean,
  perBarPx: number,
  theme: ChartTheme,
) {
  const isStacked = options.stacking !== "none";
  const totals = Array.from({ length: count }, (_, i) =>
    series.reduce((sum, { values }) => sum + Math.abs(values[i] || 0), 0),
  );
  const scaled = (value: number, i: number): number =>
    options.stacking === "percent" && (totals[i] ?? 0) > 0
      ? (100 * value) / (totals[i] ?? 1)
      : value;
  const hasValues =
    options.show_value === "always" ||
    (options.show_value === "auto" && !isStacked && perBarPx >= (isLying ? 16 : longestPx(series)));
  return series.map((each) => {
    const own = BarChartFieldOptions.safeParse(each.field.options.custom ?? {});
    const { fill_opacity: fill, line_width: line } = own.data ?? {
      fill_opacity: 80,
      line_width: 1,
    };
    return {
      type: "bar",
      ...(isStacked ? { stack: "all" } : {}),
      barCategoryGap: `${Math.round((1 - options.group_width) * 100)}%`,
      barGap: `${Math.round((1 / options.bar_width - 1) * 100)}%`,
      barMaxWidth: 80,
      label: {
        show: hasValues,
        position: isStacked ? "inside" : isLying ? "right" : "top",
        color: theme.text,
        fontSize: 11,
        formatter: ({ dataIndex }: { readonly dataIndex: number }) => each.texts[dataIndex] ?? "",
      },
      labelLayout: { hideOverlap: true },
      data: each.values.map((value, i) => {
        const color = each.colors[i] ?? each.color;
        return {
          value: Number.isNaN(value) ? "-" : scaled(value, i),
          itemStyle: {
            color: withAlpha(color, fill / 100),
            borderColor: color,
            borderWidth: line,
            borderRadius: options.bar_radius * 20,
          },
        };
      }),
    };
  });
}
