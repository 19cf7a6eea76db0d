/** Of a row of the legend, in the sheet. */
const rowPx = 22;
/** Around a list. */
const paddingPx = 4;
/** A name in a list is cut at this width. */
const nameMaxPx = 320;
/** The line's colour before a name, and the gap to the next one. */
const besidesPx = 40;
const figurePx = 84;
const characterPx = 6.5;

/**
 * Pixels of a legend below a graph: as many whole rows as it needs, or as have room in two fifths of the panel, but two at least. What does
 * not fit scrolls; a row that is cut in half would only look like a fault.
 */
export function legendRoom(rows: number, height: number): number {
  const most = Math.max(2, Math.floor((height * 0.4 - paddingPx) / rowPx));
  return Math.min(rows, most) * rowPx + paddingPx;
}

/** Pixels of a legend beside a graph: whole rows, too. */
export function legendBeside(height: number): number {
  return Math.floor((height - paddingPx) / rowPx) * rowPx + paddingPx;
}

/** How many rows a list of names takes, each with so many figures: by the look of letters, which is enough to set aside a place. */
export function listRows(names: readonly string[], figures: number, width: number): number {
  let rows = 1;
  let left = width;
  for (const name of names) {
    const wanted = Math.min(nameMaxPx, name.length * characterPx) + besidesPx + figures * figurePx;
    if (wanted > left && left < width) {
      rows += 1;
      left = width;
    }
    left -= wanted;
  }
  return rows;
}
