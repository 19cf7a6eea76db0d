import type { DropReason } from "#shared/model/account.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import {
  type MetricMapper,
  addMappedLabels,
  metricNameOf,
} from "../samples/metric_mapping/metric_mapper.ts";
import type { GraphiteConfig } from "./config.ts";

/** Labels that one series may have, and characters of all of them with the name. */
const tagsMax = 64;
const charsMax = 8_192;

export type NamedPath = {
  readonly labels: Labels;
  readonly help: string;
  /** What each value is multiplied by. */
  readonly scale: number;
  /** Tags that can't be read. */
  readonly badTags: number;
};

/**
 * Name and labels of a path such as `servers.web1.load` or, with tags, `load;server=web1` (graphite.readthedocs.io, "Graphite Tag Support"); or why it is none:
 * `relabel` where a rule drops it. Names and rules are as in graphite_exporter.
 */
export function namePath(
  path: string,
  { labels: common, strict_match: isStrict }: Pick<GraphiteConfig, "labels" | "strict_match">,
  mapper: MetricMapper | undefined,
): NamedPath | DropReason {
  if (path.length > charsMax) return "label_limit";
  const [name = "", ...tags] = path.split(";", tagsMax + 2);
  if (tags.length > tagsMax) return "label_limit";
  const mapped = mapper?.map(name, "gauge");
  if (mapped?.isDropped === true || (mapped === undefined && isStrict)) return "relabel";
  const metric = graphiteNameOf(mapped?.name ?? name);
  if (metric === "") return "invalid_sample";
  const labels = new Map(Object.entries(common));
  let badTags = 0;
  for (const tag of tags) {
    const at = tag.indexOf("=");
    const label = metricNameOf(tag.slice(0, Math.max(0, at)));
    if (at < 1 || at === tag.length - 1 || label.startsWith("__")) badTags++;
    else labels.set(label, tag.slice(at + 1));
  }
  addMappedLabels(labels, mapped);
  labels.set(metricNameLabel, metric);
  return {
    labels: Object.fromEntries(labels),
    help: mapped?.help ?? "",
    scale: mapped?.scale ?? 1,
    badTags,
  };
}

/** As graphite_exporter writes it: colons stay, and every other character that names do not have becomes "_". */
function graphiteNameOf(text: string): string {
  const name = text.replaceAll(/[^a-zA-Z0-9_:]/gu, "_");
  return /^\d/.test(name) ? `_${name}` : name;
}
