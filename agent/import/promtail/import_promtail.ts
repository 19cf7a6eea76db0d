import { duration } from "#shared/text/duration.ts";
import type { Plan } from "../plan.ts";
import type { Section } from "../section.ts";
import { sizeText } from "../log_inlets.ts";
import type { PromtailSettings } from "./settings.ts";
import { fileTargets } from "./file_targets.ts";
import {
  containerTargets,
  gelfTarget,
  journalTarget,
  pushTarget,
  syslogTarget,
} from "./other_targets.ts";

/** grafana.com/docs/loki/latest/send-data/promtail/configuration */
export function importPromtail(root: Section, plan: Plan): void {
  root.lose(["positions"], "positions of files stand in the spool, with the lines");
  root.lose(["wal"], "the spool keeps what was not sent yet");
  root.lose(["tracing", "options"], "the agent does not trace itself");
  server(root.section("server"), plan);
  for (const client of [...root.sections("clients"), ...root.sections("client")])
    clientOf(client, plan);
  const settings: PromtailSettings = { plan, files: fileOptions(root, plan) };
  const jobs = root.sections("scrape_configs");
  for (const job of jobs) scrapeConfig(job, settings);
}

function server(section: Section | undefined, plan: Plan): void {
  if (section === undefined) return;
  const level = section.text("log_level");
  if (level !== undefined) plan.logLevel = level;
  if (level !== undefined && !["debug", "info", "warn", "error"].includes(level))
    section.mistakes.add(section.node, "log_level: expected debug, info, warn or error");
  section.loseRest("the agent's own HTTP server is at `listen`");
}

function clientOf(section: Section, plan: Plan): void {
  for (const [name, value, node] of section.pairs("external_labels")) {
    const own = plan.agentLabels[name];
    if (own === undefined) plan.agentLabels[name] = value ?? "";
    else if (own !== (value ?? ""))
      section.account.takeBack(
        node,
        "all that is collected goes to one place, with one set of labels",
      );
  }
  section.lose(["tenant_id"], "a process has one tenant");
  section.lose(
    ["backoff_config", "batchsize", "batchwait", "drop_rate_limited_batches", "timeout"],
    "the spool sends, and keeps what can't be sent",
  );
  section.loseRest("where the agent sends is said by nats.servers");
}

/** Keys that Promtail has for all files together. */
function fileOptions(root: Section, plan: Plan): Record<string, string | number> {
  const options: Record<string, string | number> = {};
  const take = (section: Section | undefined, key: string, option: string): void => {
    const text = section?.text(key);
    if (section === undefined || text === undefined) return;
    if (duration.safeParse(text).success) options[option] = text;
    else section.mistakes.add(section.node, `${key}: expected a duration`);
  };
  take(root.section("target_config"), "sync_period", "rescan_interval");
  root.section("target_config")?.loseRest("the import knows nothing like it", "error");
  const watch = root.section("global")?.section("file_watch_config");
  take(watch, "min_poll_frequency", "poll_interval");
  watch?.lose(["max_poll_frequency"], "files are looked at in one interval");
  const limits = root.section("limits_config");
  const size = limits?.text("max_line_size");
  if (size !== undefined && size !== "0") options.line_size_max = sizeText(size);
  if (limits?.flag("max_line_size_truncate") === false && size !== undefined)
    limits.differ("max_line_size_truncate", "a line that is too long is cut, not dropped");
  readLimit(limits, plan);
  limits?.lose(["max_streams"], "streams are not limited by number", "error");
  return options;
}

/** Promtail's limit is one of all lines together. */
function readLimit(limits: Section | undefined, plan: Plan): void {
  if (limits === undefined) return;
  const keys = ["readline_rate_enabled", "readline_rate", "readline_burst", "readline_rate_drop"];
  if (
    limits.flag("readline_rate_enabled") !== true ||
    limits.flag("readline_rate_drop") === false
  ) {
    for (const key of keys) {
      const node = limits.peek(key);
      if (node !== undefined)
        limits.account.takeBack(
          node,
          "reading is not held back; what is over a rate can only be dropped",
        );
    }
    return;
  }
  const rate = { records_per_second: limits.number("readline_rate") ?? 10_000 };
  const burst = limits.number("readline_burst") ?? 10_000;
  plan.processors.push({ type: "rate_limit", ...rate, burst, by: [] });
}

const elsewhere: Readonly<Record<string, string>> = {
  azure_event_hub: "Azure's event hubs are not read",
  cloudflare: "Cloudflare's logs are not pulled",
  consul_sd_configs: "Consul is not asked",
  consulagent_sd_configs: "Consul is not asked",
  gcplog: "Google's logs are not pulled",
  heroku_drain: "Heroku's drains are not taken",
  kafka: "Kafka is not read",
  windows_events: "agents run on Linux",
};

function scrapeConfig(job: Section, settings: PromtailSettings): void {
  const name = job.text("job_name") ?? "";
  const targets = [
    fileTargets,
    journalTarget,
    syslogTarget,
    pushTarget,
    gelfTarget,
    containerTargets,
  ];
  const found = targets.filter((target) => target(job, name, settings)).length;
  for (const [key, reason] of Object.entries(elsewhere)) job.lose([key], reason, "error");
  job.lose(["decompression"], "compressed files are not read", "error");
  job.lose(["file_sd_configs"], "targets in files are known for metrics, not for logs", "error");
  if (found === 0) job.account.takeBack(job.node, "nothing of this job is collected here");
  job.loseRest("the import knows nothing like it", "error");
}
