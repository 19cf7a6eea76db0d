import { displayOf, displayText, fieldName, type Display } from "../../plot/display.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { reduceNumber } from "../../frames/reduce.ts";
import {
  fieldCalled,
  fieldNamed,
  isHidden,
  numberAt,
  numbersOf,
  textsOf,
} from "../parts/fields.ts";
import { textOf } from "../parts/text_of.ts";
import { decodeGeohash } from "./geohash.ts";
import type { GeomapOptions } from "./options.ts";
import { countryOf } from "./outlines.ts";

/** Markers of one map. */
export const placesMax = 5_000;

export type GeoPlace = {
  readonly name: string;
  readonly longitude: number;
  readonly latitude: number;
  /** Where it is a country: its id among the outlines. */
  readonly country: string | undefined;
  readonly value: number;
  readonly text: string;
  readonly color: string | undefined;
  /** Where its value lies between the smallest and the largest. */
  readonly part: number;
  /** What the value is of. */
  readonly source: { readonly field: Field; readonly row: number };
};

export type GeoPlaces = {
  readonly places: readonly GeoPlace[];
  readonly left: number;
  /** Rows whose place is not known, and the first of them. */
  readonly unknown: number;
  readonly unknownFirst: string;
};

type Context = { readonly dark: boolean; readonly timeZone: string };
type Found = Pick<GeoPlace, "longitude" | "latitude" | "country">;
/** Reads a row's text by the name of a column or a label. */
type Read = (chosen: string, names: readonly string[]) => string;

const names = {
  latitude: ["latitude", "lat"],
  longitude: ["longitude", "lon", "lng", "long"],
  geohash: ["geohash", "geo_hash"],
  country: [
    "country",
    "country_code",
    "countrycode",
    "country_iso_code",
    "iso",
    "iso2",
    "iso3",
    "code",
  ],
} as const;

/** A place for each row of a table, or for each series by its labels. */
export function placesOf(
  frames: readonly Frame[],
  options: GeomapOptions,
  context: Context,
): GeoPlaces {
  const places: GeoPlace[] = [];
  let left = 0;
  let unknown = 0;
  let unknownFirst = "";
  const add = (
    read: Read,
    name: string,
    value: number,
    shown: Display,
    source: GeoPlace["source"],
  ): void => {
    const found = locate(read, options);
    if (found === undefined) {
      unknown++;
      if (unknownFirst === "") unknownFirst = read(options.country, names.country) || name;
    } else if (places.length >= placesMax) {
      left++;
    } else {
      const { color, part } = shown;
      places.push({ ...found, name, value, text: displayText(shown), color, part, source });
    }
  };
  for (const frame of frames) {
    const field = valueField(frame, options);
    if (field === undefined) continue;
    const display = displayOf(field, context);
    if (isSeries(frame)) {
      const value = reduceNumber(field.values, "lastNotNull");
      add(labelReader(field), fieldName(field), value, display(value), {
        field,
        row: Math.max(0, field.values.length - 1),
      });
      continue;
    }
    const title =
      options.name_field === "" ? textsOf(frame)[0] : fieldNamed(frame, options.name_field);
    for (let i = 0; i < frame.length; i++) {
      const value = numberAt(field, i);
      const name = textOf(title?.values[i]);
      add(columnReader(frame, i), name, value, display(value), { field, row: i });
    }
  }
  return { places, left, unknown, unknownFirst };
}

/** Nothing but a time and one number: what says where it is are its labels. */
function isSeries(frame: Frame): boolean {
  return frame.fields.length <= 2 && numbersOf(frame).length === 1 && textsOf(frame).length === 0;
}

function valueField(frame: Frame, options: GeomapOptions): Field | undefined {
  if (options.value_field !== "") return fieldNamed(frame, options.value_field);
  const coordinates = new Set(
    [names.latitude, names.longitude].map((each) => fieldCalled(frame, each)),
  );
  coordinates.add(fieldNamed(frame, options.latitude)).add(fieldNamed(frame, options.longitude));
  return (
    numbersOf(frame).find((field) => !coordinates.has(field) && !isHidden(field)) ??
    numbersOf(frame)[0]
  );
}

function labelReader(field: Field): Read {
  return (chosen, known) => {
    const wanted = chosen === "" ? known : [chosen];
    const name = wanted.find((each) => (field.labels[each] ?? "") !== "");
    return name === undefined ? "" : (field.labels[name] ?? "");
  };
}

function columnReader(frame: Frame, i: number): Read {
  return (chosen, known) => {
    const field = chosen === "" ? fieldCalled(frame, known) : fieldNamed(frame, chosen);
    return textOf(field?.values[i]);
  };
}

function locate(read: Read, options: GeomapOptions): Found | undefined {
  const { location } = options;
  if (location === "auto" || location === "coordinates") {
    const latitude = read(options.latitude, names.latitude);
    const longitude = read(options.longitude, names.longitude);
    if (latitude !== "" && longitude !== "") {
      const found = {
        latitude: Number(latitude),
        longitude: Number(longitude),
        country: undefined,
      };
      return Math.abs(found.latitude) <= 90 && Math.abs(found.longitude) <= 180 ? found : undefined;
    }
  }
  if (location === "auto" || location === "geohash") {
    const found = decodeGeohash(read(options.geohash, names.geohash));
    if (found !== undefined) return { ...found, country: undefined };
  }
  if (location === "auto" || location === "country") {
    const country = countryOf(read(options.country, names.country));
    if (country === undefined) return undefined;
    const [longitude, latitude] = country.middle;
    return { longitude, latitude, country: country.id };
  }
  return undefined;
}
