export type Orientation = "auto" | "horizontal" | "vertical";

/** Columns and rows that give cells of a count the most room for words of a shape (width by height). */
export function cellGrid(
  count: number,
  width: number,
  height: number,
  orientation: Orientation,
  shape = 2.4,
): { readonly columns: number; readonly rows: number } {
  if (count <= 1) return { columns: 1, rows: 1 };
  if (orientation === "vertical") return { columns: 1, rows: count };
  if (orientation === "horizontal") return { columns: count, rows: 1 };
  let best = { columns: 1, rows: count, room: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const room = Math.min(width / columns / shape, height / rows);
    if (room > best.room) best = { columns, rows, room };
  }
  return { columns: best.columns, rows: best.rows };
}

/** Pixels of a text that fits into a box of so many pixels; one character is about 0.6 of its height wide. */
export function fontToFit(length: number, width: number, height: number, most: number): number {
  return Math.max(10, Math.min(most, height, width / (Math.max(1, length) * 0.6)));
}
