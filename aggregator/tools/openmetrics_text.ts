import { metricNameLabel } from "#shared/model/labels.ts";
import type { SeriesSamples } from "../read/source.ts";

/** The last line of every exposition. */
export const openMetricsEnd = "# EOF\n";

/** One series as OpenMetrics 1.0 writes it, a line a sample, the samples at `indices`; times in seconds. */
export function openMetricsLines(series: SeriesSamples, indices: readonly number[]): string {
  const head = seriesText(series);
  let lines = "";
  for (const i of indices) {
    const seconds = (series.timestampsMs[i] ?? 0) / 1_000;
    lines += `${head} ${valueText(series.values[i] ?? Number.NaN)} ${seconds.toFixed(3)}\n`;
  }
  return lines;
}

function seriesText({ labels }: SeriesSamples): string {
  const { [metricNameLabel]: name = "", ...rest } = labels;
  const pairs = Object.keys(rest)
    .toSorted()
    .map((label) => `${nameText(label, plainLabel)}=${quotedText(rest[label] ?? "")}`);
  if (plainName.test(name)) return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
  // Names of UTF-8 stand quoted among the labels, as Prometheus 3 writes them.
  return `{${[quotedText(name), ...pairs].join(",")}}`;
}

const plainName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const plainLabel = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function nameText(name: string, plain: RegExp): string {
  return plain.test(name) ? name : quotedText(name);
}

function quotedText(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

function valueText(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return Object.is(value, -0) ? "-0" : String(value);
}
