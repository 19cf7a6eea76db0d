import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import { hideFromGrafana, readGrafana, type GrafanaReader } from "../parts/grafana_reader.ts";

const layer = "options.layers.0";

/** The first layer of Grafana's; the map below it is always the outlines that need no network. */
export function geomapFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  dropMap(from);
  dropMarkers(from);
  const given = source.options["layers"];
  if (Array.isArray(given) && given.length > 1) {
    note("options.layers", `of ${given.length} layers the first is drawn`);
    for (const i of given.keys()) if (i > 0) from.any(`options.layers.${i}`);
  }
  const mode = from.choice(
    `${layer}.location.mode`,
    ["auto", "coordinates", "geohash", "country"] as const,
    { coords: "coordinates", lookup: "country" },
  );
  return from.done(
    {
      view: from.choice("options.view.id", ["data", "world"] as const, {
        fit: "data",
        zero: "world",
      }),
      location: mode,
      latitude: from.text(`${layer}.location.latitude`),
      longitude: from.text(`${layer}.location.longitude`),
      geohash: from.text(`${layer}.location.geohash`),
      country: from.text(`${layer}.location.lookup`),
      value_field: from.text(`${layer}.config.style.size.field`),
      size_min: from.whole(`${layer}.config.style.size.min`, 2, 60),
      size_max: from.whole(`${layer}.config.style.size.max`, 2, 100),
    },
    { hide: hideFromGrafana(from) },
  );
}

function dropMap(from: GrafanaReader): void {
  from.drop(
    { "options.basemap.type": ["default"], "options.basemap.config": [] },
    "is not kept: maps of other servers are not loaded, outlines are drawn",
  );
  from.drop(
    {
      "options.view.lat": [0],
      "options.view.lon": [0],
      "options.view.zoom": [1],
      "options.view.allLayers": [true],
      "options.view.minZoom": [1],
      "options.view.maxZoom": [],
      "options.view.shared": [false],
    },
    "is not kept: the map shows at first where data are, or the world",
  );
  from.drop({
    "options.basemap.name": ["Layer 0"],
    "options.controls": [
      {
        mouseWheelZoom: true,
        showAttribution: true,
        showDebug: false,
        showMeasure: false,
        showScale: false,
        showZoom: true,
      },
    ],
    "options.tooltip.mode": ["details"],
  });
}

function dropMarkers(from: GrafanaReader): void {
  const style = `${layer}.config.style`;
  from.drop({ [`${layer}.type`]: ["markers"] }, "becomes markers");
  from.drop(
    {
      [`${layer}.name`]: ["Layer 1"],
      [`${layer}.tooltip`]: [true],
      [`${layer}.opacity`]: [1],
      [`${layer}.config.showLegend`]: [true],
      [`${style}.color`]: [{ fixed: "dark-green" }],
      [`${style}.opacity`]: [0.4],
      [`${style}.rotation`]: [{ fixed: 0, max: 360, min: -360, mode: "mod" }],
      [`${style}.size.fixed`]: [5],
      [`${style}.symbol`]: [{ fixed: "img/icons/marker/circle.svg", mode: "fixed" }],
      [`${style}.symbolAlign`]: [{ horizontal: "center", vertical: "center" }],
      [`${style}.text`]: [{ fixed: "", mode: "field" }],
      [`${style}.textConfig`]: [
        { fontSize: 12, offsetX: 0, offsetY: 0, textAlign: "center", textBaseline: "middle" },
      ],
    },
    "is not kept: markers have the colours of their values",
  );
}
