import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { useDark } from "../state/theme.ts";
import { useTimeZone } from "../state/time_zone.ts";
import { summarise, type ChartData, type ChartSeries } from "./chart_data.ts";
import { chartOptions } from "./chart_options.ts";
import { formatValue, type Unit } from "../units/format.ts";
import { type Band, shadeBands } from "./shades/bands.ts";
import { shadeIncomplete } from "./shades/incomplete_shade.ts";
import { useGraphPlane } from "./graph/graph_plane.ts";
import { LegendTable } from "./legend_table.tsx";
import { createAxis } from "./scale.ts";
import type { Incomplete } from "./time_plane.ts";
import { TimeMarks } from "./time_marks.tsx";
import type { ChartAnnotation } from "./time_shared.ts";
import { createTooltip } from "./tooltip.ts";

type Props = {
  readonly label: string;
  readonly data: ChartData;
  readonly unit: Unit;
  readonly height: number;
  readonly crosshair: string;
  readonly fixedMax?: number | undefined;
  /** Where data are known not to be complete. */
  readonly incomplete?: readonly Incomplete[];
  /** Spans that are shaded, such as times in which an alert fired. */
  readonly bands?: readonly Band[];
  /** Marks on the time axis. */
  readonly annotations?: readonly ChartAnnotation[];
  readonly onZoom: (startMs: number, endMs: number) => void;
  readonly onZoomOut: () => void;
};

const none: readonly never[] = [];

/** Lines over time with a legend table. New data redraw; another set of series builds the chart anew. */
export function TimeChart(props: Props) {
  const { label, data, unit, height, annotations = none } = props;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set<string>());
  const host = useRef<HTMLDivElement>(null);
  const { chart, draws } = useChart(host, props, hidden);
  const plane = useGraphPlane(chart, draws, annotations.length > 0);
  const timeZone = useTimeZone();
  const keys = data.series.map((series) => series.key);
  const isolate = useCallback(
    (key: string) => {
      const others = keys.filter((other) => other !== key);
      const alone = !hidden.has(key) && others.every((other) => hidden.has(other));
      setHidden(new Set(alone ? [] : others));
    },
    [keys, hidden],
  );
  const toggle = useCallback(
    (key: string) => {
      const next = new Set(hidden);
      if (!next.delete(key)) next.add(key);
      setHidden(next);
    },
    [hidden],
  );
  return (
    <>
      <div className="chart-place">
        <div
          ref={host}
          className="chart-canvas"
          style={{ height }}
          role="img"
          aria-label={`${label}: ${keys.length} series over time, the values are in the table below`}
        />
        {plane !== undefined && <TimeMarks {...{ plane, annotations, timeZone }} />}
      </div>
      {data.series.length === 1 && <OnlySeries series={data.series[0]} unit={unit} />}
      {data.series.length > 1 && (
        <LegendTable
          label={label}
          series={data.series}
          unit={unit}
          hidden={hidden}
          onIsolate={isolate}
          onToggle={toggle}
        />
      )}
    </>
  );
}

/** A table of one row would say nothing more than this line. */
function OnlySeries({
  series,
  unit,
}: {
  readonly series: ChartSeries | undefined;
  readonly unit: Unit;
}) {
  if (series === undefined) return null;
  return (
    <p className="only-series">
      <span className="swatch" style={{ background: series.color }} />
      <span className="clip" title={series.name}>
        {series.name}
      </span>
      <span>{formatValue(summarise(series.values).last, unit)}</span>
    </p>
  );
}

function useChart(
  host: React.RefObject<HTMLDivElement | null>,
  props: Props,
  hidden: ReadonlySet<string>,
) {
  const { data, unit, fixedMax, crosshair, height, incomplete, bands, annotations } = props;
  const dark = useDark();
  const timeZone = useTimeZone();
  const chart = useRef<uPlot>(undefined);
  const [draws, setDraws] = useState(0);
  // The chart outlives renders: it reads what is current through this.
  const latest = useRef(props);
  latest.current = props;
  const columns = useMemo(() => toColumns(data), [data]);
  const latestColumns = useRef(columns);
  latestColumns.current = columns;
  const identity = data.series.map(({ key, color }) => key + color).join("\u0000");
  const spanMs = Math.round((data.window.endMs - data.window.startMs) / 1_000);

  useEffect(() => {
    const root = host.current;
    if (root === null) return;
    const style = getComputedStyle(root);
    const tooltip = createTooltip(unit, timeZone);
    const made = new uPlot(
      chartOptions({
        width: root.clientWidth,
        height,
        unit,
        timeZone,
        series: latest.current.data.series,
        colours: {
          text: style.getPropertyValue("--text-quiet"),
          grid: style.getPropertyValue("--line"),
        },
        crosshair,
        scaleOf: createAxis(unit, fixedMax),
        windowMs: () => [latest.current.data.window.startMs, latest.current.data.window.endMs],
        onZoom: (startMs, endMs) => latest.current.onZoom(startMs, endMs),
        onZoomOut: () => latest.current.onZoomOut(),
        onCursor: tooltip.update,
        under: (drawn) => drawUnder(drawn, latest.current, dark),
        onDrawn: () => {
          if ((latest.current.annotations ?? none).length > 0) setDraws((before) => before + 1);
        },
      }),
      latestColumns.current,
      root,
    );
    tooltip.attach(made);
    chart.current = made;
    const observer = new ResizeObserver(() => {
      if (root.clientWidth > 0) made.setSize({ width: root.clientWidth, height });
    });
    observer.observe(root);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [host, identity, dark, unit, timeZone, fixedMax, crosshair, height, spanMs]);

  useEffect(() => {
    chart.current?.setData(columns);
  }, [columns]);

  // The lines stay as they are: only what is under them changes.
  useEffect(() => chart.current?.redraw(false), [incomplete, bands, annotations]);

  useEffect(() => {
    showSeries(chart.current, data, hidden);
  }, [data, hidden, dark, timeZone]);
  return { chart, draws };
}

function showSeries(
  chart: uPlot | undefined,
  { series }: ChartData,
  hidden: ReadonlySet<string>,
): void {
  series.forEach(({ key }, i) => {
    const show = !hidden.has(key);
    if (chart?.series[i + 1]?.show !== show) chart?.setSeries(i + 1, { show });
  });
}

function drawUnder(
  chart: uPlot,
  { bands = [], incomplete = [] }: Pick<Props, "bands" | "incomplete">,
  dark: boolean,
): void {
  shadeBands(chart, bands);
  shadeIncomplete(chart, incomplete, dark);
}

function toColumns(data: ChartData): uPlot.AlignedData {
  return [
    Array.from(data.timesMs),
    ...data.series.map(({ values }) =>
      Array.from(values, (value) => (Number.isFinite(value) ? value : null)),
    ),
  ];
}
