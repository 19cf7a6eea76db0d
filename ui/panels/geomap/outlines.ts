import { registerMap } from "echarts/core";
import { feature } from "topojson-client";
import world from "world-atlas/countries-110m.json";
import { z } from "zod";
import { textOf } from "../parts/text_of.ts";
import { countryNumber } from "./country_codes.ts";

/** The name under which ECharts has the outlines. */
export const outlines = "lapwing world";

type Country = {
  readonly id: string;
  readonly name: string;
  readonly middle: readonly [number, number];
};

const byId = new Map<string, Country>();
const byName = new Map<string, Country>();
const Topology = z.custom<Parameters<typeof feature>[0]>(
  (value) => typeof value === "object" && value !== null && "objects" in value,
);

/** Countries with their outlines, whose names are their ids. Read once: they are part of this bundle, and nothing is asked for. */
const countries = readOutlines();

/** Gives ECharts the outlines. */
export function registerOutlines(): void {
  registerMap(outlines, JSON.stringify({ type: "FeatureCollection", features: countries }));
}

function readOutlines() {
  const topology = Topology.parse(world);
  const collection = topology.objects["countries"];
  const made = collection === undefined ? undefined : feature(topology, collection);
  const features = made !== undefined && "features" in made ? made.features : [];
  return features.map((each) => {
    const name = textOf(each.properties?.["name"]);
    // A few have no number; their name stands for it.
    const id = each.id === undefined ? name : String(each.id);
    const country = { id, name, middle: middleOf(each.geometry) };
    byId.set(id, country);
    byName.set(name.toLowerCase(), country);
    return { ...each, geometry: unbroken(each.geometry), properties: { name: id } };
  });
}

/** A country by its code or its English name. */
export function countryOf(text: string): Country | undefined {
  return byId.get(countryNumber(text) ?? "") ?? byName.get(text.trim().toLowerCase());
}

/** Outlines that cross the date line go on beyond it: else a line would cross the whole map. */
function unbroken(geometry: Geometry): Geometry {
  return { ...geometry, coordinates: shifted(geometry.coordinates) };
}

function shifted(coordinates: unknown): unknown {
  if (!Array.isArray(coordinates)) return coordinates;
  const first: unknown = coordinates[0];
  const isRing = Array.isArray(first) && typeof first[0] === "number";
  if (!isRing) return coordinates.map(shifted);
  const ring = coordinates.filter((point): point is number[] => Array.isArray(point));
  const crosses = ring.some(([x = 0], i) => Math.abs(x - (ring[i - 1]?.[0] ?? x)) > 180);
  return crosses ? ring.map(([x = 0, y = 0]) => [x < 0 ? x + 360 : x, y]) : ring;
}

type Geometry = { readonly type: string; readonly coordinates?: unknown };

/** The middle of the box around the largest part: France's is in Europe. */
function middleOf(geometry: Geometry): [number, number] {
  const polygons: unknown[] =
    geometry.type === "MultiPolygon" && Array.isArray(geometry.coordinates)
      ? geometry.coordinates
      : [geometry.coordinates];
  let best: [number, number] = [0, 0];
  let largest = -1;
  for (const polygon of polygons) {
    const ring: unknown = Array.isArray(polygon) ? polygon[0] : undefined;
    if (!Array.isArray(ring)) continue;
    const points = ring.filter((point): point is number[] => Array.isArray(point));
    const xs = points.map(([x = 0]) => x);
    const ys = points.map(([, y = 0]) => y);
    const [left, right] = [Math.min(...xs), Math.max(...xs)];
    const [bottom, top] = [Math.min(...ys), Math.max(...ys)];
    const size = (right - left) * (top - bottom);
    if (size <= largest) continue;
    largest = size;
    best = [(left + right) / 2, (bottom + top) / 2];
  }
  return best;
}
