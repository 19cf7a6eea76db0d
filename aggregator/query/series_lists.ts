import { pacer } from "#shared/async/pacer.ts";
import { sortInTurns } from "#shared/async/sort_in_turns.ts";
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
      const more = await committed(await view().metrics.series(request));
      refuseIfAborted(request.signal);
      return [...found.union(more)].toSorted();
    });
  return {
    series: (request) => {
      const read = async () => {
        const recent: Labels[] = [];
        head.eachSeries(request, (labels) => void recent.push(labels));
        const committed = await (await view().metrics.series(request)).labels();
        return mergeLabels([committed, recent], request.signal);
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

/** Labels between two looks at the clock. */
const labelsAtOnce = 256;
/** So many keys are sorted in one go, which takes some milliseconds. */
const sortedAtOnceMax = 10_000;

/** Each once, sorted by key: in turns, as there may be a million. */
async function mergeLabels(
  lists: readonly (readonly Labels[])[],
  signal: AbortSignal | undefined,
): Promise<Labels[]> {
  const pause = pacer();
  const byKey = new Map<string, Labels>();
  for (const list of lists)
    for (const [i, labels] of list.entries()) {
      if (i % labelsAtOnce === 0) {
        await pause();
        refuseIfAborted(signal);
      }
      byKey.set(labelsKey(labels), labels);
    }
  const sorted = await sortedKeys([...byKey.keys()], pause);
  return sorted.map((key) => byKey.get(key) ?? {});
}

async function sortedKeys(
  keys: string[],
  pause: () => Promise<void> | undefined,
): Promise<readonly string[]> {
  if (isSorted(keys)) return keys;
  await pause();
  if (keys.length <= sortedAtOnceMax) return keys.toSorted();
  return sortInTurns(keys, (a, b) => (a < b ? -1 : a > b ? 1 : 0), pause);
}

function isSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if ((keys[i] ?? "") < (keys[i - 1] ?? "")) return false;
  return true;
}

function addNames(labels: Labels, names: Set<string>): void {
  for (const name in labels) names.add(name);
}

function addValue(value: string | undefined, values: Set<string>): void {
  if (value !== undefined && value !== "") values.add(value);
}
