import type { RunnableSource } from "../collect/collector.ts";
import { SeriesTable } from "../collect/samples/series_table.ts";
import { sampleTimeMs } from "../collect/sample_time.ts";
import type { TargetReport } from "../collect/target_report.ts";
import { nextTick, offsetMs, shownUrl } from "../collect/scrape/target.ts";
import type { SourceContext } from "../collect/source.ts";
import { together } from "#shared/async/together.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { ProbeCheck, ProbesConfig } from "./config.ts";
import type { ProbeMeters } from "./meters.ts";
import type { ProbeModule } from "./module.ts";
import { checkGuard } from "./net/address_guard.ts";
import { runProbe } from "./run_probe.ts";
import { isVantage } from "./vantages.ts";

/** Of a probe without a time-out of its own, where its interval is not shorter. */
const timeoutDefaultMs = 10_000;
/** Targets' states change with every probe; they are reported together, at most this often. */
const reportIntervalMs = 1_000;
/** Series of one target: a multi-step test has some for each step. */
const seriesMax = 1_000;

type Agent = { readonly name: string; readonly labels: Labels };

/** What runs the checks of a configuration on this agent: one source for each that it is a vantage of. */
export function checkSources(
  { checks, modules }: ProbesConfig,
  agent: Agent,
  meters: ProbeMeters,
): RunnableSource[] {
  return checks
    .filter((check) => isVantage(check.vantages, agent))
    .flatMap((check) => {
      const module = modules[check.module];
      if (module === undefined) return [];
      return {
        type: "probe",
        name: `probe/${check.name}`,
        fingerprint: JSON.stringify([check, module.fingerprint, agent.name]),
        run: (context: SourceContext) => runCheck(check, module, agent.name, meters, context),
      };
    });
}

async function runCheck(
  check: ProbeCheck,
  module: ProbeModule,
  vantage: string,
  meters: ProbeMeters,
  context: SourceContext,
): Promise<void> {
  const reports = check.targets.map((target) => firstReport(check, module, target, vantage));
  context.reportTargets?.([...reports]);
  let hasNews = false;
  const loops = check.targets.map((target, i) => (signal: AbortSignal) => {
    const tell = (report: TargetReport) => {
      reports[i] = report;
      hasNews = true;
    };
    const before = reports[i] ?? firstReport(check, module, target, vantage);
    return runTarget(before, target, { check, module, meters, context, signal, tell });
  });
  const telling = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await context.clock.sleep(reportIntervalMs, signal);
      if (hasNews) context.reportTargets?.([...reports]);
      hasNews = false;
    }
  };
  await together(context.signal, [...loops, telling]);
}

type Parts = {
  readonly check: ProbeCheck;
  readonly module: ProbeModule;
  readonly meters: ProbeMeters;
  readonly context: SourceContext;
  readonly signal: AbortSignal;
  readonly tell: (report: TargetReport) => void;
};

/** Probes one target at its interval, at a place in it that is the target's own. */
async function runTarget(first: TargetReport, target: string, parts: Parts): Promise<void> {
  const { check, module, meters, context, signal, tell } = parts;
  const { clock } = context;
  const { intervalMs, timeoutMs, labels } = first;
  const table = new SeriesTable(labels, seriesMax);
  const guard = checkGuard(check.forbid);
  const key = `${check.name}\u00ff${target}`;
  const offset = offsetMs({ key, intervalMs }, context.hostname);
  let usedMs = 0;
  let report = first;
  while (!signal.aborted) {
    const tickMs = nextTick(clock.now(), usedMs, intervalMs, offset);
    // A clock that was set back would make for a long sleep: one interval is the most.
    await clock.sleep(Math.min(tickMs - clock.now(), intervalMs), signal);
    if (signal.aborted) return;
    usedMs = tickMs;
    const timestampMs = sampleTimeMs(clock.now(), tickMs, intervalMs);
    const startMs = clock.monotonic();
    const result = await runProbe({ module, target, timeoutMs, guard, clock, signal });
    if (signal.aborted) return;
    meters.probed(module.prober, "check", result);
    table.begin();
    result.gauges.appendTo(table);
    const { schema, row, refused } = table.finish(timestampMs);
    if (refused > 0) context.drop("metrics", "series_limit", refused);
    report = {
      ...report,
      health: result.isGood ? "up" : "down",
      lastError: result.isGood ? "" : result.notes.reason || "the probe failed",
      lastScrapeMs: timestampMs,
      lastDurationSeconds: (clock.monotonic() - startMs) / 1_000,
      samples: result.gauges.size,
    };
    tell(report);
    await context.emitMetrics({ schema, rows: [row] });
  }
}

function firstReport(
  check: ProbeCheck,
  module: ProbeModule,
  target: string,
  vantage: string,
): TargetReport {
  const { interval: intervalMs, job, labels: own, name: probe } = check;
  const instance = target.replace(/^(\w+:\/\/)?[^/@]*@/, "$1");
  const url = target.includes("://") ? shownUrl(target) : `${module.prober}://${instance}`;
  return {
    pool: probe,
    url,
    labels: { job, instance, ...own, probe, vantage },
    discoveredLabels: {},
    health: "unknown",
    lastError: "",
    lastScrapeMs: 0,
    lastDurationSeconds: 0,
    intervalMs,
    timeoutMs: Math.min(module.timeoutMs ?? timeoutDefaultMs, intervalMs),
    samples: 0,
  };
}
