import type { Board } from "./board.ts";

type Panel = Board["rows"][number]["panels"][number];
/** In columns of 24 and rows of about 30 pixels, from the top of the panel's row. */
export type BoardPlace = {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
};

const gridColumns = 24;
/** Fewer figures than these on a line stay small: one alone would be a poster. */
const figuresMin = 3;

/** Where the panels of a row are: from left to right, a new line where one is full. What a line has left goes to its figures, or to its last panel, where nobody said how wide they are. */
export function placesOf(panels: readonly Panel[]): BoardPlace[] {
  let y = 0;
  return linesOf(panels).flatMap((line) => {
    let x = 0;
    const widths = widthsOf(line);
    const places = line.map((panel, i) => {
      const place = { x, y, w: widths[i] ?? 1, h: heightOf(panel) };
      x += place.w;
      return place;
    });
    y += Math.max(...places.map(({ h }) => h));
    return places;
  });
}

function linesOf(panels: readonly Panel[]): Panel[][] {
  const lines: Panel[][] = [];
  let left = 0;
  for (const panel of panels) {
    const width = widthOf(panel);
    if (width > left) {
      lines.push([]);
      left = gridColumns;
    }
    lines.at(-1)?.push(panel);
    left -= width;
  }
  return lines;
}

function widthsOf(line: readonly Panel[]): number[] {
  const widths = line.map(widthOf);
  const left = gridColumns - widths.reduce((sum, width) => sum + width, 0);
  if (left === 0 || line.some(({ width }) => width !== undefined)) return widths;
  const figures = line.filter(isFigure).length;
  if (figures === line.length && figures >= figuresMin) {
    const [share, rest] = [Math.floor(gridColumns / figures), gridColumns % figures];
    return widths.map((_, i) => share + (i < rest ? 1 : 0));
  }
  if (figures > 0) return widths;
  return widths.map((width, i) => (i === widths.length - 1 ? width + left : width));
}

function widthOf(panel: Panel): number {
  return panel.width ?? (isFigure(panel) ? 4 : 12);
}

function heightOf(panel: Panel): number {
  return panel.height ?? (isFigure(panel) ? 4 : 8);
}

function isFigure({ type }: Panel): boolean {
  return type === "stat" || type === "gauge";
}
