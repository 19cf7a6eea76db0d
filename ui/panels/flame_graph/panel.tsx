import { useCallback, useMemo, useState } from "react";
import { displayOf, displayText } from "../../plot/display.ts";
import { CanvasPicture, clipped } from "../../plot/canvas_picture.tsx";
import { useChartTheme, type ChartTheme } from "../../plot/chart_theme.ts";
import { valueColor } from "../../plot/color_modes.ts";
import { textOn } from "../../plot/colors.ts";
import { darkSeries, lightSeries } from "../../plot/palette.ts";
import type { Tip } from "../../plot/tip.ts";
import type { PanelProps } from "../panel_kind.ts";
import { HiddenTable } from "../parts/hidden_table.tsx";
import { Nothing } from "../parts/nothing.tsx";
import { flameOf, framesMax, type Flame, type FlameFrame } from "./flame.ts";
import type { FlameGraphOptions } from "./options.ts";

const rowPx = 18;
const barPx = 30;

/** Where time or memory goes: callers above what they call, each as wide as its share. */
export function FlameGraphPanel(props: PanelProps<FlameGraphOptions>) {
  const { title, options, frames, width, height, timeZone, linksOf } = props;
  const { dark } = useChartTheme();
  const flame = useMemo(() => flameOf(frames), [frames]);
  const [search, setSearch] = useState("");
  const [zoomed, setZoomed] = useState<FlameFrame>();
  const textOf = useMemo(() => {
    const display =
      flame.field === undefined ? undefined : displayOf(flame.field, { dark, timeZone });
    return (value: number): string => (display === undefined ? "" : displayText(display(value)));
  }, [flame, dark, timeZone]);
  if (flame.frames.length === 0) {
    return (
      <Nothing>
        No profile to draw: this picture needs the columns level, value, self and label of a
        profile.
      </Nothing>
    );
  }
  const focus = zoomed !== undefined && flame.frames.includes(zoomed) ? zoomed : undefined;
  const hasBar = options.search && height >= 120 && width >= 200;
  const label = `${title === "" ? "Flame graph" : title}: ${flame.frames.length} frames, ${textOf(flame.total)}`;
  return (
    <div className="panel-flame">
      {hasBar && (
        <div className="panel-flame-bar">
          <input
            type="search"
            aria-label="Search frames"
            placeholder="Search frames"
            maxLength={200}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
          <span className="quiet">{foundText(flame, search)}</span>
          {focus !== undefined && (
            <button type="button" className="panel-link" onClick={() => setZoomed(undefined)}>
              Show all
            </button>
          )}
        </div>
      )}
      <div className="panel-flame-pane" tabIndex={0} role="region" aria-label={label}>
        <Picture
          label={label}
          flame={flame}
          focus={focus}
          search={search}
          options={options}
          textOf={textOf}
          width={width}
          height={Math.max(height - (hasBar ? barPx : 0) - 2, flame.depth * rowPx)}
          onFocus={setZoomed}
          linksOf={linksOf}
        />
      </div>
      {flame.left > 0 && <p className="panel-corner">the first {framesMax} frames</p>}
      <HiddenTable
        caption={`${label}; the largest by themselves`}
        head={["Frame", "Self", "Total"]}
        rows={flame.frames
          .toSorted((a, b) => (b.self || 0) - (a.self || 0))
          .slice(0, 50)
          .map(({ name, self, value }) => [name, textOf(self), textOf(value)])}
      />
    </div>
  );
}

function isFound({ name }: FlameFrame, search: string): boolean {
  return search === "" || name.toLowerCase().includes(search.toLowerCase());
}

/** The share counts what a found frame called once. */
function foundText(flame: Flame, search: string): string {
  if (search === "") return "";
  let count = 0;
  let sum = 0;
  let end = -1;
  for (const frame of flame.frames) {
    if (!isFound(frame, search)) continue;
    count++;
    if (frame.start < end) continue;
    sum += frame.value;
    end = frame.start + frame.value;
  }
  return count === 0
    ? "no frame has this in its name"
    : `${count} frames, ${((100 * sum) / flame.total).toFixed(1)} %`;
}

function Picture({
  label,
  flame,
  focus,
  search,
  options,
  textOf,
  width,
  height,
  onFocus,
  linksOf,
}: {
  readonly label: string;
  readonly flame: Flame;
  readonly focus: FlameFrame | undefined;
  readonly search: string;
  readonly options: FlameGraphOptions;
  readonly textOf: (value: number) => string;
  readonly width: number;
  readonly height: number;
  readonly onFocus: (frame: FlameFrame | undefined) => void;
  readonly linksOf: PanelProps<unknown>["linksOf"];
}) {
  const start = focus?.start ?? 0;
  const scale = width / (focus?.value ?? flame.total);
  const draw = useCallback(
    (context: CanvasRenderingContext2D, theme: ChartTheme) =>
      drawFrames(context, theme, { flame, focus, search, options, start, scale, width }),
    [flame, focus, search, options, start, scale, width],
  );
  const at = (x: number, y: number): FlameFrame | undefined => {
    const depth = Math.floor(y / rowPx);
    const value = start + x / scale;
    return flame.frames.find(
      (frame) => frame.depth === depth && value >= frame.start && value < frame.start + frame.value,
    );
  };
  const tip = (x: number, y: number): Tip | undefined => {
    const frame = at(x, y);
    if (frame === undefined) return undefined;
    const { field } = flame;
    const links = field === undefined ? [] : linksOf(field, frame.row);
    return { ...tipOf(frame, flame, textOf), links };
  };
  return (
    <CanvasPicture
      label={label}
      width={width}
      height={height}
      draw={draw}
      tip={tip}
      onClick={(x, y) => {
        const frame = at(x, y);
        onFocus(frame === focus ? undefined : frame);
      }}
    />
  );
}

type Drawn = {
  readonly flame: Flame;
  readonly focus: FlameFrame | undefined;
  readonly search: string;
  readonly options: FlameGraphOptions;
  readonly start: number;
  readonly scale: number;
  readonly width: number;
};

function drawFrames(context: CanvasRenderingContext2D, theme: ChartTheme, drawn: Drawn): void {
  const { flame, focus, search, options, start, scale, width } = drawn;
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (const frame of flame.frames) {
    const x = Math.max(0, (frame.start - start) * scale);
    const end = Math.min(width, (frame.start + frame.value - start) * scale);
    // What is thinner than half a pixel would only make a grey of everything.
    if (end - x < 0.5 || end <= 0 || x >= width) continue;
    const color = colorOf(frame, flame, options, theme);
    const isFaint = search !== "" && !isFound(frame, search);
    const isAround = focus !== undefined && frame.depth < focus.depth;
    context.globalAlpha = isFaint || isAround ? 0.35 : 1;
    context.fillStyle = color;
    const y = frame.depth * rowPx;
    context.fillRect(x, y, Math.max(0.5, end - x - 0.5), rowPx - 1);
    const text = end - x > 20 ? clipped(context, frame.name, end - x - 6) : "";
    if (text === "") continue;
    context.fillStyle = context.globalAlpha < 1 ? theme.text : textOn(color);
    context.fillText(text, x + 3, y + rowPx / 2);
  }
  context.globalAlpha = 1;
}

function tipOf(frame: FlameFrame, { total }: Flame, textOf: (value: number) => string): Tip {
  const share = (value: number): string =>
    `${textOf(value)}, ${((100 * value) / total).toFixed(1)} %`;
  const self = Number.isNaN(frame.self) ? [] : [{ name: "self", value: share(frame.self) }];
  return { head: frame.name, rows: [{ name: "total", value: share(frame.value) }, ...self] };
}

/** A frame keeps its colour wherever it is called. */
function colorOf(
  { name, value }: FlameFrame,
  { total }: Flame,
  { color_by }: FlameGraphOptions,
  { dark }: ChartTheme,
): string {
  if (color_by === "share") {
    const range = { min: 0, max: total };
    return valueColor(value, { color: { mode: "continuous-YlRd" } }, range, dark) ?? "";
  }
  let hash = 0x811c9dc5;
  for (let i = 0; i < Math.min(name.length, 500); i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  const palette = dark ? darkSeries : lightSeries;
  return palette[(hash >>> 0) % palette.length] ?? palette[0];
}
