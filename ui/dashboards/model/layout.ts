import type { Place } from "#shared/dashboards/dashboard.ts";

export const gridColumns = 24;
/** Pixels of a row of the grid, and between panels. */
export const gridRowPixels = 30;
export const gridGapPixels = 8;

/** Rows that places take. */
export function rowsOf(places: readonly Place[]): number {
  return places.reduce((most, { y, h }) => Math.max(most, y + h), 0);
}

/** Pixels that so many rows of the grid are high. */
export function pixelsOf(rows: number): number {
  return rows === 0 ? 0 : rows * gridRowPixels + (rows - 1) * gridGapPixels;
}

/** Whether two places share a cell. */
export function overlap(a: Place, b: Place): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/**
 * Everything as far up as it goes, in the order of reading, without one over another: what dragging and resizing leave behind, and
 * what an import brings, becomes a page without holes. Keeps the order of the list.
 */
export function compacted<T extends { readonly place: Place }>(items: readonly T[]): readonly T[] {
  // The highest taken row of each column: what comes later can only go below it.
  const tops = Array.from({ length: gridColumns }, () => 0);
  const inOrder = items
    .map((item, i) => ({ item, i }))
    .toSorted((a, b) => a.item.place.y - b.item.place.y || a.item.place.x - b.item.place.x);
  const placed: T[] = [...items];
  for (const { item, i } of inOrder) {
    const w = Math.min(item.place.w, gridColumns);
    const x = Math.min(item.place.x, gridColumns - w);
    const y = Math.max(...tops.slice(x, x + w));
    tops.fill(y + item.place.h, x, x + w);
    placed[i] = samePlace(item.place, x, y, w)
      ? item
      : { ...item, place: { ...item.place, x, y, w } };
  }
  return placed;
}

function samePlace(place: Place, x: number, y: number, w: number): boolean {
  return place.x === x && place.y === y && place.w === w;
}

/** The first free place for a new panel of this size, by reading order; at the end where there is none between. */
export function freePlace(places: readonly Place[], w: number, h: number): Place {
  const end = rowsOf(places);
  for (let y = 0; y < end; y += 1) {
    for (let x = 0; x + w <= gridColumns; x += 1) {
      const place = { x, y, w, h };
      if (!places.some((other) => overlap(place, other))) return place;
    }
  }
  return { x: 0, y: end, w, h };
}
