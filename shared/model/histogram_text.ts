import { bucketColumns, type Buckets, type Histogram, usesCustomBuckets } from "./histogram.ts";

type FormatNumber = (value: number) => string;

/**
 * One line of count, sum and populated buckets, as Prometheus prints a histogram where a text is needed:
 * `{count:4, sum:5, (0.5,1]:1, (1,2]:3}`.
 */
export function histogramLine(histogram: Histogram, format: FormatNumber): string {
  const { lower, upper, counts, zeroAt } = bucketColumns(histogram);
  const parts = [`count:${format(histogram.count)}`, `sum:${format(histogram.sum)}`];
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    const [open, close] = [i <= zeroAt ? "[" : "(", i < zeroAt ? ")" : "]"];
    const bounds = `${open}${format(lower[i] ?? 0)},${format(upper[i] ?? 0)}${close}`;
    parts.push(`${bounds}:${format(counts[i] ?? 0)}`);
  }
  return `{${parts.join(", ")}}`;
}

/** The notation of Prometheus's test scripts: `{{schema:0 count:4 sum:5 buckets:[1 2 1]}}`. */
export function histogramNotation(histogram: Histogram): string {
  const { schema, count, sum, zeroCount, zeroThreshold, customValues } = histogram;
  const parts: string[] = [];
  if (schema !== 0) parts.push(`schema:${schema}`);
  if (count !== 0) parts.push(`count:${count}`);
  if (sum !== 0) parts.push(`sum:${sum}`);
  if (zeroCount !== 0) parts.push(`z_bucket:${zeroCount}`);
  if (zeroThreshold !== 0) parts.push(`z_bucket_w:${zeroThreshold}`);
  if (usesCustomBuckets(histogram)) parts.push(`custom_values:[${customValues.join(" ")}]`);
  if (histogram.counterResetHint !== "unknown")
    parts.push(`counter_reset_hint:${histogram.counterResetHint}`);
  parts.push(...notationOf("", histogram.positive), ...notationOf("n_", histogram.negative));
  return `{{${parts.join(" ")}}}`;
}

/** Gaps are written out, but a bucket far away from its neighbour would make the text endless. */
const gapMax = 1_000;

function notationOf(prefix: string, { indices, counts }: Buckets): string[] {
  const first = indices[0];
  if (first === undefined) return [];
  const texts: string[] = [];
  let previous = first - 1;
  for (const [i, index] of indices.entries()) {
    const gap = index - previous - 1;
    if (gap > gapMax) texts.push(`...${gap}`);
    else for (let skipped = 0; skipped < gap; skipped++) texts.push("0");
    texts.push(String(counts[i]));
    previous = index;
  }
  const buckets = `${prefix}buckets:[${texts.join(" ")}]`;
  return first === 0 ? [buckets] : [`${prefix}offset:${first}`, buckets];
}
