import { useMemo } from "react";
import { fieldName } from "../../frames/display.ts";
import type { Frame } from "../../frames/frame.ts";
import type { PanelProps } from "../panel_kind.ts";
import { GraphPanel } from "../timeseries/panel.tsx";
import type { TrendOptions } from "./options.ts";

/** Series over numbers that are not times. */
export function TrendPanel(props: PanelProps<TrendOptions>) {
  const { frames, options } = props;
  const ordered = useMemo(
    () => frames.map((frame) => axisFirst(frame, options.x_field)),
    [frames, options.x_field],
  );
  return <GraphPanel {...props} frames={ordered} isTime={false} />;
}

/** The column of the axis comes first; times are left out where it is not one of them. */
function axisFirst(frame: Frame, name: string): Frame {
  const axis = frame.fields.find((field) =>
    name === "" ? field.type === "number" : fieldName(field) === name || field.name === name,
  );
  if (axis === undefined) return { ...frame, fields: [] };
  const others = frame.fields.filter((field) => field !== axis && field.type !== "time");
  return { ...frame, fields: [axis, ...others] };
}
