import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricsRow, SeriesSchema } from "#shared/model/metrics.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Collect, Collector, CollectorOptions, HostRoot } from "./collector.ts";
import { NoDataError } from "./collector.ts";
import { gauge } from "../../samples/family.ts";
import { SeriesTable } from "../../samples/series_table.ts";

const duration = gauge(
  "node_scrape_collector_duration_seconds",
  "Time that one collector took in this tick.",
  ["collector"],
);
const success = gauge(
  "node_scrape_collector_success",
  "1 where the collector delivered, 0 where it failed or the host has nothing of the kind.",
  ["collector"],
);

export type HostTick = {
  readonly schema: SeriesSchema;
  readonly row: MetricsRow;
  /** Samples refused because of the limit on series. */
  readonly refused: number;
  /** Collectors that failed for another reason than having nothing to report. */
  readonly failures: readonly { readonly collector: string; readonly message: string }[];
};

export type HostCollectorSettings = {
  readonly collectors: readonly Collector[];
  readonly root: HostRoot;
  readonly options: CollectorOptions;
  /** On every series, beside the labels of its own. */
  readonly labels: Labels;
  readonly seriesMax: number;
  readonly clock: Clock;
};

/** Runs the collectors of one host, tick by tick, into one table of series. A collector that fails degrades alone. */
export function hostCollector(settings: HostCollectorSettings): (ms: number) => Promise<HostTick> {
  const { clock, root, options } = settings;
  const table = new SeriesTable(settings.labels, settings.seriesMax);
  const running = settings.collectors.map((collector) => ({
    name: collector.name,
    collect: collector.create(root, options),
  }));

  async function observe(name: string, collect: Collect, failures: Map<string, string>) {
    const startMs = clock.monotonic();
    let delivered = 1;
    try {
      // Awaited only where there is something to wait for, so that most collectors cost no turn of the loop.
      const pending = collect(table);
      if (pending !== undefined) await pending;
    } catch (error) {
      delivered = 0;
      if (!(error instanceof NoDataError)) failures.set(name, messageOf(error));
    }
    table.add(duration, (clock.monotonic() - startMs) / 1_000, name);
    table.add(success, delivered, name);
  }

  return async (timestampMs) => {
    const failures = new Map<string, string>();
    table.begin();
    await Promise.all(running.map(({ name, collect }) => observe(name, collect, failures)));
    const { schema, row, refused } = table.finish(timestampMs);
    const failed = [...failures].map(([collector, message]) => ({ collector, message }));
    return { schema, row, refused, failures: failed };
  };
}
