import { useMemo } from "react";
import { useChartTheme } from "../../plot/chart_theme.ts";
import type { PanelProps } from "../panel_kind.ts";
import { Nothing } from "../parts/nothing.tsx";
import { StatePicture } from "../parts/state_picture.tsx";
import { statesOf } from "../parts/states.ts";
import type { StatusHistoryOptions } from "./options.ts";

/** Every sample's state in a cell of its own. */
export function StatusHistoryPanel(props: PanelProps<StatusHistoryOptions>) {
  const { options, frames, window, stepMs, timeZone } = props;
  const { dark } = useChartTheme();
  const states = useMemo(
    () => statesOf(frames, { merge: false, window, stepMs, dark, timeZone }),
    [frames, window, stepMs, dark, timeZone],
  );
  if (states.rows.every(({ values }) => values.length === 0)) {
    return <Nothing>No state in this time range: this picture needs values over time.</Nothing>;
  }
  return (
    <StatePicture
      {...props}
      what="History"
      states={states}
      legend={options.legend}
      rowHeight={options.row_height}
      columnWidth={options.column_width}
      showValue={options.show_value}
      align="center"
    />
  );
}
