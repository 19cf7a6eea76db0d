import type { SourceContext } from "../../source.ts";
import { defineSource } from "../../source.ts";
import { HostMetricsConfig, collectorOptions } from "./config.ts";
import { hostCollector } from "./host_collector.ts";
import type { HostTick } from "./host_collector.ts";
import { collectors } from "./registry.ts";

/** This host under node_exporter's names and labels, one row of samples an interval, read from procfs and sysfs. */
export const hostMetrics = defineSource({
  type: "host_metrics",
  config: HostMetricsConfig,
  async run(config, context) {
    const collect = hostCollector({
      collectors: Object.values(collectors).filter(({ name }) => isEnabled(config, name)),
      root: { proc: config.proc, sys: config.sys, rootfs: config.rootfs },
      options: collectorOptions(config),
      labels: labelsOf(config, context.hostname),
      seriesMax: config.series_max,
      clock: context.clock,
    });
    const report = failureReporter(context);
    for await (const timestampMs of context.every(config.interval)) {
      const tick = await collect(timestampMs);
      report(tick);
      if (tick.refused > 0) context.drop("metrics", "series_limit", tick.refused);
      await context.emitMetrics({ schema: tick.schema, rows: [tick.row] });
    }
  },
});

function isEnabled(config: HostMetricsConfig, name: string): boolean {
  const switches: Readonly<Record<string, boolean | undefined>> = config.collectors;
  return switches[name] ?? true;
}

function labelsOf(config: HostMetricsConfig, hostname: string): Record<string, string> {
  const given = { job: config.job, instance: config.instance ?? hostname, ...config.labels };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
}

/** One log line when the set of failing collectors changes, and the state of it shown as long as it lasts. */
function failureReporter(context: SourceContext): (tick: HostTick) => void {
  let failing = "";
  return ({ failures }) => {
    const names = failures.map(({ collector }) => collector).join(", ");
    if (names === failing) return;
    failing = names;
    for (const { collector, message } of failures) {
      context.log.warn("host collector failed", { collector, reason: message });
    }
    context.degraded(names === "" ? undefined : `host collectors failing: ${names}`);
  };
}
