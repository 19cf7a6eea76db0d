import { useCallback, useMemo, useState } from "react";
import { displayOf, displayText } from "../../plot/display.ts";
import type { Frame } from "../../frames/frame.ts";
import { useChartTheme, type ChartTheme } from "../../plot/chart_theme.ts";
import { fieldStyles } from "../../plot/color_modes.ts";
import { withAlpha } from "../../plot/colors.ts";
import { EChart, type ChartItem } from "../../plot/echart.tsx";
import type { Tip } from "../../plot/tip.ts";
import type { PanelProps } from "../panel_kind.ts";
import { HiddenTable } from "../parts/hidden_table.tsx";
import { WithLegend } from "../parts/legend.tsx";
import { Nothing } from "../parts/nothing.tsx";
import { bucketsMax, histogramOf, type ValueSource } from "./buckets.ts";
import { HistogramFieldOptions, type HistogramOptions } from "./options.ts";

type Shown = {
  readonly ranges: readonly string[];
  readonly edges: readonly string[];
  readonly series: readonly {
    readonly key: string;
    readonly name: string;
    readonly color: string;
    readonly fill: number;
    readonly line: number;
    readonly counts: readonly number[];
    readonly sourceOf: (bucket: number) => ValueSource | undefined;
  }[];
  readonly isCoarser: boolean;
};

/** How often values lie in which bucket. */
export function HistogramPanel({
  title,
  options,
  frames,
  timeZone,
  width,
  height,
  linksOf,
}: PanelProps<HistogramOptions>) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set<string>());
  const all = useShown(frames, options, timeZone);
  const shown = useMemo(
    () => ({ ...all, series: all.series.filter(({ key }) => !hidden.has(key)) }),
    [all, hidden],
  );
  if (all.ranges.length === 0) return <Nothing>No value to count in this time range.</Nothing>;
  const label = `${title === "" ? "Histogram" : title}: ${all.ranges.length} buckets from ${all.edges[0]} to ${all.edges.at(-1)}`;
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
            shown={shown}
            isStacked={options.stack}
            width={w}
            height={h}
            linksOf={linksOf}
          />
        )}
      </WithLegend>
      {all.isCoarser && <p className="panel-corner">larger buckets: {bucketsMax} at most</p>}
      <HiddenTable
        caption={label}
        head={["Bucket", ...all.series.map(({ name }, i) => `${i + 1}. ${name}`)]}
        rows={all.ranges.map((range, i) => [
          range,
          ...all.series.map(({ counts }) => String(counts[i] ?? 0)),
        ])}
      />
    </>
  );
}

/** The buckets with their bounds in words, and the series with their colours. */
function useShown(frames: readonly Frame[], options: HistogramOptions, timeZone: string): Shown {
  const { dark } = useChartTheme();
  return useMemo((): Shown => {
    const { bounds, series, isCoarser } = histogramOf(frames, options);
    const first = series[0];
    const display = first === undefined ? undefined : displayOf(first.field, { dark, timeZone });
    const texts = bounds.map((bound) =>
      Number.isFinite(bound) && display !== undefined
        ? displayText(display(bound))
        : bound > 0
          ? "∞"
          : "−∞",
    );
    const styles = fieldStyles(
      series.map(({ field }) => field),
      dark,
    );
    return {
      ranges: texts.slice(1).map((upper, i) => `${texts[i] ?? ""} to ${upper}`),
      edges: texts,
      isCoarser,
      series: series.map(({ name, field, counts, sourceOf }, i) => {
        const own = HistogramFieldOptions.safeParse(field.options.custom ?? {}).data;
        const { fill_opacity: fill = 80, line_width: line = 1 } = own ?? {};
        const color = styles[i]?.color ?? "";
        return { key: `${i}`, name, counts, color, fill, line, sourceOf };
      }),
    };
  }, [frames, options, dark, timeZone]);
}

function Chart({
  label,
  shown,
  isStacked,
  width,
  height,
  linksOf,
}: {
  readonly label: string;
  readonly shown: Shown;
  readonly isStacked: boolean;
  readonly width: number;
  readonly height: number;
  readonly linksOf: PanelProps<unknown>["linksOf"];
}) {
  const { ranges, edges, series } = shown;
  const tip = ({ dataIndex, seriesIndex }: ChartItem): Tip | undefined => {
    const range = ranges[dataIndex];
    if (range === undefined) return undefined;
    const rows = series.map(({ name, color, counts }) => ({
      color,
      name,
      value: String(counts[dataIndex] ?? 0),
    }));
    const source = series[seriesIndex]?.sourceOf(dataIndex);
    const links = source === undefined ? [] : linksOf(source.field, source.row);
    return { head: range, rows, links };
  };
  const option = useCallback(
    (theme: ChartTheme) => ({
      grid: { left: 4, right: 28, top: 10, bottom: 4, containLabel: true },
      xAxis: [
        { type: "category", data: ranges, show: false },
        {
          // A second scale under the first, whose ticks stand between the bars: the buckets' bounds.
          type: "category",
          position: "bottom",
          data: edges,
          boundaryGap: false,
          axisLine: { lineStyle: { color: theme.line } },
          axisTick: { show: false },
          axisLabel: { color: theme.textQuiet, fontSize: 11, hideOverlap: true },
        },
      ],
      yAxis: {
        type: "value",
        minInterval: 1,
        splitNumber: 4,
        splitLine: { lineStyle: { color: theme.line } },
        axisLabel: { color: theme.textQuiet, fontSize: 11 },
      },
      series: series.map(({ color, fill, line, counts }) => ({
        type: "bar",
        ...(isStacked ? { stack: "all" } : {}),
        barCategoryGap: series.length > 1 && !isStacked ? "10%" : "2%",
        barGap: "0%",
        itemStyle: { color: withAlpha(color, fill / 100), borderColor: color, borderWidth: line },
        data: counts,
      })),
    }),
    [ranges, edges, series, isStacked],
  );
  return <EChart label={label} width={width} height={height} option={option} tip={tip} />;
}
