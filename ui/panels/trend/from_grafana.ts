import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import { readGrafana } from "../parts/grafana_reader.ts";
import { timeSeriesFromGrafana } from "../timeseries/from_grafana.ts";

/** Like a time series, with the column of its axis. */
export function trendFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const { xField: _read, ...rest } = source.options;
  const made = timeSeriesFromGrafana({ ...source, options: rest }, note);
  const xField = readGrafana(source, note).text("options.xField");
  return {
    ...made,
    options: { ...made.options, ...(xField === undefined ? {} : { x_field: xField }) },
  };
}
