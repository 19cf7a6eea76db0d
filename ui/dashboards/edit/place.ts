import type { Panel, Place } from "#shared/dashboards/dashboard.ts";
import { gridColumns } from "../model/layout.ts";

const heightMax = 100;

export type Nudge = {
  readonly dx: number;
  readonly dy: number;
  /** Whether the size changes instead of the place. */
  readonly resize: boolean;
};

/**
 * A panel moved or resized by steps, within the grid; those it runs into make room below, and gaps close upwards.
 * Gives the places of all panels by id.
 */
export function nudged(
  panels: readonly Pick<Panel, "id" | "place">[],
  id: number,
  { dx, dy, resize }: Nudge,
): ReadonlyMap<number, Place> {
  const moving = panels.find((panel) => panel.id === id);
  if (moving === undefined) return new Map();
  const { x, y, w, h } = moving.place;
  const place = resize
    ? { x, y, w: clamp(w + dx, 1, gridColumns - x), h: clamp(h + dy, 1, heightMax) }
    : {
        x: clamp(x + dx, 0, gridColumns - w),
        y: Math.max(0, y + dy * stride(panels, moving, dy)),
        w,
        h,
      };
  return settled(panels, id, place, !resize && dy > 0);
}

/** Down or up is past the neighbour: by a line at a time nothing would change, since gaps close. */
function stride(
  panels: readonly Pick<Panel, "id" | "place">[],
  { id, place }: Pick<Panel, "id" | "place">,
  dy: number,
): number {
  const inWay = panels.filter(
    (other) =>
      other.id !== id &&
      other.place.x < place.x + place.w &&
      place.x < other.place.x + other.place.w &&
      (dy > 0 ? other.place.y >= place.y + place.h : other.place.y + other.place.h <= place.y),
  );
  if (inWay.length === 0) return 1;
  if (dy > 0) {
    const next = inWay.reduce((a, b) => (b.place.y < a.place.y ? b : a));
    return next.place.y + next.place.h - (place.y + place.h);
  }
  const next = inWay.reduce((a, b) => (b.place.y + b.place.h > a.place.y + a.place.h ? b : a));
  return place.y - next.place.y;
}

/** Everyone as high as can be, in the order of their lines; the moved one goes first or last of those on its line. */
function settled(
  panels: readonly Pick<Panel, "id" | "place">[],
  id: number,
  place: Place,
  last: boolean,
): ReadonlyMap<number, Place> {
  const first = last ? -1 : 1;
  const wanted = panels.map((panel) => (panel.id === id ? { id, place } : panel));
  const order = wanted.toSorted(
    (a, b) =>
      a.place.y - b.place.y ||
      first * (Number(b.id === id) - Number(a.id === id)) ||
      a.place.x - b.place.x,
  );
  const settledPlaces = new Map<number, Place>();
  for (const each of order) {
    let y = 0;
    for (const other of settledPlaces.values()) {
      const apart = other.x >= each.place.x + each.place.w || each.place.x >= other.x + other.w;
      if (!apart) y = Math.max(y, other.y + other.h);
    }
    settledPlaces.set(each.id, { ...each.place, y });
  }
  return settledPlaces;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
