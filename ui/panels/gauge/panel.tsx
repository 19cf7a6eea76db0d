import { displayText } from "../../plot/display.ts";
import { thresholdValue } from "../../plot/color_modes.ts";
import { resolveColor } from "../../plot/colors.ts";
import { formatUnit } from "../../units/units.ts";
import { customOf } from "../../options/checked.ts";
import type { PanelProps } from "../panel_kind.ts";
import { fontToFit } from "../parts/cells.ts";
import { FigureGrid, type FigureCell } from "../parts/figure_grid.tsx";
import type { Figure } from "../parts/figures.ts";
import { FigureLink } from "../parts/figure_link.tsx";
import { GaugeFieldOptions, type GaugeOptions } from "./options.ts";

/** Where a value lies between its bounds, as an arc. */
export function GaugePanel(props: PanelProps<GaugeOptions>) {
  const { options, linksOf } = props;
  return (
    <FigureGrid {...props} className="gauges" cellPxMin={60} shape={1.3}>
      {(figures, cell, dark) => {
        const isNamed = figures.length > 1;
        const chars = Math.max(...figures.map(({ display }) => displayText(display).length));
        return figures.map((figure) => (
          <li key={figure.key}>
            <FigureLink links={linksOf(figure.field, figure.index)}>
              <Dial {...{ figure, cell, options, isNamed, dark, chars }} />
            </FigureLink>
          </li>
        ));
      }}
    </FigureGrid>
  );
}

/** The arc spans 240 degrees, open below. */
const sweep = (240 * Math.PI) / 180;
const startAngle = -sweep / 2;

type DialProps = {
  readonly figure: Figure;
  readonly cell: FigureCell;
  readonly options: GaugeOptions;
  readonly isNamed: boolean;
  /** Of the longest value, so that all are of one size. */
  readonly chars: number;
  readonly dark: boolean;
};

function Dial({ figure, cell, options, isNamed, dark, chars }: DialProps) {
  const { display, color, name } = figure;
  const namePx = isNamed ? 22 : 0;
  const labelPx = options.threshold_labels ? 16 : 0;
  // The arc is three quarters as high as it would be whole.
  const radius = Math.max(
    18,
    Math.min(cell.width / 2 - 6 - labelPx * 1.6, (cell.height - namePx - 8 - labelPx) / 1.55),
  );
  const stroke = Math.max(6, radius * 0.2);
  const ring = options.threshold_markers ? Math.max(2, radius * 0.045) : 0;
  const inner = radius - stroke / 2 - (ring > 0 ? ring + 2 : 0);
  const text = displayText(display);
  const size = fontToFit(chars, inner * 1.5, inner * 0.62, 56);
  const part = clamp(display.part);
  const neutral = neutralPart(figure);
  const height = Math.ceil(radius * 1.5 + 6 + labelPx);
  const center = { x: cell.width / 2, y: radius + 2 + labelPx };
  return (
    <>
      <svg width={cell.width} height={height} role="img" aria-label={`${name}: ${text}`}>
        <g transform={`translate(${center.x} ${center.y})`}>
          <path className="gauge-track" d={arc(inner, 0, 1)} strokeWidth={stroke} />
          {Number.isFinite(part) && part !== neutral && (
            <path
              d={arc(inner, Math.min(part, neutral), Math.max(part, neutral))}
              stroke={color}
              strokeWidth={stroke}
              fill="none"
            />
          )}
          {ring > 0 && <Ring figure={figure} radius={radius - ring / 2} width={ring} dark={dark} />}
          {options.threshold_labels && <Labels figure={figure} radius={radius + 8} />}
          <text className="gauge-value" textAnchor="middle" y={size * 0.36} fontSize={size}>
            {text}
          </text>
        </g>
      </svg>
      {isNamed && (
        <span className="gauge-name clip" title={name}>
          {name}
        </span>
      )}
    </>
  );
}

function neutralPart({ field, range }: Figure): number {
  const { neutral } = customOf(GaugeFieldOptions, field);
  return neutral === null ? 0 : clamp((neutral - range.min) / (range.max - range.min));
}

type Step = {
  readonly from: number;
  readonly to: number;
  readonly color: string;
  readonly value: number;
};

function stepsOf({ field, range }: Figure): Step[] {
  const { thresholds } = field.options;
  if (thresholds === undefined) return [];
  const values = thresholds.steps.map(({ value }) => thresholdValue(value, thresholds, range));
  const parts = values.map((value) => clamp((value - range.min) / (range.max - range.min)));
  return thresholds.steps.map(({ color }, i) => ({
    from: parts[i] ?? 0,
    to: parts[i + 1] ?? 1,
    color,
    value: values[i] ?? Number.NaN,
  }));
}

function Ring({
  figure,
  radius,
  width,
  dark,
}: {
  readonly figure: Figure;
  readonly radius: number;
  readonly width: number;
  readonly dark: boolean;
}) {
  return stepsOf(figure)
    .filter(({ from, to }) => to > from)
    .map(({ from, to, color }) => (
      <path
        key={from}
        d={arc(radius, from, to)}
        stroke={resolveColor(color, dark) ?? "currentColor"}
        strokeWidth={width}
        fill="none"
      />
    ));
}

function Labels({ figure, radius }: { readonly figure: Figure; readonly radius: number }) {
  const { unit = "short", decimals } = figure.field.options;
  const shown = stepsOf(figure).filter(
    ({ from, value }) => from > 0 && from < 1 && Number.isFinite(value),
  );
  return shown.map(({ from, value }) => {
    const { x, y } = pointAt(radius, from);
    const anchor = Math.abs(x) < radius * 0.2 ? "middle" : x < 0 ? "end" : "start";
    return (
      <text key={from} className="gauge-label" x={x} y={y} textAnchor={anchor}>
        {formatUnit(value, unit, decimals)}
      </text>
    );
  });
}

function pointAt(radius: number, part: number): { readonly x: number; readonly y: number } {
  const angle = startAngle + sweep * part;
  return { x: radius * Math.sin(angle), y: -radius * Math.cos(angle) };
}

function arc(radius: number, from: number, to: number): string {
  const start = pointAt(radius, from);
  const end = pointAt(radius, to);
  const isLarge = (to - from) * sweep > Math.PI ? 1 : 0;
  return `M${start.x.toFixed(2)} ${start.y.toFixed(2)}A${radius} ${radius} 0 ${isLarge} 1 ${end.x.toFixed(2)} ${end.y.toFixed(2)}`;
}

function clamp(part: number): number {
  return Math.max(0, Math.min(1, part));
}
