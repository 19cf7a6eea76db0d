import { useMemo } from "react";
import type { UseQueryResult } from "@tanstack/react-query";
import { labelsKey, type Labels } from "#shared/model/labels.ts";
import { incompleteOf, lateOf, type Late, type LateLane } from "../../dashboards/runner/late.ts";
import { newestMs, type ChartData, type ChartSeries } from "../../plot/chart_data.ts";
import { formatExact, formatSpan } from "../../units/format.ts";
import { seriesStyles } from "../../plot/palette.ts";
import { TimeChart } from "../../plot/time_chart.tsx";
import { usePageRange } from "../../state/page_range.ts";
import { useRangeSet, type RangeSet } from "../../queries/ranges.ts";
import { useAlertMarks } from "../../panels/alert_marks/use_alert_marks.ts";
import { useDark } from "../../state/theme.ts";
import { follows, windowOf, zoomedOut } from "../../state/time_range.ts";
import { useTimeZone } from "../../state/time_zone.ts";
import { Corner, Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { LateNote } from "../dashboards/grid/late_note.tsx";
import type { HostChart } from "./charts.ts";

const chartPx = 176;
const points = 240;
/** A live chart whose newest sample is older than this says so. */
const staleMs = 90_000;
/** Lines drawn in one chart. */
const linesMax = 100;

type Props = {
  readonly chart: HostChart;
  readonly host: string;
  /** What is known to be on its way. */
  readonly late: Late;
};

/** One chart of a host: title, corner, lines, legend table. */
export function ChartPanel({ chart, host, late }: Props) {
  const { range, intervalMs, timeZone } = usePageRange();
  const expressions = useMemo(
    () =>
      chart.lines.map(
        ({ expression }) =>
          (stepMs: number) =>
            expression(host, stepMs),
      ),
    [chart, host],
  );
  const everyMs = intervalMs === 0 ? 0 : Math.max(intervalMs, 5_000);
  const query = useRangeSet(expressions, { range, pointsMax: points, everyMs });
  const window = query.data?.window;
  const lanes = useMemo(
    () => (window === undefined ? [] : lateOf(host, "metrics", window, late)),
    [host, window, late],
  );
  return (
    <section className="panel" aria-label={chart.title}>
      <div className="panel-head">
        <h2>{chart.title}</h2>
        <PanelCorner query={query} live={follows(range)} />
        <LateNote lanes={lanes} timeZone={timeZone} />
      </div>
      <Picture query={query} skeleton={<Skeleton rows={1} height={chartPx} />}>
        {(set) => <PanelChart chart={chart} host={host} set={set} lanes={lanes} />}
      </Picture>
    </section>
  );
}

function PanelCorner({
  query,
  live,
}: {
  readonly query: UseQueryResult<RangeSet>;
  readonly live: boolean;
}) {
  const timeZone = useTimeZone();
  const set = query.data;
  if (set === undefined) return null;
  if (query.isError) return <RefreshCorner query={query} />;
  const [complaint] = set.complaints;
  if (complaint !== undefined) {
    return (
      <Corner state="partial" detail={set.complaints.join("\n")}>
        partial: {complaint}
      </Corner>
    );
  }
  const series = set.answers.flatMap((answer) => answer?.series ?? []);
  const newest = newestMs(set.timesMs, series);
  const ageMs = newest === undefined ? 0 : set.window.endMs - newest;
  if (!live || newest === undefined || ageMs < Math.max(staleMs, set.stepMs * 2)) return null;
  return (
    <Corner state="stale" detail={`The newest sample is of ${formatExact(newest, timeZone)}.`}>
      stale: newest sample is {formatSpan(ageMs)} old
    </Corner>
  );
}

type ChartProps = {
  readonly chart: HostChart;
  readonly host: string;
  readonly set: RangeSet;
  readonly lanes: readonly LateLane[];
};

function PanelChart({ chart, host, set, lanes }: ChartProps) {
  const { range, setRange } = usePageRange();
  const dark = useDark();
  const data = useMemo(() => chartData(chart, set, dark), [chart, set, dark]);
  const incomplete = useMemo(() => incompleteOf(lanes, set.window), [lanes, set.window]);
  const labels = useMemo(() => labelsOf(set, host), [set, host]);
  const annotations = useAlertMarks(set.window, labels);
  if (data.series.length === 0) {
    return (
      <Empty title="No samples in this range">
        Nothing came for <code>{chart.absent}</code>.
      </Empty>
    );
  }
  const zoomOut = (): void => {
    const nowMs = Date.now();
    const window = windowOf(range, nowMs);
    if (window !== undefined) setRange(zoomedOut(window, nowMs));
  };
  return (
    <TimeChart
      label={chart.title}
      data={data}
      unit={chart.unit}
      height={chartPx}
      crosshair="host"
      fixedMax={chart.fixedMax}
      incomplete={incomplete}
      annotations={annotations}
      onZoom={(startMs, endMs) =>
        setRange({ from: String(Math.round(startMs)), to: String(Math.round(endMs)) })
      }
      onZoomOut={zoomOut}
    />
  );
}

/** Of its series, and of the host: sums have no labels of their own. */
function labelsOf({ answers }: RangeSet, host: string): readonly Labels[] {
  const series = answers.flatMap((answer) => answer?.series ?? []).slice(0, linesMax);
  return [{ instance: host }, ...series.map(({ labels }) => labels)];
}

function chartData(chart: HostChart, set: RangeSet, dark: boolean): ChartData {
  const found: { name: string; labels: Labels; values: Float64Array }[] = [];
  chart.lines.forEach((line, i) => {
    for (const { labels, values } of set.answers[i]?.series ?? []) {
      if (values.every((value) => Number.isNaN(value))) continue;
      // The line's name makes lines of one metric family differ in colour, too.
      const name = line.name(labels);
      found.push({ name, labels: { ...labels, line: name }, values });
    }
  });
  const shown = found.slice(0, linesMax);
  const styles = seriesStyles(
    shown.map(({ labels }) => labels),
    dark,
  );
  const series = shown.map(({ name, labels, values }, i): ChartSeries => {
    const { color = "currentColor", dash = [] } = styles[i] ?? {};
    return { key: labelsKey(labels), name, color, dash, values };
  });
  return { window: set.window, timesMs: set.timesMs, series };
}
