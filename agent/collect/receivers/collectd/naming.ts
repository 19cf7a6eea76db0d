import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { metricNameOf } from "../samples/metric_mapping/metric_mapper.ts";
import { valueKinds } from "./packet_reader.ts";
import { type TypesDb, valueName } from "./types_db.ts";

export type NamedValue = { readonly labels: Labels; readonly family: MetricFamily };

/**
 * Name and labels of one value, as collectd_exporter writes them (github.com/prometheus/collectd_exporter): `collectd_<plugin>_<type>_<value>`, `_total` where it
 * counts, the instances of plugin and type as labels, the host as `instance`. Undefined for names that are no UTF-8, or none.
 */
export function nameValue(
  identity: Buffer,
  kind: number,
  index: number,
  count: number,
  { types, common }: { readonly types: TypesDb; readonly common: Labels },
): NamedValue | undefined {
  let parts: string[] = [];
  try {
    parts = new TextDecoder("utf-8", { fatal: true }).decode(identity).split("\0");
  } catch {
    return undefined;
  }
  const [host = "", plugin = "", pluginInstance = "", type = "", typeInstance = ""] = parts;
  if (plugin === "" || type === "" || parts.length !== 6) return undefined;
  const value = valueName(types, type, index, count);
  const isCounter = kind === valueKinds.counter || kind === valueKinds.derive;
  const words = ["collectd", ...(plugin === type ? [] : [plugin]), type];
  if (value !== "value") words.push(value);
  if (isCounter) words.push("total");
  const name = words.join("_").replaceAll(/[^a-zA-Z0-9_:]/gu, "_");
  const label = metricNameOf(plugin);
  const labels: Record<string, string> = { ...common };
  if (pluginInstance !== "") labels[label] = pluginInstance;
  if (typeInstance !== "") labels[pluginInstance === "" ? label : "type"] = typeInstance;
  if (host !== "") labels["instance"] = host;
  labels[metricNameLabel] = name;
  return {
    labels,
    family: { name, type: isCounter ? "counter" : "gauge", help: "", unit: "" },
  };
}
