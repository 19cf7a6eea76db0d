import { labelsKey, type Labels } from "#shared/model/labels.ts";

/**
 * Twelve colours per theme, found by a search over OKLCH for the widest distance between any two under normal sight,
 * protanopia, deuteranopia and tritanopia, with a contrast of at least 3:1 to the page; palette.test.ts holds the bounds.
 */
export const lightSeries = [
  "#f1597a",
  "#622302",
  "#5e580b",
  "#758823",
  "#08414d",
  "#7292bb",
  "#3961b0",
  "#290dc3",
  "#8912f3",
  "#a46bfa",
  "#500d83",
  "#904f6c",
] as const;
export const darkSeries = [
  "#fe607d",
  "#ae651f",
  "#d9ad31",
  "#deef51",
  "#5de0ac",
  "#bcf3f2",
  "#32aab1",
  "#3d7ab5",
  "#bdb7f5",
  "#9f18fd",
  "#b578f6",
  "#cd1a7e",
] as const;

export type SeriesStyle = { readonly color: string; readonly dash: readonly number[] };

const dashes: readonly (readonly number[])[] = [[], [6, 3], [2, 3]];

/** Colours of the series of a host's page, by label set. */
export function seriesStyles(labelSets: readonly Labels[], dark: boolean): SeriesStyle[] {
  return keyStyles(labelSets.map(colourKey), dark);
}

/**
 * Colours by key. The colour is the hash's; where two series of one chart would share it, the later one (by key) takes the
 * next that is free, so the answer depends on the set of series alone, not on their order. Beyond twelve, dashes tell them apart.
 */
export function keyStyles(keys: readonly string[], dark: boolean): SeriesStyle[] {
  const palette = dark ? darkSeries : lightSeries;
  const places = palette.length * dashes.length;
  const placeOf = new Map<string, number>();
  const taken = new Set<number>();
  for (const key of keys.toSorted()) {
    if (placeOf.has(key)) continue;
    let place = hash(key) % palette.length;
    for (let tried = 0; taken.has(place) && tried < palette.length; tried++) {
      place = (place + 1) % palette.length;
    }
    if (taken.has(place)) place = palette.length + (placeOf.size % (places - palette.length));
    taken.add(place);
    placeOf.set(key, place);
  }
  return keys.map((key) => {
    const place = placeOf.get(key) ?? 0;
    return {
      color: palette[place % palette.length] ?? palette[0],
      dash: dashes[Math.floor(place / palette.length)] ?? [],
    };
  });
}

/** The host is on every series of its page and would only shuffle the colours from host to host. */
function colourKey(labels: Labels): string {
  const { instance: _instance, job: _job, ...rest } = labels;
  return labelsKey(rest);
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  return h >>> 0;
}
