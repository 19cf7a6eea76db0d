import { useMemo, type ReactNode } from "react";
import type { ReduceOptions } from "./reduce_options.ts";
import { useDark } from "../../state/theme.ts";
import type { PanelProps } from "../panel_kind.ts";
import { cellGrid, type Orientation } from "./cells.ts";
import { figuresOf, type Figure } from "./figures.ts";
import { Nothing } from "./nothing.tsx";

/** Pixels of one of the figures. */
export type FigureCell = { readonly width: number; readonly height: number };

type Props = Pick<PanelProps<unknown>, "frames" | "width" | "height" | "timeZone"> & {
  readonly options: { readonly reduce: ReduceOptions; readonly orientation: Orientation };
  readonly className: string;
  readonly gapPx?: number;
  readonly cellPxMin: number;
  /** Width by height that a figure looks best in. */
  readonly shape?: number;
  /** The items of the list, one a figure. */
  readonly children: (figures: readonly Figure[], cell: FigureCell, dark: boolean) => ReactNode;
};

/** One figure for each value that the answer is reduced to, as large as the panel allows, and how many have no room. */
export function FigureGrid(props: Props) {
  const { frames, options, width, height, timeZone, gapPx = 0, cellPxMin, shape } = props;
  const dark = useDark();
  const { figures, count } = useMemo(
    () => figuresOf(frames, options.reduce, { dark, timeZone }),
    [frames, options.reduce, dark, timeZone],
  );
  if (figures.length === 0) return <Nothing>No value in this answer.</Nothing>;
  const { columns, rows } = cellGrid(figures.length, width, height, options.orientation, shape);
  const cell = {
    width: (width - gapPx * (columns - 1)) / columns,
    height: Math.max(cellPxMin, (height - gapPx * (rows - 1)) / rows),
  };
  return (
    <ul
      className={props.className}
      style={{
        gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
        gridAutoRows: cell.height,
      }}
    >
      {props.children(figures, cell, dark)}
      {count > figures.length && <li className="quiet">and {count - figures.length} more</li>}
    </ul>
  );
}
