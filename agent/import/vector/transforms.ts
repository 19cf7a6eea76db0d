import type { Draft } from "../plan.ts";
import type { Section } from "../section.ts";
import type { VectorPipeline } from "./vector_pipeline.ts";
import { conditionText, placeOf } from "./vrl_conditions.ts";
import { convertVrl } from "./vrl_convert.ts";
import { parseVrl } from "./vrl_parser.ts";

/** What the sink of a metric says of it. */
export type MetricOptions = {
  /** Stands before the name of a metric that has none of its own. */
  readonly namespace: string | undefined;
  /** Of histograms. */
  readonly buckets: readonly number[] | undefined;
};

type Convert = (transform: Section, pipeline: VectorPipeline, options: MetricOptions) => void;

/** Transforms of logs by their types; sorted. */
export const transforms: Readonly<Record<string, Convert>> = {
  filter: filterTransform,
  log_to_metric: (transform, pipeline, options) => {
    // The records themselves end there.
    if (logMetrics(transform, pipeline, options)) pipeline.add("drop", {});
  },
  remap: remapTransform,
  sample: sampleTransform,
  throttle: throttleTransform,
};

const notSaid = "a condition that filters of LogQL can't say";

/** A condition as a text, or `{type: vrl, source: ...}`. */
function conditionOf(transform: Section, key: string): string | undefined {
  const node = transform.peek(key);
  if (node?.kind !== "map") return transform.text(key);
  const own = transform.within(node);
  if ((own.text("type") ?? "vrl") === "vrl") return own.text("source");
  own.account.takeBack(node, "conditions are written in VRL");
  return undefined;
}

function filterTransform(transform: Section, pipeline: VectorPipeline): void {
  const text = conditionOf(transform, "condition");
  const filter = text === undefined ? undefined : conditionText(text);
  const opposite = text === undefined ? undefined : conditionText(text, true);
  const fault =
    filter !== undefined && filter !== ""
      ? pipeline.add("keep", { only: `{} ${filter}` })
      : opposite !== undefined && opposite !== ""
        ? pipeline.add("drop", { match: `{} ${opposite}` })
        : notSaid;
  if (fault !== undefined) transform.account.takeBack(transform.node, fault);
}

const goesOn = "a record with which a processor can't do its work goes on as it is, and is counted";

function remapTransform(transform: Section, pipeline: VectorPipeline): void {
  transform.lose(["file", "files"], "programs in files of their own are not read", "unknown");
  const node = transform.peek("source");
  const text = transform.text("source");
  const drops = transform.peek("drop_on_error");
  if (drops?.kind === "scalar" && drops.value === true)
    transform.lose(["drop_on_error"], goesOn, "drops");
  transform.lose(["drop_on_error"], goesOn);
  const reroutes = transform.peek("reroute_dropped");
  const isRerouted = reroutes?.kind === "scalar" && reroutes.value === true;
  transform.lose(
    ["reroute_dropped"],
    "a record that is dropped goes nowhere",
    isRerouted && text?.includes("abort") === true ? "keeps" : isRerouted ? "error" : "note",
  );
  transform.lose(["timezone"], "times without a zone are UTC", "error");
  transform.lose(["metric_tag_values"], "programs work on logs alone");
  if (transform.flag("drop_on_abort") === false)
    transform.differ(
      "drop_on_abort",
      "abort drops the record",
      text?.includes("abort") === true ? "keeps" : "note",
    );
  if (node === undefined || text === undefined) return;
  const faults = convertVrl(parseVrl(text), pipeline);
  const first = Number(/:(\d+)$/.exec(node.at)?.[1] ?? 1);
  // A program over several lines begins behind the key, or on its line where it is a single one.
  const begins = text.includes("\n") ? first + 1 : first;
  for (const { line, reason, effect } of faults) {
    if (effect !== undefined) transform.account.means(node, effect);
    transform.account.differ(
      {
        ...node,
        at: node.at.replace(/\d+$/, String(begins + line)),
        path: `${node.path}, line ${line + 1}`,
      },
      `this statement is left out: ${reason}`,
    );
  }
}

/** One of `rate`. */
function sampleTransform(transform: Section, pipeline: VectorPipeline): void {
  const rate = transform.number("rate");
  const ratio = transform.number("ratio");
  const key = transform.text("key_field");
  const exclude = conditionOf(transform, "exclude");
  const except = exclude === undefined ? "" : conditionText(exclude, true);
  if (exclude !== undefined && except === undefined) {
    transform.account.takeBack(transform.node, notSaid);
    return;
  }
  transform.lose(
    ["group_by", "sample_rate_key"],
    "records are taken by themselves, and carry no rate",
    "error",
  );
  const share = ratio ?? (rate === undefined || rate < 1 ? 1 : 1 / rate);
  const how = key === undefined ? { by: "random" } : { by: "hash", from: placeOf(key) };
  const match = except === "" ? {} : { match: `{} ${except}` };
  const fault = pipeline.add("sample", { ...match, rate: share, ...how, keep_severity: "none" });
  if (fault !== undefined) transform.account.takeBack(transform.node, fault);
}

function throttleTransform(transform: Section, pipeline: VectorPipeline): void {
  if (transform.peek("threshold")?.kind === "map") {
    transform.account.takeBack(
      transform.node,
      "threshold by events and bytes is not known: expected a number of events",
    );
    return;
  }
  const threshold = transform.number("threshold");
  const seconds = transform.number("window_secs") ?? 1;
  const key = transform.text("key_field");
  const exclude = conditionOf(transform, "exclude");
  const except = exclude === undefined ? "" : conditionText(exclude, true);
  const label = key === undefined ? undefined : /^\{?\{?\s*\.?([\w.]+)\s*\}?\}?$/.exec(key)?.[1];
  if (except === undefined || (key !== undefined && label === undefined)) {
    transform.account.takeBack(
      transform.node,
      except === undefined ? notSaid : "a key is one field",
    );
    return;
  }
  transform.lose(["internal_metrics"], "the counters of processors show it");
  if (label !== undefined)
    transform.differ("key_field", "the limit is of each value of the label of that name");
  const match = except === "" ? {} : { match: `{} ${except}` };
  const by = label === undefined ? [] : [placeOf(label)];
  const rate = (threshold ?? 0) / seconds;
  const fault = pipeline.add("rate_limit", {
    ...match,
    records_per_second: rate,
    burst: threshold,
    by,
  });
  if (fault !== undefined) transform.account.takeBack(transform.node, fault);
}

/** `log_to_metric` beside the way of the records; false where nothing is counted. The options are those of the sink. */
export function logMetrics(
  transform: Section,
  pipeline: VectorPipeline,
  { namespace, buckets }: MetricOptions,
): boolean {
  const metrics = transform.sections("metrics").flatMap((own): Draft[] => {
    const kind = own.text("type") ?? "";
    const written = own.text("field") ?? "";
    const field = placeOf(written);
    // Without a name a metric is called as its field is.
    const given = own.text("name") ?? written.replace(/^\./, "");
    const name = [own.text("namespace") ?? namespace, given.replaceAll(/[^A-Za-z0-9_:]/g, "_")]
      .filter((part) => part !== undefined && part !== "")
      .join("_");
    const labels: string[] = [];
    for (const [label, value = "", node] of own.pairs("tags")) {
      const [, from] = /^\{\{\s*\.?([\w.]+)\s*\}\}$/.exec(value) ?? [];
      if (from !== undefined && placeOf(from) === label) labels.push(label);
      else own.account.takeBack(node, "labels of metrics are fields of their own name");
    }
    const adds = own.flag("increment_by_value") === true;
    if (!["counter", "gauge", "histogram"].includes(kind)) {
      own.account.takeBack(own.node, "metrics of logs are counters, gauges and histograms");
      return [];
    }
    const isCounting = kind === "counter" && !adds;
    return [
      {
        name,
        kind,
        ...(!isCounting
          ? { value: field }
          : // Every record has a line.
            field === "body"
            ? {}
            : { match: `{} | ${field}!=""` }),
        ...(kind === "histogram" && buckets !== undefined ? { buckets } : {}),
        ...(labels.length === 0 ? {} : { labels, unlabelled: "count" }),
      },
    ];
  });
  if (transform.flag("all_metrics") === true)
    transform.differ("all_metrics", "metrics are those that are named");
  const fault = metrics.length === 0 ? undefined : pipeline.add("metrics", { metrics });
  if (fault !== undefined) transform.account.takeBack(transform.node, fault);
  return fault === undefined;
}
