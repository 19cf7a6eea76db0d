import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { duration } from "#shared/text/duration.ts";
import { gauge } from "../collect/samples/family.ts";
import { SeriesTable } from "../collect/samples/series_table.ts";
import type { TargetReport } from "../collect/target_report.ts";
import type { SourceContext } from "../collect/source.ts";
import { instanceLabel } from "./instance_label.ts";
import type { Integration, OpenedInstance } from "./integration.ts";

/** Keys of every entry, beside those of its integration. */
export const instanceShape = () => ({
  interval: duration.refine((ms) => ms >= 1_000, "must be 1s or more").prefault("15s"),
  /** 10s, or the interval where that is shorter. */
  timeout: duration.refine((ms) => ms > 0, "must be above 0").optional(),
  job: z.string().min(1).optional(),
  instance: z.string().min(1).optional(),
  labels: z.record(z.string(), z.string()).default({}),
  /** Series beyond it are refused and counted. */
  series_max: z.int().positive().default(20_000),
  /** Whether its log files are followed. */
  logs: z.boolean().default(true),
});
const InstanceCommon = z.lazy(() => z.object(instanceShape()));
export type InstanceCommon = z.output<typeof InstanceCommon>;

const up = gauge("up", "Whether the service answered.");
const durationSeconds = gauge("scrape_duration_seconds", "Time that asking the service took.");
const samplesScraped = gauge("scrape_samples_scraped", "Samples that the service gave.");

type Running = {
  readonly integration: Integration<string, z.ZodType>;
  readonly options: unknown;
  readonly common: InstanceCommon;
};

/** Asks one instance at its interval until the source is stopped. A tick that fails makes the instance down, never the source. */
export async function runInstance(
  { integration, options, common }: Running,
  context: SourceContext,
): Promise<void> {
  const { clock, log } = context;
  const intervalMs = common.interval;
  const timeoutMs = common.timeout ?? Math.min(10_000, intervalMs);
  const instance =
    common.instance ?? instanceLabel(integration.instanceOf(options), context.hostname);
  const labels = { job: common.job ?? integration.job, instance, ...common.labels };
  const table = new SeriesTable(labels, common.series_max);
  const open = await integration.load?.();
  if (open === undefined)
    throw new OperatingError("bad_request", `${integration.name} has nothing to collect`);
  const opened = open(options, { clock, log, timeoutMs });
  let report: TargetReport = {
    pool: integration.name,
    url: `${integration.name}://${instance}`,
    labels,
    discoveredLabels: {},
    health: "unknown",
    lastError: "",
    lastScrapeMs: 0,
    lastDurationSeconds: 0,
    intervalMs,
    timeoutMs,
    samples: 0,
  };
  context.reportTargets?.([report]);
  try {
    for await (const timestampMs of context.every(intervalMs)) {
      const startMs = clock.monotonic();
      table.begin();
      const { error, parts, samples } = await ask(opened, table, timestampMs, timeoutMs, context);
      if (context.signal.aborted) break;
      const seconds = (clock.monotonic() - startMs) / 1_000;
      const isUp = error === undefined;
      if (integration.up !== undefined) table.add(integration.up, isUp ? 1 : 0);
      table.add(up, isUp ? 1 : 0);
      table.add(durationSeconds, seconds);
      table.add(samplesScraped, samples);
      const { schema, row, refused } = table.finish(timestampMs);
      if (refused > 0) context.drop("metrics", "series_limit", refused);
      const message = error ?? parts.join("; ");
      if (message !== report.lastError && message !== "")
        log.warn("integration", { integration: integration.name, instance, reason: message });
      report = {
        ...report,
        health: isUp ? "up" : "down",
        lastError: message,
        lastScrapeMs: timestampMs,
        lastDurationSeconds: seconds,
        samples,
      };
      context.degraded(message === "" ? undefined : `${integration.title} ${instance}: ${message}`);
      context.reportTargets?.([report]);
      await context.emitMetrics({ schema, rows: [row] });
    }
  } finally {
    await opened.close?.();
  }
}

/** One tick. What was appended before a failure stays: it was true. */
async function ask(
  opened: OpenedInstance,
  table: SeriesTable,
  timestampMs: number,
  timeoutMs: number,
  context: SourceContext,
): Promise<{ error: string | undefined; parts: string[]; samples: number }> {
  const parts: string[] = [];
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  const signal = AbortSignal.any([context.signal, timeout.signal]);
  let samples = 0;
  let isOver = false;
  const sink: Pick<SeriesTable, "add"> = {
    add: (family, value, ...labelValues) => {
      // A collector that goes on after its time is over must not write into the next tick.
      if (isOver) return;
      samples += 1;
      table.add(family, value, ...labelValues);
    },
  };
  const tick = { timestampMs, signal, degraded: (reason: string) => void parts.push(reason) };
  try {
    await Promise.race([opened.collect(sink, tick), rejectedOn(signal, timeoutMs)]);
    return { error: undefined, parts, samples };
  } catch (thrown) {
    return { error: messageOf(thrown), parts, samples };
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

function rejectedOn(signal: AbortSignal, timeoutMs: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = () =>
      reject(new OperatingError("timeout", `no answer within ${timeoutMs / 1_000} s`));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
