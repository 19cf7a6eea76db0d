import { useMemo } from "react";
import { labelsKey, type Labels } from "#shared/model/labels.ts";
import type { RangeColumns } from "../../client/prometheus.ts";
import type { ChartData, ChartSeries } from "../../plot/chart_data.ts";
import { seriesStyles } from "../../plot/palette.ts";
import { TimeChart } from "../../plot/time_chart.tsx";
import { useRangeSet, type RangeSet } from "../../queries/ranges.ts";
import { usePageRange } from "../../state/page_range.ts";
import { useDark } from "../../state/theme.ts";
import { windowOf, zoomedOut } from "../../state/time_range.ts";
import { Empty, Picture, Skeleton } from "../../widgets/picture.tsx";
import { comparedPart, thresholdLine, type Compared } from "./threshold.ts";

const [chartPx, points, linesMax] = [180, 240, 20];

type Props = {
  readonly query: string;
  /** Of the alert whose series is shown; without any, all of the rule's. */
  readonly labels?: Labels;
};

/** What a rule looks at over the page's time range, with its threshold as a line. */
export function RuleChart({ query, labels }: Props) {
  const compared = useMemo(() => comparedPart(query), [query]);
  return compared === undefined ? null : <Chart compared={compared} labels={labels} />;
}

function Chart({
  compared,
  labels,
}: {
  readonly compared: Compared;
  readonly labels: Labels | undefined;
}) {
  const { range, setRange, intervalMs } = usePageRange();
  const dark = useDark();
  const expressions = useMemo(() => [() => compared.expr], [compared]);
  const everyMs = intervalMs === 0 ? 0 : Math.max(intervalMs, 15_000);
  const query = useRangeSet(expressions, { range, pointsMax: points, everyMs });
  const zoomOut = (): void => {
    const nowMs = Date.now();
    const window = windowOf(range, nowMs);
    if (window !== undefined) setRange(zoomedOut(window, nowMs));
  };
  return (
    <Picture query={query} expr={compared.expr} skeleton={<Skeleton rows={1} height={chartPx} />}>
      {(set) => {
        const data = chartData(set, compared, labels, dark);
        return data.series.length === 0 ? (
          <Empty title="No samples in this time range">
            Choose a longer one at the top of the page.
          </Empty>
        ) : (
          <TimeChart
            label="Expression"
            data={data}
            unit="count"
            height={chartPx}
            crosshair="alert"
            onZoom={(startMs, endMs) =>
              setRange({ from: String(Math.round(startMs)), to: String(Math.round(endMs)) })
            }
            onZoomOut={zoomOut}
          />
        );
      }}
    </Picture>
  );
}

function chartData(
  set: RangeSet,
  { threshold }: Compared,
  labels: Labels | undefined,
  dark: boolean,
): ChartData {
  const found = ownSeries(set.answers[0]?.series ?? [], labels).slice(0, linesMax);
  const styles = seriesStyles(
    found.map((one) => one.labels),
    dark,
  );
  const series = found.map((one, i): ChartSeries => {
    const { color = "currentColor", dash = [] } = styles[i] ?? {};
    return {
      key: labelsKey(one.labels),
      name: nameOf(one.labels),
      color,
      dash,
      values: one.values,
    };
  });
  if (threshold !== undefined && series.length > 0)
    series.push(thresholdLine(threshold, set.timesMs.length, dark));
  return { window: set.window, timesMs: set.timesMs, series };
}

type Series = RangeColumns["series"][number];

/** The series that made the alert, where one can be found by its labels. */
function ownSeries(all: readonly Series[], labels: Labels | undefined): readonly Series[] {
  if (labels === undefined) return all;
  const own = all.filter((one) =>
    Object.entries(one.labels).every(
      ([name, value]) => name === "__name__" || labels[name] === value,
    ),
  );
  return own.length > 0 ? own : all;
}

function nameOf(labels: Labels): string {
  const { __name__: name = "", ...rest } = labels;
  const texts = Object.entries(rest).map(([label, value]) => `${label}="${value}"`);
  if (texts.length === 0) return name === "" ? "value" : name;
  return `${name}{${texts.join(", ")}}`;
}
