import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { SeriesIndex } from "#shared/text/exposition/series_index.ts";
import { parseText } from "#shared/text/exposition/text_parser.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { RecordedScrape } from "./recorded_scrapes.ts";

/** Samples of one series, as the aggregator's store takes them. */
export type HostSeries = {
  readonly labels: Labels;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
};

/** One recorded series: a value a scrape. */
type Recorded = {
  readonly labels: Record<string, string>;
  readonly values: Float64Array;
  /** What a counter gains from the first scrape to the last, and on to the first of the next lap. */
  readonly lap: number;
};

export const intervalMs = 15_000;
/** Hosts are not scraped at the same moment. */
const hostShiftMs = 997;

/**
 * The recorded scrapes of one node_exporter played by many hosts, 15 s apart, for as long as wanted: every host
 * begins at another place of the recording, and counters go on where a lap ended.
 */
export class NodeHosts {
  readonly #recorded: readonly Recorded[];
  readonly #laps: number;
  readonly #hosts: number;

  constructor(scrapes: readonly RecordedScrape[], hosts: number) {
    this.#recorded = readSeries(scrapes);
    this.#laps = scrapes.length;
    this.#hosts = hosts;
  }

  get series(): number {
    return this.#recorded.length * this.#hosts;
  }

  /** `count` scrapes of a host from scrape number `from` on, the first of all at `startMs`. */
  window(host: number, startMs: number, from: number, count: number): HostSeries[] {
    const timestampsMs = new Float64Array(count);
    for (let i = 0; i < count; i++)
      timestampsMs[i] = startMs + (from + i) * intervalMs + host * hostShiftMs;
    return this.#play(host, timestampsMs, from);
  }

  /** Scrape number `scrape` of a host, read at `atMs`. */
  scrapeAt(host: number, scrape: number, atMs: number): HostSeries[] {
    return this.#play(host, Float64Array.of(atMs), scrape);
  }

  #play(host: number, timestampsMs: Float64Array, from: number): HostSeries[] {
    const count = timestampsMs.length;
    const shift = Math.floor((host * this.#laps) / this.#hosts);
    return this.#recorded.map(({ labels, values, lap }) => {
      const played = new Float64Array(count);
      for (let i = 0; i < count; i++) {
        const at = shift + from + i;
        const value = values[at % this.#laps] ?? 0;
        played[i] = lap === 0 ? value : value + Math.floor(at / this.#laps) * lap;
      }
      const instance = `host-${host}:9100`;
      return { labels: { ...labels, instance, job: "node" }, timestampsMs, values: played };
    });
  }
}

function readSeries(scrapes: readonly RecordedScrape[]): Recorded[] {
  const index = new SeriesIndex();
  const out = new SampleColumns();
  const rows = new Map<number, { labels: Record<string, string>; values: Float64Array }>();
  for (const [scrape, { text }] of scrapes.entries()) {
    parseText(new TextEncoder().encode(text), "prometheus", index, out);
    for (const { entry, labels } of index.newSeries) {
      const values = new Float64Array(scrapes.length);
      rows.set(entry, { labels: Object.fromEntries(labels), values });
    }
    index.newSeries = [];
    for (let i = 0; i < out.length; i++) {
      const row = rows.get(out.series[i] ?? 0);
      if (row !== undefined) row.values[scrape] = out.values[i] ?? 0;
    }
  }
  return [...rows.values()].map(({ labels, values }) => ({
    labels,
    values,
    lap: isCounter(labels["__name__"] ?? "") ? lapOf(values) : 0,
  }));
}

function isCounter(name: string): boolean {
  return /_(?:total|count|sum|bucket)$/.test(name);
}

/** One lap and one step, rounded to the recording's precision so that sums stay short in decimals. */
function lapOf(values: Float64Array): number {
  const gained = (values.at(-1) ?? 0) - (values[0] ?? 0);
  return gained > 0 ? Math.ceil(gained) + 1 : 0;
}
