import { useCallback, useMemo, useRef, useState } from "react";
import type { DataLink } from "#shared/dashboards/dashboard.ts";
import { useDark } from "../../state/theme.ts";
import { TimeMarks } from "../time_marks.tsx";
import { useGraphPlane } from "./graph_plane.ts";
import { drawnColumns } from "./graph_columns.ts";
import { moveByKey } from "./graph_cursor.ts";
import type { GraphChartProps } from "./graph_chart_props.ts";
import { GraphLegend } from "./graph_legend.tsx";
import type { GraphSeries } from "./graph_model.ts";
import { legendBeside, legendRoom, listRows } from "./legend_room.ts";
import { GraphTooltip } from "./graph_tooltip.tsx";
import { useGraph } from "./use_graph.ts";

const seriesLimit = 1_000;

/** Series over time, or over any numbers, with crosshair, tooltip and legend. */
export function GraphChart(props: GraphChartProps) {
  const { graph, options, title, annotations, timeZone, onAnnotate } = props;
  const dark = useDark();
  const [hidden, isolate, toggle] = useHidden(graph.series);
  const drawn = useMemo(() => drawnColumns(graph, hidden), [graph, hidden]);
  const layout = layoutOf(props);
  const host = useRef<HTMLDivElement>(null);
  const size = { width: layout.plotWidth, height: layout.plotHeight };
  const { chart, draws, place, pin, close } = useGraph(host, {
    ...props,
    ...size,
    drawn,
    hidden,
    dark,
  });
  const plane = useGraphPlane(chart, draws, graph.isTime && annotations.length > 0);
  const listed = useMemo(() => listedOf(graph), [graph]);
  return (
    <div className={`graph ${layout.isBeside ? "beside" : "below"}`}>
      <div
        ref={host}
        className="graph-canvas"
        style={size}
        role="img"
        tabIndex={0}
        aria-label={`${title}: ${graph.series.length} series; arrow keys move the crosshair`}
        onKeyDown={(event) => {
          if (chart.current === undefined) return;
          if (moveByKey(chart.current, event.key, event.shiftKey)) event.preventDefault();
          else if (event.key === "Enter") pin();
          else if (event.key === "Escape") close();
        }}
      />
      {plane !== undefined && (
        <TimeMarks {...{ plane, annotations, timeZone }} onChange={onAnnotate} />
      )}
      <Limit {...props} />
      {layout.legendHeight > 0 && (
        <div
          className="graph-legend"
          style={legendSize(layout, props.height)}
          tabIndex={0}
          role="region"
          aria-label={`${title}: legend`}
        >
          <GraphLegend
            {...{ title, options, hidden }}
            series={listed}
            onIsolate={isolate}
            onToggle={toggle}
          />
        </div>
      )}
      {place !== undefined && options.tooltip !== "off" && (
        <GraphTooltip
          graph={graph}
          place={place}
          hidden={hidden}
          options={options}
          timeZone={props.timeZone}
          linksOf={props.linksOf ?? noLinks}
          onFilter={props.onFilter}
          onAnnotate={annotateAt(props, place.idx)}
          onClose={close}
        />
      )}
    </div>
  );
}

function legendSize(
  { isBeside, legendWidth, legendHeight }: ReturnType<typeof layoutOf>,
  height: number,
) {
  return isBeside
    ? { width: legendWidth, height: legendBeside(height) }
    : { maxHeight: legendHeight };
}

function listedOf({ series }: GraphChartProps["graph"]): readonly GraphSeries[] {
  return series.filter(({ style }) => !style.hidden_in_legend);
}

function noLinks(): readonly DataLink[] {
  return [];
}

function annotateAt({ graph, onAnnotate }: GraphChartProps, idx: number) {
  const at = graph.positions[idx];
  if (onAnnotate === undefined || at === undefined || !graph.isTime) return undefined;
  return () => onAnnotate(at, undefined);
}

/** Says that series are left out, and how to see them. */
function Limit({ graph, onSeriesMax }: GraphChartProps) {
  const { seriesCount, series } = graph;
  if (seriesCount <= series.length) return null;
  const most = Math.min(seriesLimit, seriesCount);
  return (
    <p className="graph-limit" role="status">
      <span>
        Showing the {series.length.toLocaleString("en")} largest of{" "}
        {seriesCount.toLocaleString("en")} series. Narrow the query by labels, or ask for{" "}
        <code>topk({series.length}, …)</code>.
      </span>
      {onSeriesMax !== undefined && series.length < most && (
        <button type="button" onClick={() => onSeriesMax(most)}>
          Show {most.toLocaleString("en")}
        </button>
      )}
    </p>
  );
}

function useHidden(series: readonly GraphSeries[]) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(() => new Set<string>());
  const isolate = useCallback(
    (key: string) => {
      const others = series.map((one) => one.key).filter((other) => other !== key);
      const isAlone = !hidden.has(key) && others.every((other) => hidden.has(other));
      setHidden(new Set(isAlone ? [] : others));
    },
    [series, hidden],
  );
  const toggle = useCallback(
    (key: string) => {
      const next = new Set(hidden);
      if (!next.delete(key)) next.add(key);
      setHidden(next);
    },
    [hidden],
  );
  return [hidden, isolate, toggle] as const;
}

/** A legend takes what it needs, and at most two fifths of the panel. Small panels have none. */
function layoutOf({ graph, options, width, height }: GraphChartProps) {
  const listed = listedOf(graph);
  const isShown = options.legend !== "hidden" && listed.length > 1 && height >= 120;
  const isBeside = isShown && options.legend_at === "right" && width >= 420;
  const limitPx = graph.seriesCount > graph.series.length ? 24 : 0;
  if (!isShown) {
    return {
      isBeside: false,
      legendHeight: 0,
      legendWidth: 0,
      plotWidth: width,
      plotHeight: Math.max(20, height - limitPx),
    };
  }
  if (isBeside) {
    const figures = options.legend === "table" ? options.legend_calcs.length * 76 : 0;
    const legendWidth = Math.min(Math.round(width * 0.45), 160 + figures);
    return {
      isBeside,
      legendHeight: height,
      legendWidth,
      plotWidth: width - legendWidth - 8,
      plotHeight: Math.max(20, height - limitPx),
    };
  }
  const rows =
    options.legend === "table"
      ? listed.length + 1
      : listRows(
          listed.map(({ name }) => name),
          options.legend_calcs.length,
          width,
        );
  const legendHeight = legendRoom(rows, height);
  return {
    isBeside: false,
    legendHeight,
    legendWidth: 0,
    plotWidth: width,
    plotHeight: Math.max(20, height - legendHeight - limitPx),
  };
}
