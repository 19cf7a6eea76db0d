import { useCallback, useMemo } from "react";
import { formatSpan } from "../../units/format.ts";
import { CanvasPicture, clipped } from "../../plot/canvas_picture.tsx";
import type { ChartTheme } from "../../plot/chart_theme.ts";
import { textOn } from "../../plot/colors.ts";
import { TimePicture } from "../../plot/time_picture.tsx";
import type { TimeShared } from "../../plot/time_shared.ts";
import type { Tip } from "../../plot/tip.ts";
import type { PanelProps } from "../panel_kind.ts";
import { HiddenTable } from "./hidden_table.tsx";
import { WithLegend } from "./legend.tsx";
import type { LegendOptions } from "./legend_options.ts";
import { linksAt } from "./links_at.ts";
import { momentAt } from "./moment.ts";
import { sharesOf, stateAt, rowsMax, type States, type StateValue } from "./states.ts";
import { drawFrame, rowsFrame } from "./time_rows.tsx";

type Props = TimeShared &
  Pick<PanelProps<unknown>, "title" | "width" | "height" | "linksOf"> & {
    readonly states: States;
    readonly legend: LegendOptions;
    /** Share of a row that is filled. */
    readonly rowHeight: number;
    /** Share of its stretch that a value fills; undefined for all of it. */
    readonly columnWidth: number | undefined;
    readonly showValue: "auto" | "always" | "never";
    readonly align: "left" | "center" | "right";
    /** How a value that is shown as one column among many is called. */
    readonly what: string;
  };

/** States over time, a row each: what the timeline and the history of states have in common. */
export function StatePicture(props: Props) {
  const { title, states, legend, width, height, what } = props;
  const label = `${title === "" ? what : title}: ${states.rows.length} rows over time`;
  return (
    <>
      <WithLegend
        entries={states.legend}
        options={legend}
        width={width}
        height={height}
        hidden={none}
        onHide={undefined}
      >
        {(w, h) => <Rows {...props} label={label} width={w} height={h} />}
      </WithLegend>
      {states.rowsLeft > 0 && (
        <p className="panel-corner">
          {rowsMax} of {rowsMax + states.rowsLeft} rows
        </p>
      )}
      <HiddenTable
        caption={label}
        head={["Name", "Now", "Share of the time"]}
        rows={states.rows.map((row) => [row.name, row.values.at(-1)?.text ?? "", sharesOf(row)])}
      />
    </>
  );
}

const none: ReadonlySet<string> = new Set();

function Rows(props: Props & { readonly label: string }) {
  const { states, width, height, timeZone, rowHeight, columnWidth, showValue, align } = props;
  const names = useMemo(() => states.rows.map(({ name }) => name), [states]);
  const frame = useMemo(
    () => rowsFrame(names, width, height, states),
    [names, width, height, states],
  );
  const draw = useCallback(
    (context: CanvasRenderingContext2D, theme: ChartTheme) => {
      drawFrame(context, theme, frame, names, timeZone);
      const filled = Math.max(1, frame.rowPx * rowHeight);
      for (const [i, { values }] of states.rows.entries()) {
        const top = i * frame.rowPx + (frame.rowPx - filled) / 2;
        for (const value of values) {
          const box = boxOf(value, frame, columnWidth);
          context.fillStyle = value.color;
          context.fillRect(box.x, top, Math.max(0.5, box.width), filled);
          const hasRoom = filled >= 12 && (showValue === "always" || box.width >= 24);
          if (showValue !== "never" && hasRoom) {
            drawText(context, value, { ...box, y: top + filled / 2 }, align);
          }
        }
      }
    },
    [states, frame, names, timeZone, rowHeight, columnWidth, showValue, align],
  );
  const tip = (x: number, y: number): Tip | undefined => {
    const row = states.rows[frame.rowAt(y) ?? -1];
    if (row === undefined || x < frame.left) return undefined;
    const value = stateAt(row, frame.msOf(x));
    if (value === undefined) return undefined;
    const { startMs, endMs, color, text } = value;
    return {
      head: `${momentAt(startMs, timeZone)}, for ${formatSpan(endMs - startMs)}`,
      rows: [{ color, name: row.name, value: text }],
      links: linksAt(row.source, startMs, props.linksOf),
    };
  };
  const tipAt = (ms: number): Tip | undefined => {
    const rows = states.rows.flatMap((row) => {
      const value = stateAt(row, ms);
      return value === undefined ? [] : [{ color: value.color, name: row.name, value: value.text }];
    });
    return rows.length === 0 ? undefined : { head: momentAt(ms, timeZone), rows };
  };
  return (
    <TimePicture {...props} plane={frame} tipAt={tipAt}>
      <CanvasPicture label={props.label} width={width} height={height} draw={draw} tip={tip} />
    </TimePicture>
  );
}

type Box = { readonly x: number; readonly width: number };

function boxOf(
  { startMs, endMs }: StateValue,
  { xOf, left, right }: ReturnType<typeof rowsFrame>,
  columnWidth: number | undefined,
): Box {
  const from = Math.max(left, xOf(startMs));
  const to = Math.min(right, xOf(endMs));
  const width = Math.max(0, to - from);
  if (columnWidth === undefined) {
    // A thin line between neighbours, as long as they are wide enough to spare it.
    return { x: from, width: width > 3 ? width - 1 : width };
  }
  const shown = width * columnWidth;
  return { x: from + (width - shown) / 2, width: shown };
}

function drawText(
  context: CanvasRenderingContext2D,
  { text, color }: StateValue,
  box: Box & { readonly y: number },
  align: "left" | "center" | "right",
): void {
  const shown = clipped(context, text, box.width - 8);
  if (shown === "") return;
  context.fillStyle = textOn(color);
  context.textAlign = align;
  context.textBaseline = "middle";
  const x =
    align === "left"
      ? box.x + 4
      : align === "right"
        ? box.x + box.width - 4
        : box.x + box.width / 2;
  context.fillText(shown, x, box.y + 0.5);
}
