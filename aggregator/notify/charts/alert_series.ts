import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import type { NotifiedAlert } from "#aggregator/channels/notification.ts";
import type { ChartLine } from "./chart_svg.ts";

/** A series of a chart. Times are Unix milliseconds. */
export type ChartSeries = {
  readonly labels: Labels;
  readonly timesMs: ArrayLike<number>;
  readonly values: ArrayLike<number>;
};

/** Lines of alerts, and others beside them. */
const [alertLinesMax, otherLinesMax] = [6, 14];

/**
 * The lines to draw, those of the alerts first, in the order of the alerts. A series belongs to an alert that has all its labels with the same
 * values; the alert has more, which the rule adds.
 */
export function linesOf(
  series: readonly ChartSeries[],
  alerts: readonly NotifiedAlert[],
): { readonly lines: readonly ChartLine[]; readonly seriesOfAlert: ChartSeries | undefined } {
  const own: ChartSeries[] = [];
  for (const { labels } of alerts) {
    const found = series.find((each) => belongsTo(each.labels, labels));
    if (found !== undefined && !own.includes(found)) own.push(found);
  }
  const taken = new Set(own);
  const others = series.filter((each) => !taken.has(each));
  const shared = sharedNames(own);
  const lineOf = (isAlert: boolean) => (each: ChartSeries) => ({
    name: nameOf(each.labels, shared),
    timesMs: Array.from(each.timesMs),
    values: Array.from(each.values),
    isAlert,
  });
  return {
    lines: [
      ...own.slice(0, alertLinesMax).map(lineOf(true)),
      ...others.slice(0, otherLinesMax).map(lineOf(false)),
    ],
    seriesOfAlert: own[0],
  };
}

function belongsTo(series: Labels, alert: Labels): boolean {
  return Object.entries(series).every(
    ([name, value]) => name === metricNameLabel || alert[name] === value,
  );
}

/** Names of labels that are the same everywhere: they tell no line from another. */
function sharedNames(series: readonly ChartSeries[]): ReadonlySet<string> {
  const [first, ...others] = series;
  const names = Object.keys(first?.labels ?? {});
  return new Set(
    names.filter((name) => others.every(({ labels }) => labels[name] === first?.labels[name])),
  );
}

function nameOf(labels: Labels, shared: ReadonlySet<string>): string {
  return Object.entries(labels)
    .filter(([name]) => name !== metricNameLabel && !shared.has(name))
    .map(([, value]) => value)
    .join(" ");
}
