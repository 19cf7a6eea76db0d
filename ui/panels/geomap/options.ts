import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { hideOption } from "../parts/legend_options.ts";

const column = (title: string, group: string) =>
  z
    .string()
    .max(500)
    .default("")
    .meta({ title, group, editor: "field_name" } satisfies OptionMeta);

export const GeomapOptions = z.strictObject({
  show: z
    .enum(["markers", "countries"])
    .default("markers")
    .meta({
      title: "Draw",
      names: { markers: "Markers", countries: "Countries in colour" },
    } satisfies OptionMeta),
  view: z
    .enum(["data", "world"])
    .default("world")
    .meta({
      title: "Show at first",
      names: { data: "Where data are", world: "The world" },
    } satisfies OptionMeta),
  location: z
    .enum(["auto", "coordinates", "geohash", "country"])
    .default("auto")
    .meta({
      title: "Places by",
      group: "Places",
      names: {
        auto: "What is found",
        coordinates: "Latitude and longitude",
        geohash: "Geohash",
        country: "Country code or name",
      },
    } satisfies OptionMeta),
  latitude: column("Latitude", "Places"),
  longitude: column("Longitude", "Places"),
  geohash: column("Geohash", "Places"),
  country: column("Country", "Places"),
  name_field: column("Name", "Markers"),
  value_field: column("Value", "Markers"),
  size_min: z
    .int()
    .min(2)
    .max(60)
    .default(6)
    .meta({
      title: "Size of the smallest",
      group: "Markers",
      editor: "slider",
    } satisfies OptionMeta),
  size_max: z
    .int()
    .min(2)
    .max(100)
    .default(24)
    .meta({
      title: "Size of the largest",
      group: "Markers",
      editor: "slider",
    } satisfies OptionMeta),
  show_names: z
    .boolean()
    .default(false)
    .meta({ title: "Names beside markers", group: "Markers" } satisfies OptionMeta),
});
export type GeomapOptions = z.output<typeof GeomapOptions>;

export const GeomapFieldOptions = z.strictObject({ hide: hideOption });
