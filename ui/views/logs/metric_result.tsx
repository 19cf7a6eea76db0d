import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { askFrames } from "../../frames/ask.ts";
import type { Frame } from "../../frames/frame.ts";
import { chartOfFrames } from "../../plot/chart_of_frames.ts";
import { seriesLabels, useAlertMarks } from "../../panels/alert_marks/use_alert_marks.ts";
import { TimeChart } from "../../plot/time_chart.tsx";
import { usePageRange } from "../../state/page_range.ts";
import { useDark } from "../../state/theme.ts";
import { zoomedOut, type Window } from "../../state/time_range.ts";
import { Incomplete } from "../../widgets/incomplete.tsx";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { CreateAlert } from "./saving/create_alert.tsx";
import { AddToDashboard } from "./saving/add_to_dashboard.tsx";
import { ErrorText } from "../../widgets/error_text.tsx";

const seriesMax = 50;

type Props = {
  readonly query: string;
  readonly window: Window;
  readonly stepMs: number;
  readonly onZoom: (startMs: number, endMs: number) => void;
};

/** What LogQL makes of lines when it counts them: a chart with a legend of values. */
export function MetricResult({ query, window, stepMs, onZoom }: Props) {
  const answer = useQuery({
    queryKey: ["log_metric", query, window.startMs, window.endMs],
    queryFn: ({ signal }) =>
      askFrames(
        {
          ref: "A",
          source: "logs",
          expr: query,
          instant: false,
          format: "time_series",
          legend: undefined,
          window,
          stepMs,
          limit: undefined,
        },
        signal,
      ),
    placeholderData: (before, beforeQuery) =>
      beforeQuery?.queryKey[1] === query ? keepPreviousData(before) : undefined,
    structuralSharing: false,
    gcTime: 10_000,
  });
  if (answer.isError && answer.data === undefined)
    return <ErrorText query={query} error={answer.error} />;
  return (
    <Picture query={answer} skeleton={<Skeleton rows={1} height={320} />}>
      {(frames) => (
        <>
          <div className="toolbar">
            <RefreshCorner query={answer} />
            <Incomplete warnings={frames.flatMap(({ notices }) => notices)} />
            <span className="logs-bar-end" />
            <CreateAlert query={query} isMetric />
            <AddToDashboard query={query} isMetric />
          </div>
          <MetricChart frames={frames} window={window} onZoom={onZoom} />
        </>
      )}
    </Picture>
  );
}

type ChartProps = {
  readonly frames: readonly Frame[];
  readonly window: Window;
  readonly onZoom: Props["onZoom"];
};

function MetricChart({ frames, window, onZoom }: ChartProps) {
  const dark = useDark();
  const { setRange } = usePageRange();
  const data = useMemo(
    () => chartOfFrames(frames.slice(0, seriesMax), window, dark),
    [frames, window, dark],
  );
  const labels = useMemo(() => seriesLabels(frames), [frames]);
  const annotations = useAlertMarks(window, labels);
  if (data.series.length === 0)
    return <Empty title="No series">The query found no lines to count in this range.</Empty>;
  return (
    <section className="block" aria-label="Series">
      {frames.length > seriesMax && (
        <p className="quiet">
          Showing {seriesMax} of {frames.length} series. Group by fewer labels, or use topk.
        </p>
      )}
      <TimeChart
        label="Result"
        data={data}
        unit="count"
        height={320}
        crosshair="logs"
        annotations={annotations}
        onZoom={onZoom}
        onZoomOut={() => setRange(zoomedOut(window, Date.now()))}
      />
    </section>
  );
}
