import { useMemo } from "react";
import { useChartTheme } from "../../plot/chart_theme.ts";
import type { PanelProps } from "../panel_kind.ts";
import { Nothing } from "../parts/nothing.tsx";
import { StatePicture } from "../parts/state_picture.tsx";
import { statesOf } from "../parts/states.ts";
import type { StateTimelineOptions } from "./options.ts";

/** Which state held from when to when. */
export function StateTimelinePanel(props: PanelProps<StateTimelineOptions>) {
  const { options, frames, window, stepMs, timeZone } = props;
  const { dark } = useChartTheme();
  const states = useMemo(
    () => statesOf(frames, { merge: options.merge, window, stepMs, dark, timeZone }),
    [frames, options.merge, window, stepMs, dark, timeZone],
  );
  if (states.rows.every(({ values }) => values.length === 0)) {
    return <Nothing>No state in this time range: this picture needs values over time.</Nothing>;
  }
  return (
    <StatePicture
      {...props}
      what="States"
      states={states}
      legend={options.legend}
      rowHeight={options.row_height}
      columnWidth={undefined}
      showValue={options.show_value}
      align={options.align}
    />
  );
}
