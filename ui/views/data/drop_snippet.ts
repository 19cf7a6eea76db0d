import { stringify } from "yaml";

/** Rules of Prometheus's, for a scrape job: the metric is scraped and let go of before it is written anywhere. */
export function dropMetric(metric: string): string {
  return jobOf({ source_labels: ["__name__"], regex: literal(metric), action: "drop" });
}

/** The label goes; series that differ in it alone become one, of which the last sample of a scrape stands. */
export function dropLabel(label: string): string {
  return jobOf({ regex: literal(label), action: "labeldrop" });
}

function jobOf(rule: Readonly<Record<string, unknown>>): string {
  return `scrape_configs:\n  - job_name: ...   # the job that has it\n${indented(
    stringify({ metric_relabel_configs: [rule] }),
  )}`;
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}\n`)
    .join("");
}

/** A regular expression that fits this text alone. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** A selector of a metric's series, with names that PromQL takes only in quotes. */
export function selectorOf(metric: string): string {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric) ? metric : `{${JSON.stringify(metric)}}`;
}

/** All series that have a label. */
export function labelSelector(label: string, value?: string): string {
  const name = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) ? label : JSON.stringify(label);
  return value === undefined ? `{${name}!=""}` : `{${name}=${JSON.stringify(value)}}`;
}
