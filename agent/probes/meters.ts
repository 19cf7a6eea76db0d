import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { ProbeResult } from "./run_probe.ts";

export type ProbeMeters = {
  probed(prober: string, by: "request" | "check", result: ProbeResult): void;
  refused(reason: "unknown_module" | "overloaded"): void;
};

export function createProbeMeters(metrics: SelfMetrics): ProbeMeters {
  const probes = metrics.counter(
    "lapwing_probes_total",
    "Probes by what asked for them (a request or a configured check) and result; forbidden ones were aimed at an address that they must not reach.",
    ["prober", "by", "result"],
  );
  const refused = metrics.counter(
    "lapwing_probes_refused_total",
    "Requests for probes that were refused.",
    ["reason"],
  );
  return {
    probed: (prober, by, { isGood, isForbidden }) =>
      probes.inc({
        prober,
        by,
        result: isGood ? "success" : isForbidden ? "forbidden" : "failure",
      }),
    refused: (reason) => refused.inc({ reason }),
  };
}
