import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Family, SampleSink } from "../../collect/samples/family.ts";
import { addHistogram } from "../../collect/samples/histogram.ts";
import { HttpService } from "../connections/http_service.ts";
import type { OpenInstance } from "../integration.ts";
import { type JsonObject, arrayOf, numberOf, objectOf, textOf } from "../connections/json_value.ts";
import type { BindConfig } from "./config.ts";
import {
  bootTime,
  configTime,
  labelled,
  plain,
  resolverLabelled,
  resolverPlain,
  roundTripNames,
  roundTrips,
  tables,
  viewTables,
  zoneSerial,
} from "./metrics.ts";

/** Ten thousand zones with their statistics are about 10 MB. */
const bodyBytesMax = 32 * 1_024 * 1_024;
const zonesMax = 2_000;

export const openBind: OpenInstance<BindConfig> = (config, { timeoutMs }) => {
  const service = new HttpService(config.url, config, timeoutMs, bodyBytesMax);
  return {
    async collect(sink, tick) {
      const server = objectOf(await service.json("/json/v1/server", tick.signal));
      if (textOf(server["json-stats-version"]) === "")
        throw new OperatingError("corrupt", "GET /json/v1/server: not BIND's statistics");
      addServer(sink, server);
      for (const [view, value] of Object.entries(objectOf(server["views"])))
        addResolver(sink, view, objectOf(objectOf(value)["resolver"]));
      if (!config.zones) return;
      try {
        const answer = objectOf(await service.json("/json/v1/zones", tick.signal));
        const left = addZones(sink, objectOf(answer["views"]));
        if (left > 0) tick.degraded(`zones: ${left} more than ${zonesMax}, which are left out`);
      } catch (thrown) {
        if (tick.signal.aborted) throw thrown;
        tick.degraded(`zones: ${messageOf(thrown)}`);
      }
    },
  };
};

function addServer(sink: SampleSink, server: JsonObject): void {
  addTime(sink, bootTime, server["boot-time"]);
  addTime(sink, configTime, server["config-time"]);
  for (const [name, family] of tables) addTable(sink, family, server[name]);
  const statistics = { ...objectOf(server["nsstats"]), ...objectOf(server["zonestats"]) };
  for (const [name, family, label] of labelled)
    sink.add(family, numberOf(statistics[name]) ?? 0, label);
  for (const [name, family] of plain) sink.add(family, numberOf(statistics[name]) ?? 0);
}

/** A view without recursion has no resolver. */
function addResolver(sink: SampleSink, view: string, resolver: JsonObject): void {
  if (resolver["stats"] === undefined) return;
  for (const [name, family] of viewTables) addTable(sink, family, resolver[name], view);
  const statistics = objectOf(resolver["stats"]);
  for (const [name, family] of resolverLabelled)
    sink.add(family, numberOf(statistics[name]) ?? 0, view, name);
  for (const [name, family] of resolverPlain)
    sink.add(family, numberOf(statistics[name]) ?? 0, view);
  const counts = roundTripNames.map((name) => numberOf(statistics[`QryRTT${name}`]) ?? 0);
  addHistogram(sink, roundTrips, counts, undefined, view);
}

/** Zones beyond the bound. Zones of class CHAOS, which BIND has by itself, have no serial number that matters. */
function addZones(sink: SampleSink, views: JsonObject): number {
  let count = 0;
  for (const [view, value] of Object.entries(views))
    for (const each of arrayOf(objectOf(value)["zones"])) {
      const zone = objectOf(each);
      const serial = numberOf(zone["serial"]);
      if (zone["class"] !== "IN" || serial === undefined) continue;
      count += 1;
      if (count <= zonesMax) sink.add(zoneSerial, serial, view, textOf(zone["name"]));
    }
  return Math.max(0, count - zonesMax);
}

function addTable(sink: SampleSink, family: Family, table: unknown, ...labels: string[]): void {
  for (const [name, value] of Object.entries(objectOf(table))) {
    const count = numberOf(value);
    if (count !== undefined) sink.add(family, count, ...labels, name);
  }
}

function addTime(sink: SampleSink, family: Family, value: unknown): void {
  const ms = Date.parse(textOf(value));
  if (!Number.isNaN(ms)) sink.add(family, Math.floor(ms / 1_000));
}
