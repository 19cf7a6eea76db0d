import type { DataColumn } from "./data_column.ts";

/** Narrower than this a column can't be made. */
export const columnPxMin = 40;
const sharePxMin = 96;
/** The table's own border would else make it scroll. */
const edgePx = 2;

/** Pixels of each column: resized and fixed ones as they are, the rest shares what is left and is never less than can be read. */
export function columnWidths(
  columns: readonly DataColumn[],
  resized: Readonly<Record<string, number>>,
  tablePx: number,
): Record<string, number> {
  const fixed = columns.map(({ key, width }) => resized[key] ?? width);
  const taken = fixed.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  const sharing = fixed.filter((each) => each === undefined).length;
  const share = Math.floor((tablePx - taken - edgePx) / Math.max(1, sharing));
  return Object.fromEntries(
    columns.map(({ key, minWidth = sharePxMin }, i) => [
      key,
      fixed[i] ?? Math.max(minWidth, share),
    ]),
  );
}
