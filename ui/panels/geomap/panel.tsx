import { useCallback, useMemo } from "react";
import { useChartTheme, type ChartTheme } from "../../plot/chart_theme.ts";
import { withAlpha } from "../../plot/colors.ts";
import { EChart, type ChartItem } from "../../plot/echart.tsx";
import type { Tip } from "../../plot/tip.ts";
import type { PanelProps } from "../panel_kind.ts";
import { HiddenTable } from "../parts/hidden_table.tsx";
import { Nothing } from "../parts/nothing.tsx";
import type { GeomapOptions } from "./options.ts";
import { outlines, registerOutlines } from "./outlines.ts";
import { placesMax, placesOf, type GeoPlace } from "./places.ts";

registerOutlines();

/** From the north of Greenland to the south of America. */
const wholeWorld = [
  [-170, 82],
  [190, -56],
];

/** Values at their places. */
export function GeomapPanel({
  title,
  options,
  frames,
  timeZone,
  width,
  height,
  linksOf,
}: PanelProps<GeomapOptions>) {
  const { dark } = useChartTheme();
  const found = useMemo(
    () => placesOf(frames, options, { dark, timeZone }),
    [frames, options, dark, timeZone],
  );
  const { places, left, unknown, unknownFirst } = found;
  const tip = ({ dataIndex }: ChartItem): Tip | undefined => {
    const place = places[dataIndex];
    if (place === undefined) return undefined;
    const at = `${place.latitude.toFixed(2)}, ${place.longitude.toFixed(2)}`;
    return {
      head: place.name === "" ? at : place.name,
      rows: [{ name: at, value: place.text }],
      links: linksOf(place.source.field, place.source.row),
    };
  };
  const option = useCallback(
    (theme: ChartTheme) => chartOption(theme, places, options),
    [places, options],
  );
  if (places.length === 0) {
    return (
      <Nothing>
        {unknown > 0
          ? `The place "${unknownFirst}" is not known. Expected coordinates, a geohash, or a country's code or English name.`
          : "No place in this time range: this picture needs coordinates, a geohash or a country."}
      </Nothing>
    );
  }
  const label = `${title === "" ? "Map" : title}: ${places.length} places`;
  const notes = [
    ...(left > 0 ? [`${placesMax} of ${placesMax + left} places`] : []),
    ...(unknown > 0 ? [`${unknown} places not known, such as ${unknownFirst.slice(0, 40)}`] : []),
  ];
  return (
    <>
      <EChart label={label} width={width} height={height} option={option} tip={tip} />
      {notes.length > 0 && <p className="panel-corner">{notes.join(", ")}</p>}
      <HiddenTable
        caption={label}
        head={["Name", "Latitude", "Longitude", "Value"]}
        rows={places.map(({ name, latitude, longitude, text }) => [
          name,
          latitude.toFixed(2),
          longitude.toFixed(2),
          text,
        ])}
      />
    </>
  );
}

function chartOption(theme: ChartTheme, places: readonly GeoPlace[], options: GeomapOptions) {
  return {
    geo: {
      map: outlines,
      roam: true,
      scaleLimit: { min: 0.8, max: 40 },
      boundingCoords: options.view === "world" ? wholeWorld : around(places),
      left: 0,
      right: 0,
      top: 0,
      bottom: 0,
      itemStyle: { areaColor: theme.hover, borderColor: theme.lineStrong, borderWidth: 0.5 },
      emphasis: { disabled: true },
      select: { disabled: true },
      tooltip: { show: false },
      label: { show: false },
    },
    series: [
      options.show === "countries" ? countries(theme, places) : markers(theme, places, options),
    ],
  };
}

function countries(theme: ChartTheme, places: readonly GeoPlace[]) {
  return {
    type: "map",
    geoIndex: 0,
    map: outlines,
    data: places.map(({ country, value, color, part }) => ({
      name: country ?? "",
      value,
      itemStyle: { areaColor: color ?? withAlpha(theme.accent, 0.25 + 0.75 * (part || 0)) },
    })),
  };
}

function markers(theme: ChartTheme, places: readonly GeoPlace[], options: GeomapOptions) {
  const { size_min: least, size_max: most } = options;
  const values = places.map(({ value }) => value).filter(Number.isFinite);
  const min = values.reduce((a, b) => Math.min(a, b), Infinity);
  const max = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return {
    type: "scatter",
    coordinateSystem: "geo",
    label: {
      show: options.show_names,
      position: "right",
      color: theme.text,
      fontSize: 11,
      formatter: ({ dataIndex }: { readonly dataIndex: number }) => places[dataIndex]?.name ?? "",
    },
    labelLayout: { hideOverlap: true },
    data: places.map(({ longitude, latitude, value, color = theme.accent }) => ({
      value: [longitude, latitude],
      // The area, not the diameter, grows with the value.
      symbolSize:
        max > min
          ? least + (most - least) * Math.sqrt((value - min) / (max - min) || 0)
          : (least + most) / 2,
      itemStyle: { color: withAlpha(color, 0.6), borderColor: color },
    })),
  };
}

/** A box around all places, with a margin. */
function around(places: readonly GeoPlace[]): number[][] {
  const longitudes = places.map(({ longitude }) => longitude);
  const latitudes = places.map(({ latitude }) => latitude);
  const [left, right] = bounds(longitudes);
  const [bottom, top] = bounds(latitudes);
  return [
    [left - 8, Math.min(84, top + 6)],
    [right + 8, Math.max(-84, bottom - 6)],
  ];
}

function bounds(values: readonly number[]): [number, number] {
  return [
    values.reduce((a, b) => Math.min(a, b), Infinity),
    values.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
}
