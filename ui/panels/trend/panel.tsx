import { useMemo } from "react";
import { fieldName } from "../../plot/display.ts";
import type { Frame } from "../../frames/frame.ts";
import type { PanelProps } from "../panel_kind.ts";
import { GraphPanel } from "../timeseries/panel.tsx";
import type { TrendOptions } from "./options.ts";

/** Series over another column: numbers in order, or times where it is one of them that is named. */
export function TrendPanel(props: PanelProps<TrendOptions>) {
  const { frames, options } = props;
  const ordered = useMemo(
    () => frames.map((frame) => axisFirst(frame, options.x_field)),
    [frames, options.x_field],
  );
  const isTime = ordered.length > 0 && ordered.every(({ fields }) => fields[0]?.type === "time");
  return <GraphPanel {...props} frames={ordered} isTime={isTime} />;
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
