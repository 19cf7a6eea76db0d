import { startTransition, useCallback, useMemo, useState } from "react";
import { GraphChart } from "../../plot/graph/graph_chart.tsx";
import { graphOf, type GraphSeries } from "../../plot/graph/graph_model.ts";
import { GraphStyle, type GraphOptions } from "../../plot/graph/graph_style.ts";
import { useDark } from "../../state/theme.ts";
import { customOf } from "../../options/checked.ts";
import type { PanelProps } from "../panel_kind.ts";
import { Nothing } from "../parts/nothing.tsx";

/** Series over time. */
export function TimeSeriesPanel(props: PanelProps<GraphOptions>) {
  return <GraphPanel {...props} isTime />;
}

/** A graph of the panel's frames; the kinds that draw one differ in their horizontal axis. */
export function GraphPanel(props: PanelProps<GraphOptions> & { readonly isTime: boolean }) {
  const { frames, options, linksOf, isTime } = props;
  const dark = useDark();
  const [asked, setAsked] = useState<number>();
  const seriesMax = Math.max(options.series_max, asked ?? 0);
  const graph = useMemo(
    () =>
      graphOf(frames, isTime, { dark, seriesMax, styleOf: (field) => customOf(GraphStyle, field) }),
    [frames, isTime, dark, seriesMax],
  );
  // A thousand series and their legend are rendered in many short tasks.
  const onSeriesMax = useCallback((most: number) => startTransition(() => setAsked(most)), []);
  const links = useCallback(
    ({ field, has }: GraphSeries, index: number) => {
      const row = has === undefined ? index : rowAt(frames, field, graph.positions[index]);
      return row === undefined ? [] : linksOf(field, row);
    },
    [frames, graph, linksOf],
  );
  if (graph.series.length === 0) {
    return (
      <Nothing>
        {isTime
          ? "No numbers over time in this answer. Ask for a range, or choose the table."
          : "No numbers over a column in order. Choose the column of the axis."}
      </Nothing>
    );
  }
  return <GraphChart {...props} graph={graph} linksOf={links} onSeriesMax={onSeriesMax} />;
}

/** The row of the field's own frame that stands at a position. */
function rowAt(
  frames: PanelProps<GraphOptions>["frames"],
  field: GraphSeries["field"],
  position: number | undefined,
): number | undefined {
  const frame = frames.find(({ fields }) => fields.includes(field));
  const times = frame?.fields.find(({ type }) => type === "time")?.values;
  const row = times?.findIndex((value) => value === position) ?? -1;
  return row < 0 ? undefined : row;
}
