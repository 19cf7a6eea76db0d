import type { Draft, Plan } from "../plan.ts";
import type { Section } from "../section.ts";

type Placed = { readonly plan: Plan; readonly comment: string };

/** A target that exposes metrics. */
export function scrapeInput(input: Section, { plan, comment }: Placed): undefined {
  const interval = input.text("scrape_interval");
  const path = input.text("metrics_path");
  const address = `${input.text("host") ?? "127.0.0.1"}:${input.number("port") ?? 80}`;
  const job: Draft = {
    job_name: plan.jobName(input.text("tag") ?? address),
    ...(interval === undefined ? {} : { scrape_interval: interval }),
    ...(path === undefined ? {} : { metrics_path: path }),
    static_configs: [{ targets: [address] }],
  };
  plan.scrapeConfigs.push(plan.commented(job, comment));
}

/** The host, under node_exporter's names. */
export function hostMetrics(input: Section, { plan, comment }: Placed): undefined {
  const seconds = input.number("scrape_interval") ?? input.number("interval_sec");
  const proc = input.text("path.procfs");
  const sys = input.text("path.sysfs");
  input.account.differ(
    input.peek("name") ?? input.node,
    "the host's metrics have node_exporter's names",
  );
  input.loseRestBut(
    ["tag", "alias"],
    "the source host_metrics has all of its collectors on; see its options",
    "error",
  );
  if (plan.sources.some(({ type }) => type === "host_metrics")) return;
  const source: Draft = {
    type: "host_metrics",
    ...(seconds === undefined ? {} : { interval: `${seconds}s` }),
    ...(proc === undefined ? {} : { proc }),
    ...(sys === undefined ? {} : { sys }),
  };
  plan.sources.push(plan.commented(source, comment));
}
