import type { MetricsSource, SelectRequest, SeriesRequest } from "#aggregator/read/source.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Histogram } from "#shared/model/histogram.ts";
import { type Labels, type Matcher, labelsKey } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { setStale, wordsOf } from "#shared/model/special_values.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";

type Value = number | "stale" | Histogram;
type Sample = {
  readonly timeMs: number;
  readonly value: Value;
  readonly startMs: number;
  readonly isFine: boolean;
};
type Series = { readonly labels: Labels; readonly samples: Sample[] };

/** A metrics source whose series stand in memory, for unit tests of rules and of what reads metrics. All tenants see the same. */
export class MemoryMetrics implements MetricsSource {
  readonly #series = new Map<string, Series>();
  readonly families: MetricFamily[] = [];
  /** Fetches so far, to test that a query asks no more than it needs. */
  selects = 0;

  /** Adds a sample, which counts since `startMs`; one at the same time replaces the earlier. */
  add(labels: Labels, timeMs: number, value: Value, startMs = 0, isFine = false): void {
    const key = labelsKey(labels);
    const series = this.#series.get(key) ?? { labels, samples: [] };
    this.#series.set(key, series);
    const last = series.samples.at(-1);
    if (last === undefined || last.timeMs < timeMs) {
      series.samples.push({ timeMs, value, startMs, isFine });
      return;
    }
    const at = series.samples.findIndex((sample) => sample.timeMs >= timeMs);
    const replaced = series.samples[at]?.timeMs === timeMs ? 1 : 0;
    series.samples.splice(at, replaced, { timeMs, value, startMs, isFine });
  }

  clear(): void {
    this.#series.clear();
  }

  async select({ matchers, startMs, endMs, samplesMax, withStarts, signal }: SelectRequest) {
    this.selects++;
    signal?.throwIfAborted();
    let total = 0;
    return this.#matching([matchers]).flatMap(({ labels, samples }) => {
      const within = samples.filter(({ timeMs }) => timeMs >= startMs && timeMs <= endMs);
      total += within.length;
      if (total > samplesMax)
        throw new OperatingError("overloaded", `more than ${samplesMax} samples`);
      if (within.length === 0) return [];
      const values = new Float64Array(within.length);
      const words = wordsOf(values);
      for (const [i, { value }] of within.entries()) {
        if (value === "stale") setStale(words, i);
        else if (typeof value === "number") values[i] = value;
      }
      const histograms = within.map(({ value }) => (typeof value === "object" ? value : undefined));
      const plain = {
        labels,
        timestampsMs: Float64Array.from(within, ({ timeMs }) => timeMs),
        values,
        ...(withStarts === true && within.some((sample) => sample.startMs !== 0)
          ? { starts: Float64Array.from(within, (sample) => sample.startMs) }
          : {}),
        ...(within.some((sample) => sample.isFine)
          ? { fine: Uint8Array.from(within, (sample) => (sample.isFine ? 1 : 0)) }
          : {}),
      };
      return [histograms.some((one) => one !== undefined) ? { ...plain, histograms } : plain];
    });
  }

  async series(request: SeriesRequest): Promise<Labels[]> {
    return this.#inRange(request).map(({ labels }) => labels);
  }

  async labelNames(request: SeriesRequest): Promise<string[]> {
    return [
      ...new Set(this.#inRange(request).flatMap(({ labels }) => Object.keys(labels))),
    ].toSorted();
  }

  async labelValues(name: string, request: SeriesRequest): Promise<string[]> {
    return [
      ...new Set(this.#inRange(request).flatMap(({ labels }) => labels[name] ?? [])),
    ].toSorted();
  }

  async metadata(): Promise<MetricFamily[]> {
    return this.families;
  }

  #inRange({ selectors, startMs, endMs }: SeriesRequest): Series[] {
    return this.#matching(selectors).filter(({ samples }) =>
      samples.some(({ timeMs }) => timeMs >= startMs && timeMs <= endMs),
    );
  }

  #matching(selectors: readonly (readonly Matcher[])[]): Series[] {
    const tests = selectors.map((matchers) => matchers.map((matcher) => matcherTest(matcher)));
    return [...this.#series]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, series]) => series)
      .filter(
        ({ labels }) =>
          tests.length === 0 || tests.some((all) => all.every((test) => test(labels))),
      );
  }
}

function matcherTest({ name, op, value }: Matcher): (labels: Labels) => boolean {
  if (op === "=") return (labels) => (labels[name] ?? "") === value;
  if (op === "!=") return (labels) => (labels[name] ?? "") !== value;
  const regex = anchoredRegex(value);
  return (labels) => regex.test(labels[name] ?? "") === (op === "=~");
}
