import { useMemo } from "react";
import type { Frame } from "../../../frames/frame.ts";
import type { InspectedAnswer } from "../../../frames/inspect_query.ts";
import { PanelBody } from "../../../panels/panel_body.tsx";
import { usePageRange } from "../../../state/page_range.ts";
import { zoomedOut } from "../../../state/time_range.ts";

type Props = {
  readonly title: string;
  readonly answer: InspectedAnswer;
  readonly frames: readonly Frame[];
  /** By Grafana's id. */
  readonly unit: string;
  readonly legend?: "hidden" | "table" | "list";
};

const none: readonly never[] = [];

/** A time chart among others; their crosshairs move together. */
export function SmallChart({ title, answer, frames, unit, legend = "hidden" }: Props) {
  const { setRange, timeZone } = usePageRange();
  const drawn = useMemo(() => frames.map((frame) => inUnit(frame, unit)), [frames, unit]);
  return (
    <PanelBody
      kind="timeseries"
      title={title}
      options={{ legend }}
      frames={drawn}
      window={answer.window}
      stepMs={answer.stepMs}
      timeZone={timeZone}
      crosshair="metrics"
      annotations={none}
      onZoom={(startMs, endMs) =>
        setRange({ from: String(Math.round(startMs)), to: String(Math.round(endMs)) })
      }
      onZoomOut={() => setRange(zoomedOut(answer.window, Date.now()))}
      onFilter={undefined}
      onAnnotate={undefined}
      interpolate={(text) => text}
      linksOf={() => none}
    />
  );
}

function inUnit(frame: Frame, unit: string): Frame {
  const fields = frame.fields.map((field) =>
    field.type === "number" ? { ...field, options: { ...field.options, unit } } : field,
  );
  return { ...frame, fields };
}
