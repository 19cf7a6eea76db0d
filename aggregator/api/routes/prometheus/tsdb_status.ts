import type { SeriesLimitState } from "#aggregator/fleet/series_limit_states.ts";
import type { HeadOverview } from "#aggregator/read/head.ts";
import type { Labels } from "#shared/model/labels.ts";
import { metricNameLabel } from "#shared/model/labels.ts";

type Entry = { readonly name: string; readonly value: number };

/** Series that are counted before others get a turn. */
const seriesAtOnce = 20_000;
/** Prometheus's bounds of an empty head; as text, for they are no safe integers. */
const [emptyMin, emptyMax] = ["9223372036854775807", "-9223372036854775808"] as const;

/** The `data` of /status/tsdb: the head's size, the `limit` largest of each list, and our own `cardinalityLimits`. */
export async function tsdbStatusJson(
  head: HeadOverview,
  limits: readonly SeriesLimitState[],
  limit: number,
): Promise<string> {
  const labels = await countLabels(head.series);
  const byValueCount: Entry[] = [];
  const byBytes: Entry[] = [];
  const byPair: Entry[] = [];
  let pairs = 0;
  for (const [name, values] of labels) {
    pairs += values.size;
    byValueCount.push({ name, value: values.size });
    let bytes = 0;
    for (const [value, count] of values) {
      bytes += Buffer.byteLength(value) * count;
      byPair.push({ name: `${name}=${value}`, value: count });
    }
    byBytes.push({ name, value: bytes });
  }
  const byMetric = [...(labels.get(metricNameLabel) ?? [])].map(([name, value]) => ({
    name,
    value,
  }));
  const headStats = [
    `"numSeries":${head.series.length}`,
    `"numLabelPairs":${pairs}`,
    `"chunkCount":${head.runs}`,
    `"minTime":${head.minMs ?? emptyMin}`,
    `"maxTime":${head.maxMs ?? emptyMax}`,
  ].join(",");
  const lists = [
    ["seriesCountByMetricName", byMetric],
    ["labelValueCountByLabelName", byValueCount],
    ["memoryInBytesByLabelName", byBytes],
    ["seriesCountByLabelValuePair", byPair],
  ] as const;
  const listsJson = lists
    .map(([name, entries]) => `"${name}":${JSON.stringify(largest(entries, limit))}`)
    .join(",");
  const limitsJson = JSON.stringify(limits.map(limitJson));
  return `{"headStats":{${headStats}},${listsJson},"cardinalityLimits":${limitsJson}}`;
}

/** Counts of what was refused are since the agent or aggregator began; growth is of the last hour. */
function limitJson({ agent, limit }: SeriesLimitState) {
  const { scope, name, active, refusedSeries, refusedSamples, lastRefusedMs, fastest } = limit;
  return {
    scope,
    name,
    agent,
    limit: limit.limit,
    active,
    refusedSeries,
    refusedSamples,
    lastRefused: lastRefusedMs === 0 ? null : new Date(lastRefusedMs).toISOString(),
    fastestGrowing:
      fastest === undefined
        ? null
        : {
            metric: fastest.metric,
            label: fastest.label,
            distinctValues: fastest.distinctValues,
            growth: fastest.growth,
          },
  };
}

/** For each label name, how many series have each of its values. */
async function countLabels(
  series: readonly Labels[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const labels = new Map<string, Map<string, number>>();
  for (let i = 0; i < series.length; i++) {
    if (i % seriesAtOnce === seriesAtOnce - 1) await Bun.sleep(0);
    for (const [name, value] of Object.entries(series[i] ?? {})) {
      let values = labels.get(name);
      if (values === undefined) labels.set(name, (values = new Map()));
      values.set(value, (values.get(value) ?? 0) + 1);
    }
  }
  return labels;
}

function largest(entries: readonly Entry[], limit: number): Entry[] {
  return entries
    .toSorted((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1))
    .slice(0, limit);
}
