import { displayText } from "../../plot/display.ts";
import { mixed, textOn, withAlpha } from "../../plot/colors.ts";
import { formatUnit } from "../../units/units.ts";
import type { PanelProps } from "../panel_kind.ts";
import { fontToFit } from "../parts/cells.ts";
import { FigureGrid, type FigureCell } from "../parts/figure_grid.tsx";
import { changeOf, type Figure } from "../parts/figures.ts";
import { FigureLink } from "../parts/figure_link.tsx";
import { HistoryArea } from "./history_area.tsx";
import type { StatOptions } from "./options.ts";

const gapPx = 8;
/** Of a cell's height: how far its value makes room for the history along the bottom. */
const historyPart = 0.24;
/** Pixels of a cell below which the value stands over its history: it would be too small to read above it. */
const liftFromPx = 72;

/** Values as large as their place allows, with their history behind them. */
export function StatPanel(props: PanelProps<StatOptions>) {
  return (
    <FigureGrid {...props} className="stat" gapPx={gapPx} cellPxMin={28}>
      {(figures, cell, dark) => {
        const sizes = sizesOf(figures, props.options, cell);
        return figures.map((figure) => (
          <Cell key={figure.key} {...props} figure={figure} cell={cell} sizes={sizes} dark={dark} />
        ));
      }}
    </FigureGrid>
  );
}

type Sizes = { readonly value: number; readonly title: number; readonly isWide: boolean };

/** The same for all cells, so that they can be compared. */
function sizesOf(figures: readonly Figure[], options: StatOptions, cell: FigureCell): Sizes {
  const hasName = namesShown(figures, options);
  const isWide = hasName && cell.height < 64 && cell.width > 180;
  const longest = Math.max(...figures.map(({ display }) => displayText(display).length));
  const title = options.title_px || Math.max(12, Math.min(20, cell.height * 0.16));
  const room = isWide ? cell.width * 0.5 : cell.width - 24;
  const height = cell.height - liftOf(options.graph === "area" && !isWide, cell.height);
  const rest = isWide || !hasName ? height * 0.8 : (height - title * 1.4) * 0.8;
  return { value: options.value_px || fontToFit(longest, room, rest, 72), title, isWide };
}

function liftOf(hasHistory: boolean, height: number): number {
  return hasHistory && height >= liftFromPx ? height * historyPart : 0;
}

function namesShown(figures: readonly Figure[], { text }: StatOptions): boolean {
  if (text === "auto") return figures.length > 1;
  return text === "value_and_name" || text === "name";
}

type CellProps = PanelProps<StatOptions> & {
  readonly figure: Figure;
  readonly cell: FigureCell;
  readonly sizes: Sizes;
  readonly dark: boolean;
};

function Cell({ figure, cell, sizes, dark, options, frames, linksOf }: CellProps) {
  const { display, color, isColored, history, name } = figure;
  const isFilled = options.color.startsWith("background") && color !== "";
  const base = isFilled ? color : undefined;
  const ink = base === undefined ? undefined : textOn(base);
  const valueColor =
    ink ?? (options.color === "value" && isColored ? readable(color, dark) : undefined);
  const isNameShown = namesShown(
    Array.from({ length: countOf(frames) }, () => figure),
    options,
  );
  const showsValue = options.text !== "name" && options.text !== "none";
  const isCentered = options.align === "center" || !isNameShown;
  const hasHistory = options.graph === "area" && history !== undefined;
  return (
    <li
      className={`stat-cell${sizes.isWide ? " wide" : ""}${isCentered ? " centered" : ""}`}
      style={{
        ...(base === undefined ? {} : { background: fade(base, options.color, dark) }),
        color: ink,
        paddingBottom: 4 + liftOf(hasHistory && !sizes.isWide, cell.height),
      }}
    >
      {hasHistory && (
        <HistoryArea
          values={history}
          width={cell.width}
          height={cell.height}
          color={ink ?? (color === "" ? "currentColor" : color)}
        />
      )}
      <FigureLink links={linksOf(figure.field, figure.index)}>
        {isNameShown && options.text !== "none" && (
          <span className="stat-name clip" title={name} style={{ fontSize: sizes.title }}>
            {name}
          </span>
        )}
        {showsValue && (
          <span className="stat-value" style={{ fontSize: sizes.value, color: valueColor }}>
            {display.prefix !== "" && <small>{display.prefix}</small>}
            {display.text}
            {display.suffix !== "" && <small>{display.suffix}</small>}
          </span>
        )}
        {options.change && <Change figure={figure} mode={options.change_color} />}
      </FigureLink>
    </li>
  );
}

function countOf(frames: CellProps["frames"]): number {
  return frames.reduce(
    (sum, { fields }) => sum + fields.filter(({ type }) => type === "number").length,
    0,
  );
}

function Change({
  figure,
  mode,
}: {
  readonly figure: Figure;
  readonly mode: StatOptions["change_color"];
}) {
  const change = changeOf(figure);
  if (!Number.isFinite(change)) return null;
  const isGood = mode === "inverted" ? change <= 0 : change >= 0;
  const tone = mode === "same_as_value" ? "" : isGood ? "good" : "bad";
  return (
    <span className={`stat-change ${tone}`}>
      {change > 0 ? "↑" : change < 0 ? "↓" : "→"} {formatUnit(Math.abs(change), "percentunit")}
    </span>
  );
}

function fade(color: string, mode: StatOptions["color"], dark: boolean): string {
  if (mode === "background_solid") return color;
  const end = mixed([color, dark ? "#000000" : "#ffffff"], 0.18);
  return `linear-gradient(120deg, ${color}, ${end})`;
}

/** Colours of the dashboard are for areas, too: as words they are moved away from the page until they can be read. */
function readable(color: string, dark: boolean): string {
  return withAlpha(color, 1) === color ? mixed([color, dark ? "#ffffff" : "#000000"], 0.12) : color;
}
