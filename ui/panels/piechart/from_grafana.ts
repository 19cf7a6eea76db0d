import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import {
  dropTooltip,
  hideFromGrafana,
  legendFromGrafana,
  readGrafana,
  type GrafanaReader,
} from "../parts/grafana_reader.ts";
import { oldReducers, reduceFromGrafana } from "../parts/reduce_options.ts";

const figures = ["name", "value", "percent"] as const;

/** Also of grafana-piechart-panel, which kept its options on the panel itself. */
export function pieChartFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  const shape = ["pie", "donut"] as const;
  const isOld = source.type === "grafana-piechart-panel";
  const oldReducer = oldReducers[from.text("panel.valueName") ?? ""];
  if (isOld) dropOld(from);
  dropTooltip(from);
  const labels = from.texts("options.displayLabels");
  const values = from.texts("options.legend.values");
  for (const each of labels ?? []) {
    if (!figures.some((figure) => figure === each))
      note("options.displayLabels", `"${each.slice(0, 40)}" is not one of ${figures.join(", ")}`);
  }
  return from.done(
    {
      shape:
        from.choice("options.pieType", shape) ??
        (isOld ? from.choice("panel.pieType", shape) : undefined),
      reduce: {
        ...reduceFromGrafana(from, note),
        ...(isOld && oldReducer !== undefined ? { reducer: oldReducer } : {}),
      },
      sort: from.choice("options.sort", ["descending", "ascending", "none"] as const, {
        desc: "descending",
        asc: "ascending",
      }),
      labels: labels === undefined ? undefined : figures.filter((each) => labels.includes(each)),
      legend_values:
        values === undefined
          ? undefined
          : (["value", "percent"] as const).filter((each) => values.includes(each)),
      // A pie's legend has its `values` in Grafana, and never its `calcs`.
      legend: legendFromGrafana(from, ["list", "table"], false),
    },
    { hide: hideFromGrafana(from) },
  );
}

/** Of the plugin before Grafana 8, with its defaults. */
function dropOld(from: GrafanaReader): void {
  from.drop({
    "panel.strokeWidth": [1, "1"],
    "panel.combine": [
      { label: "Others", threshold: 0 },
      { label: "Others", threshold: "0" },
    ],
    "panel.fontSize": ["80%"],
    "panel.breakPoint": ["50%"],
    "panel.legendType": ["Under graph"],
    "panel.legend": [{ show: true, values: true }],
  });
}
