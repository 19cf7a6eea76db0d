import { type Labels, labelsKey } from "#shared/model/labels.ts";
import { withoutLabels } from "../../promql/model/values.ts";
import type { Grouping } from "#shared/query_language/logql/ast.ts";
import {
  type RecordState,
  allLabels,
  errorDetailsLabel,
  errorLabel,
  labelOf,
} from "../../../log_pipeline/record_state.ts";

/** Numbers for the series that records belong to, in the order in which they are met. */
export type SeriesIds = {
  readonly idOf: (state: RecordState) => number;
  readonly labels: Labels[];
};

/**
 * With `by` a series is known by the values of the grouping's labels, so that no label set is made for a record; else by all labels,
 * less those that `without` names. `isPlain` says that stages leave the labels alone: then a stream's records of one severity are all
 * of one series, unless they have metadata of their own.
 */
export function seriesIds(grouping: Grouping | undefined, isPlain: boolean): SeriesIds {
  const ids = new Map<string, number>();
  const labels: Labels[] = [];
  const numbered = (key: string, make: () => Labels): number => {
    let id = ids.get(key);
    if (id === undefined) {
      id = labels.length;
      ids.set(key, id);
      labels.push(make());
    }
    return id;
  };
  const find =
    grouping === undefined || grouping.without
      ? byAll(grouping?.names ?? [], numbered)
      : byNames([...new Set(grouping.names)], numbered);
  return { labels, idOf: isPlain ? remembered(find) : find };
}

type Numbered = (key: string, make: () => Labels) => number;

function byNames(names: readonly string[], numbered: Numbered): SeriesIds["idOf"] {
  const [only] = names;
  if (only === undefined) return () => numbered("", () => ({}));
  const labelsFor = (state: RecordState): Labels => {
    const labels: Record<string, string> = {};
    for (const name of names) {
      const value = valueOf(state, name);
      if (value !== "") labels[name] = value;
    }
    return labels;
  };
  if (names.length === 1) return (state) => numbered(valueOf(state, only), () => labelsFor(state));
  return (state) => {
    let key = "";
    for (const name of names) key += `${valueOf(state, name)}\u00ff`;
    return numbered(key, () => labelsFor(state));
  };
}

function valueOf(state: RecordState, name: string): string {
  if (name === errorLabel) return state.error;
  if (name === errorDetailsLabel) return state.details;
  return labelOf(state, name) ?? "";
}

function byAll(dropped: readonly string[], numbered: Numbered): SeriesIds["idOf"] {
  return (state) => {
    const labels = withoutLabels(allLabels(state), dropped);
    // A parser may give empty labels (`logfmt --keep-empty`), which a key does not distinguish from absent ones.
    let key = labelsKey(labels);
    for (const name in labels) if (labels[name] === "") key += `\u00fe${name}`;
    return numbered(key, () => labels);
  };
}

/** Ids by stream and severity, for records that have no metadata of their own. */
function remembered(find: SeriesIds["idOf"]): SeriesIds["idOf"] {
  const ofStreams = new WeakMap<Labels, Int32Array>();
  let [stream, ids]: [Labels | undefined, Int32Array | undefined] = [undefined, undefined];
  return (state) => {
    if (state.attributes !== undefined) return find(state);
    if (state.stream !== stream || ids === undefined) {
      stream = state.stream;
      ids = ofStreams.get(stream);
      if (ids === undefined) ofStreams.set(stream, (ids = new Int32Array(256).fill(-1)));
    }
    const known = ids[state.severity] ?? -1;
    if (known >= 0) return known;
    const id = find(state);
    ids[state.severity] = id;
    return id;
  };
}
