import { alertList } from "./alert_list/index.ts";
import { annotationList } from "./annotation_list/index.ts";
import { barChart } from "./barchart/index.ts";
import { barGauge } from "./bargauge/index.ts";
import { candlestick } from "./candlestick/index.ts";
import { dashboardList } from "./dashboard_list/index.ts";
import { flameGraph } from "./flame_graph/index.ts";
import { gauge } from "./gauge/index.ts";
import { geomap } from "./geomap/index.ts";
import { heatmap } from "./heatmap/index.ts";
import { histogram } from "./histogram/index.ts";
import { logs } from "./logs/index.ts";
import { nodeGraph } from "./node_graph/index.ts";
import type { PanelKind } from "./panel_kind.ts";
import { pieChart } from "./piechart/index.ts";
import { sankey } from "./sankey/index.ts";
import { stat } from "./stat/index.ts";
import { stateTimeline } from "./state_timeline/index.ts";
import { statusHistory } from "./status_history/index.ts";
import { table } from "./table/index.ts";
import { text } from "./text/index.ts";
import { timeSeries } from "./timeseries/index.ts";
import { treemap } from "./treemap/index.ts";
import { trend } from "./trend/index.ts";
import { xyChart } from "./xychart/index.ts";

/** All kinds of panels, in the order of the picker. */
export const panelKinds: readonly PanelKind[] = [
  timeSeries,
  trend,
  stat,
  gauge,
  barGauge,
  barChart,
  pieChart,
  heatmap,
  histogram,
  stateTimeline,
  statusHistory,
  xyChart,
  candlestick,
  treemap,
  sankey,
  nodeGraph,
  geomap,
  flameGraph,
  table,
  logs,
  text,
  alertList,
  annotationList,
  dashboardList,
];

const byKind = new Map(panelKinds.map((each) => [each.kind, each]));

export function panelKindOf(kind: string): PanelKind | undefined {
  return byKind.get(kind);
}
