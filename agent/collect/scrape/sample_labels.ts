import { OperatingError } from "#shared/errors.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import type { ExposedLabels } from "#shared/text/exposition/series_index.ts";
import type { Job } from "./job.ts";
import { type MutableLabels, relabel } from "#shared/relabel/relabel.ts";

/** The scrape holds more than it may. Counting went on for the report. */
export class SampleLimitError extends OperatingError {
  readonly kept: number;

  constructor(limit: number, kept: number) {
    super("overloaded", `sample limit of ${limit} exceeded: ${kept} samples`);
    this.kept = kept;
  }
}

/** The series that a scrape itself reports, in the order of the first columns of every schema; the last three where configured. */
export function reportNames(job: Job): readonly string[] {
  const names = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
  ];
  if (!job.extra_scrape_metrics) return names;
  return [...names, "scrape_timeout_seconds", "scrape_sample_limit", "scrape_body_size_bytes"];
}

/**
 * The labels under which an exposed series is stored: the target's added, metric_relabel_configs applied, external labels
 * where absent, limits checked. undefined: a rule dropped it. Throws OperatingError when the whole scrape is to fail.
 */
export function sampleLabels(
  exposed: ExposedLabels,
  targetLabels: Labels,
  job: Job,
): Labels | undefined {
  const labels: MutableLabels = new Map();
  for (const [name, value] of exposed) if (value !== "") labels.set(name, value);
  addTargetLabels(labels, exposed, targetLabels, job.honor_labels);
  if (!relabel(labels, job.metric_relabel_configs)) return undefined;
  if (!labels.has(metricNameLabel)) {
    throw new OperatingError("bad_request", "a series has no metric name after relabelling");
  }
  checkLimits(labels, job);
  return withExternalLabels(labels, job);
}

/** Labels of the series that the scrape itself reports. */
export function reportLabels(name: string, targetLabels: Labels, job: Job): Labels {
  const labels = new Map(Object.entries(targetLabels));
  labels.set(metricNameLabel, name);
  return withExternalLabels(labels, job);
}

function addTargetLabels(
  labels: MutableLabels,
  exposed: ExposedLabels,
  targetLabels: Labels,
  isHonored: boolean,
): void {
  const clashes: [string, string][] = [];
  for (const [name, value] of Object.entries(targetLabels)) {
    if (isHonored) {
      // An exposed label wins even where it is empty, and then the series has none of that name.
      if (!exposed.has(name)) labels.set(name, value);
      continue;
    }
    const taken = labels.get(name);
    if (taken !== undefined) clashes.push([name, taken]);
    labels.set(name, value);
  }
  for (const [name, value] of clashes.toSorted(([a], [b]) => a.length - b.length)) {
    let renamed = `exported_${name}`;
    while (labels.has(renamed)) renamed = `exported_${renamed}`;
    labels.set(renamed, value);
  }
}

function withExternalLabels(labels: MutableLabels, job: Job): Labels {
  for (const [name, value] of Object.entries(job.externalLabels)) {
    if (!labels.has(name) && value !== "") labels.set(name, value);
  }
  return Object.fromEntries([...labels].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Sizes are in bytes of UTF-8, as Prometheus counts them. */
function checkLimits(labels: MutableLabels, job: Job): void {
  const refuse = (what: string, size: number, limit: number): never => {
    const metric = labels.get(metricNameLabel) ?? "";
    const message = `${what} limit exceeded (metric: ${metric}, ${size} over a limit of ${limit})`;
    throw new OperatingError("overloaded", message);
  };
  if (job.label_limit > 0 && labels.size > job.label_limit) {
    refuse("label", labels.size, job.label_limit);
  }
  const { label_name_length_limit: nameMax, label_value_length_limit: valueMax } = job;
  if (nameMax === 0 && valueMax === 0) return;
  for (const [name, value] of labels) {
    const [nameBytes, valueBytes] = [Buffer.byteLength(name), Buffer.byteLength(value)];
    if (nameMax > 0 && nameBytes > nameMax) refuse("label name length", nameBytes, nameMax);
    if (valueMax > 0 && valueBytes > valueMax) refuse("label value length", valueBytes, valueMax);
  }
}
