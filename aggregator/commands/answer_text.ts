import { assertNever } from "#shared/assert.ts";
import type { Labels } from "#shared/model/labels.ts";
import { formatSample } from "#shared/text/go_float_text.ts";
import type { ReadAnswer } from "#proto/columns/answer_reader.ts";
import type { ReadLine } from "#proto/columns/read_lines.ts";
import { type ReadHistogram, timesOf } from "#proto/columns/series_reader.ts";

/** An answer as lines to read: time, labels, and the value or the log line. */
export function answerLines(read: ReadAnswer): string[] {
  switch (read.type) {
    case "matrix":
    case "vector":
      return read.series.flatMap((one) => {
        const times = timesOf(one, read.grid);
        const labels = labelText(one.labels);
        const numbers = Array.from(one.values, (value, i) => [times[i] ?? 0, formatSample(value)]);
        const histograms = (one.histograms ?? []).map((each) => [each.timeMs, histogramText(each)]);
        return [...numbers, ...histograms].map(
          ([ms, value]) => `${new Date(Number(ms)).toISOString()}\t${labels}\t${value}`,
        );
      });
    case "scalar":
      return read.series.map(({ values }) => formatSample(values[0] ?? Number.NaN));
    case "string":
      return [read.text];
    case "streams":
      return read.lines.map((line) => {
        const time = new Date(Number(line.timestampNs / 1_000_000n)).toISOString();
        return `${time}\t${labelText(labelsOf(line))}\t${line.text}`;
      });
    default:
      return assertNever(read);
  }
}

/** An answer as the `data` of Prometheus's and Loki's APIs. */
export function answerJson(read: ReadAnswer): object {
  const resultType = read.type;
  switch (read.type) {
    case "matrix": {
      const result = read.series.map((one) => {
        const times = timesOf(one, read.grid);
        const values = Array.from(one.values, (value, i) => pair(times[i] ?? 0, value));
        const histograms = one.histograms?.map(histogramPair);
        return {
          metric: one.labels,
          ...(values.length === 0 ? {} : { values }),
          ...(histograms === undefined ? {} : { histograms }),
        };
      });
      return { resultType, result };
    }
    case "vector": {
      const result = read.series.map(({ labels, values, histograms: [histogram] = [] }) => ({
        metric: labels,
        ...(histogram === undefined
          ? { value: pair(read.grid?.startMs ?? 0, values[0] ?? Number.NaN) }
          : { histogram: histogramPair(histogram) }),
      }));
      return { resultType, result };
    }
    case "scalar": {
      const [value = Number.NaN] = read.series[0]?.values ?? [];
      return { resultType, result: pair(read.grid?.startMs ?? 0, value) };
    }
    case "string":
      return { resultType, result: [read.timeMs / 1_000, read.text] };
    case "streams": {
      const groups = Map.groupBy(read.lines, (line) => JSON.stringify(labelsOf(line)));
      const result = [...groups.values()].map((lines) => ({
        stream: lines[0] === undefined ? {} : labelsOf(lines[0]),
        values: lines.map(({ timestampNs, text }) => [String(timestampNs), text]),
      }));
      return { resultType, result };
    }
    default:
      return assertNever(read);
  }
}

function pair(timeMs: number, value: number): [number, string] {
  return [timeMs / 1_000, formatSample(value)];
}

function histogramPair(histogram: ReadHistogram): [number, object] {
  const { lower, upper, counts, bounds } = histogram;
  const buckets = Array.from(counts, (count, i) => [
    bounds[i],
    formatSample(lower[i] ?? 0),
    formatSample(upper[i] ?? 0),
    formatSample(count),
  ]);
  const [count, sum] = [formatSample(histogram.count), formatSample(histogram.sum)];
  return [histogram.timeMs / 1_000, { count, sum, ...(buckets.length === 0 ? {} : { buckets }) }];
}

/** As Prometheus prints it: `{count:3, sum:7, (1,2]:3}`. */
function histogramText({ count, sum, lower, upper, counts, bounds }: ReadHistogram): string {
  const buckets = Array.from(counts, (inside, i) => {
    const holdsLower = bounds[i] === 1 || bounds[i] === 3;
    const holdsUpper = bounds[i] === 0 || bounds[i] === 3;
    const range = `${formatSample(lower[i] ?? 0)},${formatSample(upper[i] ?? 0)}`;
    return `, ${holdsLower ? "[" : "("}${range}${holdsUpper ? "]" : ")"}:${formatSample(inside)}`;
  });
  return `{count:${formatSample(count)}, sum:${formatSample(sum)}${buckets.join("")}}`;
}

function labelsOf({ stream, metadata, parsed }: ReadLine): Labels {
  return { ...stream, ...metadata, ...parsed };
}

function labelText({ __name__: name = "", ...rest }: Labels): string {
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(",")}}`;
}
