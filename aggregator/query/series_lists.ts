import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { Head } from "../read/head.ts";
import type { BlockView, FoundSeries } from "../read/store.ts";
import { inShare, refuseIfAborted, seriesBytes } from "./in_share.ts";
import type { MetricsSource, SeriesRequest } from "../read/source.ts";

/** Series, and names and values of labels, of head and blocks as one: both are asked in the same tick. */
export function seriesLists(
  head: Head,
  view: () => BlockView,
): Pick<MetricsSource, "series" | "labelNames" | "labelValues"> {
  const texts = (
    request: SeriesRequest,
    recent: (labels: Labels, texts: Set<string>) => void,
    committed: (found: FoundSeries) => Promise<Set<string>>,
  ) =>
    inShare(async () => {
      const found = new Set<string>();
      head.eachSeries(request, (labels) => recent(labels, found));
      const more = await committed(await view().metricSeries(request));
      refuseIfAborted(request.signal);
      return [...found.union(more)].toSorted();
    });
  return {
    series: (request) => {
      const read = async () => {
        const recent = head.metricSeries(request);
        const committed = await (await view().metricSeries(request)).labels();
        if (isTurnOver()) await nextTurn();
        return mergeLabels(committed, recent, request.signal);
      };
      return inShare(read, ({ length }) => length * seriesBytes);
    },
    labelNames: (request) => texts(request, addNames, (found) => found.names()),
    labelValues: (name, request) =>
      texts(
        request,
        (labels, values) => addValue(labels[name], values),
        (found) => found.values(name),
      ),
  };
}

function mergeLabels(
  blocks: readonly Labels[],
  recent: readonly Labels[],
  signal: AbortSignal | undefined,
): Labels[] {
  refuseIfAborted(signal);
  const byKey = new Map<string, Labels>();
  for (const labels of [...blocks, ...recent]) byKey.set(labelsKey(labels), labels);
  return [...byKey.keys()].toSorted().map((key) => byKey.get(key) ?? {});
}

function addNames(labels: Labels, names: Set<string>): void {
  for (const name in labels) names.add(name);
}

function addValue(value: string | undefined, values: Set<string>): void {
  if (value !== undefined && value !== "") values.add(value);
}
