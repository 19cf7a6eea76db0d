import type { DataColumn } from "./data_column.ts";

/** Narrower than this a column can't be made. */
export const columnPxMin = 40;
const sharePxMin = 96;
/** The table's own border would else make it scroll. */
const edgePx = 2;

const leastOf = ({ minWidth = sharePxMin }: DataColumn): number => minWidth;

/** Pixels of each column: resized and fixed ones as they are, the rest shares what is left and is never less than can be read. */
export function columnWidths(
  columns: readonly DataColumn[],
  resized: Readonly<Record<string, number>>,
  tablePx: number,
): Record<string, number> {
  const fixed = columns.map(({ key, width }) => resized[key] ?? width);
  const taken = fixed.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  const sharing = columns.filter((_column, i) => fixed[i] === undefined);
  const share = shareOf(sharing.map(leastOf), tablePx - taken - edgePx);
  return Object.fromEntries(
    columns.map((column, i) => [column.key, fixed[i] ?? Math.max(leastOf(column), share)]),
  );
}

/** What is left for each column after those that need more than an equal share have taken it. */
function shareOf(least: readonly number[], px: number): number {
  let left = px;
  let count = least.length;
  for (const each of least.toSorted((a, b) => b - a)) {
    if (each * count <= left) break;
    left -= each;
    count -= 1;
  }
  return count === 0 ? 0 : Math.floor(left / count);
}
