import { formatShort } from "#shared/text/go_float_text.ts";
import type { Histogram } from "#shared/model/histogram.ts";
import { classicBuckets, type FederatedFamily } from "./families.ts";

const plainName = /^[A-Za-z_:][A-Za-z0-9_:]*$/;
const plainLabel = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Families as Prometheus's text format 0.0.4, with quoted names where they need it. Histograms must have custom buckets. */
export function federatedText(families: readonly FederatedFamily[]): string {
  let text = "";
  for (const { name, kind, samples } of families) {
    // The format has no type for histograms that may go down.
    const type = kind === "untyped" ? kind : "histogram";
    text += `# TYPE ${plainName.test(name) ? name : quoted(name)} ${type}\n`;
    for (const { pairs, timeMs, value, histogram } of samples) {
      const labels = pairs.map(
        ([label, of]) => `${plainLabel.test(label) ? label : quoted(label)}=${quoted(of)}`,
      );
      const line = (suffix: string, shown: number, more: readonly string[] = []): string =>
        `${series(name + suffix, [...labels, ...more])} ${formatShort(shown)} ${timeMs}\n`;
      text += histogram === undefined ? line("", value) : classicLines(histogram, line);
    }
  }
  return text;
}

type Line = (suffix: string, value: number, more?: readonly string[]) => string;

function classicLines(histogram: Histogram, line: Line): string {
  const buckets = classicBuckets(histogram).map(({ bound, cumulativeCount }) =>
    line("_bucket", cumulativeCount, [`le="${formatShort(bound)}"`]),
  );
  return buckets.join("") + line("_sum", histogram.sum) + line("_count", histogram.count);
}

function series(name: string, pairs: readonly string[]): string {
  const isPlain = plainName.test(name);
  return `${isPlain ? name : ""}{${(isPlain ? pairs : [quoted(name), ...pairs]).join(",")}}`;
}

function quoted(text: string): string {
  const escaped = text
    .replaceAll("\\", String.raw`\\`)
    .replaceAll("\n", String.raw`\n`)
    .replaceAll('"', String.raw`\"`);
  return `"${escaped}"`;
}
