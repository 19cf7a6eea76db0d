import { useMemo, type CSSProperties } from "react";
import { displayText } from "../../plot/display.ts";
import { gradientStops, valueColor } from "../../plot/color_modes.ts";
import { withAlpha } from "../../plot/colors.ts";
import { useDark } from "../../state/theme.ts";
import type { PanelProps } from "../panel_kind.ts";
import { figuresOf, type Figure } from "../parts/figures.ts";
import { FigureLink } from "../parts/figure_link.tsx";
import { Nothing } from "../parts/nothing.tsx";
import type { BarGaugeOptions } from "./options.ts";

/** Values as bars between their bounds, one below or beside the other. */
export function BarGaugePanel(props: PanelProps<BarGaugeOptions>) {
  const { frames, options, width, height, timeZone } = props;
  const dark = useDark();
  const { figures, count } = useMemo(
    () => figuresOf(frames, options.reduce, { dark, timeZone }),
    [frames, options.reduce, dark, timeZone],
  );
  if (figures.length === 0) return <Nothing>No value in this answer.</Nothing>;
  const isUpright =
    options.orientation === "vertical" || (options.orientation === "auto" && width < height * 0.6);
  const longest = Math.max(...figures.map(({ display }) => displayText(display).length));
  const nameAt =
    options.names === "auto" ? (isUpright || width < 320 ? "top" : "left") : options.names;
  return (
    <ul
      className={`bar-gauges ${isUpright ? "upright" : "lying"} names-${nameAt}`}
      style={variables({ "--value-chars": `${longest + 1}ch` })}
    >
      {figures.map((figure) => (
        <li key={figure.key}>
          <FigureLink links={props.linksOf(figure.field, figure.index)}>
            {nameAt !== "hidden" && (
              <span className="bar-gauge-name clip" title={figure.name}>
                {figure.name}
              </span>
            )}
            <Bar figure={figure} options={options} isUpright={isUpright} dark={dark} />
            {options.values !== "hidden" && (
              <span
                className="bar-gauge-value"
                style={
                  options.values === "color" && figure.isColored ? { color: figure.color } : {}
                }
              >
                {displayText(figure.display)}
              </span>
            )}
          </FigureLink>
        </li>
      ))}
      {count > figures.length && <li className="quiet">and {count - figures.length} more</li>}
    </ul>
  );
}

type BarProps = {
  readonly figure: Figure;
  readonly options: BarGaugeOptions;
  readonly isUpright: boolean;
  readonly dark: boolean;
};

function Bar({ figure, options, isUpright, dark }: BarProps) {
  const part = Math.max(
    0,
    Math.min(1, Number.isNaN(figure.display.part) ? 0 : figure.display.part),
  );
  const percent = `${(part * 100).toFixed(2)}%`;
  const side: CSSProperties = isUpright ? { height: percent } : { width: percent };
  return (
    <span className={`bar-gauge-track ${options.track ? "shown" : ""} ${options.mode}`}>
      {options.mode === "lcd" ? (
        <Segments figure={figure} part={part} dark={dark} track={options.track} />
      ) : (
        <span
          className="bar-gauge-fill"
          style={{ ...side, ...fillOf(figure, options, isUpright, part, dark) }}
        />
      )}
    </span>
  );
}

function fillOf(
  figure: Figure,
  { mode }: BarGaugeOptions,
  isUpright: boolean,
  part: number,
  dark: boolean,
): CSSProperties {
  const { color, field, range } = figure;
  if (mode === "basic" || part <= 0) return { background: withAlpha(color, 0.7) };
  const direction = isUpright ? "to top" : "to right";
  // The gradient is of the whole track; the bar shows its beginning.
  const stops = gradientStops(field.options, range, color, dark)
    .map(([at, stop]) => `${stop} ${((at / part) * 100).toFixed(1)}%`)
    .join(", ");
  return { background: `linear-gradient(${direction}, ${stops})` };
}

const segments = 40;

function Segments({
  figure,
  part,
  dark,
  track,
}: {
  readonly figure: Figure;
  readonly part: number;
  readonly dark: boolean;
  readonly track: boolean;
}) {
  const { field, range, color } = figure;
  return Array.from({ length: segments }, (_, i) => {
    const at = (i + 0.5) / segments;
    const value = range.min + (range.max - range.min) * at;
    const own = valueColor(value, field.options, range, dark) ?? color;
    const isLit = at <= part;
    const background = isLit ? own : track ? withAlpha(own, 0.16) : "transparent";
    return <i key={i} style={{ background }} />;
  });
}

/** Custom properties are not in React's type of styles. */
function variables(values: Readonly<Record<`--${string}`, string>>): CSSProperties {
  return { ...values };
}
