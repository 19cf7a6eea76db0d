import { expect, test } from "bun:test";
import { frameOf, numbers, texts } from "../parts/sample_frames.ts";
import { countryNumber } from "./country_codes.ts";
import { decodeGeohash } from "./geohash.ts";
import { GeomapOptions } from "./options.ts";
import { placesOf } from "./places.ts";

const context = { dark: false, timeZone: "utc" };
const options = GeomapOptions.parse({});

test("decodeGeohash() gives the middle of a cell, and refuses what is none", () => {
  const { latitude = 0, longitude = 0 } = decodeGeohash("u4pruydqqvj") ?? {};
  expect(latitude).toBeCloseTo(57.64911, 4);
  expect(longitude).toBeCloseTo(10.40744, 4);
  expect(decodeGeohash("no!")).toBeUndefined();
  expect(decodeGeohash("")).toBeUndefined();
});

test("countryNumber() knows all three codes", () => {
  expect(["DE", "deu", "276"].map(countryNumber)).toEqual(["276", "276", "276"]);
  expect(countryNumber("XX")).toBeUndefined();
});

test("placesOf() finds places by coordinates, geohash, country code and name", () => {
  const table = frameOf("", [
    numbers("lat", [52.5, 91]),
    numbers("lon", [13.4, 0]),
    texts("city", ["Berlin", "nowhere"]),
    numbers("load", [1, 2]),
  ]);
  const found = placesOf([table], options, context);
  expect(found.places.map(({ name, latitude, value }) => [name, latitude, value])).toEqual([
    ["Berlin", 52.5, 1],
  ]);
  expect([found.unknown, found.unknownFirst]).toEqual([1, "nowhere"]);
  const byCode = frameOf("", [
    texts("country", ["FR", "Germany", "Atlantis"]),
    numbers("v", [1, 2, 3]),
  ]);
  const countries = placesOf([byCode], options, context);
  expect(countries.places.map(({ country }) => country)).toEqual(["250", "276"]);
  expect(countries.unknownFirst).toBe("Atlantis");
  // The middle of France's largest part lies in Europe.
  expect(Math.abs((countries.places[0]?.longitude ?? 0) - 2)).toBeLessThan(3);
});

test("placesOf() takes series by their labels", () => {
  const series = frameOf("", [numbers("up", [0, 7], {}, { geohash: "u33d" })]);
  expect(placesOf([series], options, context).places[0]?.value).toBe(7);
});
