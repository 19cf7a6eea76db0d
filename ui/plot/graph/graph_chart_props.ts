import type { DataLink } from "#shared/dashboards/dashboard.ts";
import type { ChartAnnotation } from "../time_shared.ts";
import type { Window } from "../../state/time_range.ts";
import type { Incomplete } from "../time_plane.ts";
import type { Graph, GraphSeries } from "./graph_model.ts";
import type { GraphOptions } from "./graph_style.ts";

/** What a graph is given: its series are already those of its frames (graph_model.ts). */
export type GraphChartProps = {
  readonly title: string;
  readonly graph: Graph;
  readonly options: GraphOptions;
  readonly window: Window;
  /** Unit of the horizontal axis, where it is not time. */
  readonly unit?: string;
  readonly timeZone: string;
  readonly width: number;
  readonly height: number;
  readonly crosshair: string;
  readonly hasSharedTooltip?: boolean;
  readonly annotations: readonly ChartAnnotation[];
  readonly incomplete?: readonly Incomplete[];
  readonly linksOf?: (series: GraphSeries, index: number) => readonly DataLink[];
  readonly onZoom: (startMs: number, endMs: number) => void;
  readonly onZoomOut: () => void;
  readonly onFilter?: ((label: string, op: "=" | "!=", value: string) => void) | undefined;
  readonly onAnnotate?: ((startMs: number, endMs: number | undefined) => void) | undefined;
  /** Draws up to so many series; undefined where the limit is not to be changed. */
  readonly onSeriesMax?: ((most: number) => void) | undefined;
};
