import type { Labels } from "#shared/model/labels.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { LogSeries } from "../../../query/logql/evaluate.ts";
import { levelOf } from "../../../query/logql/level.ts";
import type { LogRecord } from "../../../query/source.ts";

/** Loki's statistics; those that we don't keep are zero, as its clients allow. */
function statistics(entries: number, bytes: number, seconds: number) {
  const perSecond = (amount: number) => Math.round(amount / Math.max(seconds, 1e-6));
  return {
    summary: {
      bytesProcessedPerSecond: perSecond(bytes),
      linesProcessedPerSecond: perSecond(entries),
      totalBytesProcessed: bytes,
      totalLinesProcessed: entries,
      execTime: seconds,
      queueTime: 0,
      totalEntriesReturned: entries,
    },
  };
}

/**
 * The `data` of a log query. Plainly, a stream's labels include structured metadata, so that one stream may come out as
 * several; with categorized labels they stand beside each line.
 */
export function streamsData(records: readonly LogRecord[], categorize: boolean, seconds: number) {
  const labelsOf = (record: LogRecord): Labels =>
    categorize ? record.stream : { ...record.stream, ...metadataOf(record) };
  const groups = Map.groupBy(records, (record) => labelsKey(labelsOf(record)));
  const result = [...groups.values()].map((group) => ({
    stream: group[0] === undefined ? {} : labelsOf(group[0]),
    values: group.map((record) => {
      const plain = [String(record.timestampNs), record.body];
      return categorize
        ? [...plain, { structuredMetadata: metadataOf(record), parsed: {} }]
        : plain;
    }),
  }));
  const bytes = records.reduce((sum, { body }) => sum + body.length, 0);
  return {
    resultType: "streams",
    // Readers of the stream of bytes want to know this before the result.
    ...(categorize ? { encodingFlags: ["categorize-labels"] } : {}),
    result,
    stats: statistics(records.length, bytes, seconds),
  };
}

export function matrixData(series: readonly LogSeries[], seconds: number) {
  const result = series
    .filter(({ values }) => values.length > 0)
    .toSorted((a, b) => (labelsKey(a.labels) < labelsKey(b.labels) ? -1 : 1))
    .map(({ labels, timesMs, values }) => ({
      metric: labels,
      values: timesMs.map((timeMs, i) => [timeMs / 1_000, String(values[i])]),
    }));
  return { resultType: "matrix", result, stats: statistics(0, 0, seconds) };
}

export function vectorData(series: readonly LogSeries[], seconds: number) {
  const result = series
    .filter(({ values }) => values.length > 0)
    .map(({ labels, timesMs, values }) => ({
      metric: labels,
      value: [(timesMs.at(-1) ?? 0) / 1_000, String(values.at(-1))],
    }));
  return { resultType: "vector", result, stats: statistics(0, 0, seconds) };
}

function metadataOf(record: LogRecord): Labels {
  return { detected_level: levelOf(record.severity), ...record.attributes };
}
