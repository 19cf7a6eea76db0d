import type { Section } from "../section.ts";
import type { Draft } from "../plan.ts";
import { type StagePipeline, quoted } from "./stage_pipeline.ts";

export type MetricForm = {
  readonly kind: string;
  readonly name: string;
  /** Help, source and prefix. */
  readonly section: Section;
  /** What is done with it. */
  readonly options: Section;
};

/** `metrics`: series made of records, with all labels of the stream, as Promtail's custom metrics have them. */
export function metricsStage(forms: readonly MetricForm[], pipeline: StagePipeline): void {
  const metrics = forms.flatMap((form) => {
    const metric = metricOf(form, pipeline);
    const fault =
      metric === undefined
        ? undefined
        : pipeline.missing.faultOf({ type: "metrics", metrics: [metric] });
    if (metric === undefined || fault === undefined) return metric ?? [];
    form.section.account.takeBack(form.section.node, fault);
    return [];
  });
  if (metrics.length > 0) pipeline.add("metrics", { metrics });
}

function metricOf(form: MetricForm, pipeline: StagePipeline): Draft | undefined {
  const { section, options, name } = form;
  const kind = form.kind.toLowerCase();
  const refuse = (reason: string): undefined => {
    section.account.takeBack(section.node, reason);
    return undefined;
  };
  // Its kind is in the form already.
  section.text("type");
  const action = options.text("action") ?? (kind === "histogram" ? "observe" : "");
  const source = section.text("source");
  const from = pipeline.at(source === undefined || source === "" ? name : source);
  const metric: Draft = {
    name: `${section.text("prefix") || pipeline.setting.metricPrefix}${name}`,
    kind,
  };
  const help = section.text("description");
  if (help !== undefined) metric.help = help;
  options.lose(
    ["max_idle_duration"],
    "a series is not told any more an hour after its last record",
  );
  if (section !== options)
    section.lose(
      ["max_idle_duration"],
      "a series is not told any more an hour after its last record",
    );
  if (options.flag("count_entry_bytes") === true)
    return refuse("bytes of lines are not counted by processors");
  const all = options.flag("match_all") === true;
  const wanted = options.text("value");
  if (kind === "counter") {
    if (action === "add") metric.value = from;
    else if (action !== "inc") return refuse("a counter counts by inc or add");
  } else if (kind === "gauge") {
    if (action !== "set") return refuse("a gauge can only be set");
    metric.value = from;
  } else if (kind === "histogram") {
    metric.value = from;
    const buckets = options.texts("buckets")?.map(Number);
    if (buckets !== undefined) metric.buckets = buckets.toSorted((a, b) => a - b);
  } else {
    section.mistakes.add(section.node, "expected a counter, a gauge or a histogram");
    return undefined;
  }
  metric.labels = [...pipeline.labels].toSorted();
  metric.unlabelled = "count";
  if (wanted !== undefined && wanted !== "") metric.match = `{} | ${from}=${quoted(wanted)}`;
  else if (metric.value === undefined && !all) metric.match = `{} | ${from}!=""`;
  return metric;
}
