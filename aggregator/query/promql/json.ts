import type { Labels } from "#shared/model/labels.ts";
import type { QueryData, QueryStats } from "./engine.ts";
import { formatSample } from "./go_float.ts";

/**
 * The `data` object of Prometheus's query answers as text: resultType first (Grafana reads it as a stream), values as
 * strings in Go's layout, times as seconds with three decimals or none. Built as one string, since an object a sample
 * would cost more than the query.
 */
export function queryDataJson(data: QueryData, stats?: QueryStats): string {
  const tail = stats === undefined ? "" : `,"stats":${statsJson(stats)}`;
  return `{"resultType":"${data.resultType}","result":${resultJson(data)}${tail}}`;
}

function resultJson(data: QueryData): string {
  switch (data.resultType) {
    case "scalar":
      return `[${timeJson(data.timeMs)},"${formatSample(data.value)}"]`;
    case "string":
      return `[${timeJson(data.timeMs)},${JSON.stringify(data.value)}]`;
    case "vector": {
      const time = timeJson(data.timeMs);
      const rows = data.series.map(
        ({ labels, value }) =>
          `{"metric":${labelsJson(labels)},"value":[${time},"${formatSample(value)}"]}`,
      );
      return `[${rows.join(",")}]`;
    }
    case "matrix": {
      const rows = data.series.map(
        ({ labels, timestampsMs, values }) =>
          `{"metric":${labelsJson(labels)},"values":[${pointsJson(timestampsMs, values)}]}`,
      );
      return `[${rows.join(",")}]`;
    }
  }
}

function pointsJson(timestampsMs: Float64Array, values: Float64Array): string {
  let text = "";
  for (let i = 0; i < timestampsMs.length; i++) {
    text += `${i === 0 ? "" : ","}[${timeJson(timestampsMs[i] ?? 0)},"${formatSample(values[i] ?? 0)}"]`;
  }
  return text;
}

/** Labels in the order of their names. */
export function labelsJson(labels: Labels): string {
  const pairs = Object.keys(labels)
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${JSON.stringify(labels[name])}`);
  return `{${pairs.join(",")}}`;
}

/** Unix milliseconds as seconds. */
function timeJson(timeMs: number): string {
  const size = Math.abs(Math.round(timeMs));
  const fraction = size % 1_000;
  const seconds = `${timeMs < 0 ? "-" : ""}${(size - fraction) / 1_000}`;
  return fraction === 0 ? seconds : `${seconds}.${String(fraction).padStart(3, "0")}`;
}

function statsJson({
  prepareMs,
  evaluateMs,
  sortMs,
  samplesRead,
  peakSamples,
}: QueryStats): string {
  const totalMs = prepareMs + evaluateMs + sortMs;
  return JSON.stringify({
    timings: {
      evalTotalTime: totalMs / 1_000,
      resultSortTime: sortMs / 1_000,
      queryPreparationTime: prepareMs / 1_000,
      innerEvalTime: evaluateMs / 1_000,
      execQueueTime: 0,
      execTotalTime: totalMs / 1_000,
    },
    samples: { totalQueryableSamples: samplesRead, samplesRead, peakSamples },
  });
}
