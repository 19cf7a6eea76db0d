import { MissingFields } from "../missing_fields.ts";
import type { Draft } from "../plan.ts";
import { type TranslatedRules, relabelRules, translatedRules } from "../relabel_rules.ts";
import type { Section } from "../section.ts";
import { convertStages } from "../stages/convert_stages.ts";
import { StagePipeline } from "../stages/stage_pipeline.ts";
import type { PromtailSettings } from "./settings.ts";
import { addContainerSource, loseDiscovery, sizeText, tlsOf, withHost } from "../log_inlets.ts";
import { stageList } from "./stage_list.ts";
import {
  addReceiver,
  containerLabel,
  dockerLabel,
  gelfLabel,
  journalOptions,
  journalRules,
} from "../common_inlets.ts";

/** The processors of a job: its rules for labels, then its stages. */
function processorsOf(
  job: Section,
  { plan }: PromtailSettings,
  labels: readonly string[],
  { rules, targets, missing, spent = [] }: TranslatedRules,
): Draft[] {
  const pipeline = new StagePipeline({
    plan,
    labels: [...labels, ...targets],
    missing,
    reads: "nothing",
    metricPrefix: "promtail_custom_",
    nested: (section) => stageList(section, "stages"),
  });
  if (rules.length > 0) pipeline.add("relabel", { relabel_configs: rules });
  pipeline.remove(spent);
  convertStages(stageList(job, "pipeline_stages"), pipeline);
  return pipeline.finish();
}

function staticLabels(section: Section): Record<string, string> {
  return Object.fromEntries(section.pairs("labels").map(([name, value]) => [name, value ?? ""]));
}

/** `journal`. */
export function journalTarget(job: Section, name: string, settings: PromtailSettings): boolean {
  const journal = job.section("journal");
  if (journal === undefined) return job.has("journal");
  const labels = staticLabels(journal);
  if (journal.flag("json") === true) {
    const node = journal.peek("json");
    if (node !== undefined)
      journal.account.takeBack(node, "the line is the message, not the entry as JSON");
  }
  journal.lose(
    ["max_age"],
    "the first start reads the last 100 entries (tail_entries), or all (start_at)",
    "error",
  );
  const folder = journal.text("path");
  const matches = (journal.text("matches") ?? "").split(/\s+/).filter((word) => word !== "");
  const fields = new Set<string>();
  const rules = journalRules(relabelRules(job.sections("relabel_configs")), fields, labels);
  const source: Draft = {
    type: "journald",
    ...journalOptions({ folder, matches, labels, fields }),
  };
  const known = ["job", "host", "unit", "transport", ...Object.keys(labels)];
  const processors = processorsOf(job, settings, known, rules);
  if (processors.length > 0) source.processors = processors;
  const { plan } = settings;
  plan.sources.push(plan.commented(source, `${job.node.at}: job ${name}, journal`));
  return true;
}

/** `syslog`: the receiver takes Promtail's rules as they are. */
export function syslogTarget(job: Section, name: string, settings: PromtailSettings): boolean {
  const syslog = job.section("syslog");
  if (syslog === undefined) return false;
  const rules = relabelRules(job.sections("relabel_configs"));
  const unknown = ["__syslog_connection_hostname"];
  const missing = new MissingFields();
  const relabelConfigs = rules.flatMap(({ section, rule }) => {
    const sources = JSON.stringify(rule.source_labels ?? []);
    if (unknown.some((label) => sources.includes(label))) {
      if (rule.action === "drop" || rule.action === "keep") section.means("drops");
      section.loseAll("names of connections are not looked up", "error");
      if (typeof rule.target_label === "string") missing.add(rule.target_label);
      return [];
    }
    section.account.carry(section.node);
    return [rule];
  });
  const listen = syslog.text("listen_address");
  const tls = tlsOf(syslog.section("tls_config"));
  const protocol = (syslog.text("listen_protocol") ?? "tcp").toLowerCase();
  const key = tls !== undefined ? "tls_listen" : protocol === "udp" ? "udp_listen" : "tcp_listen";
  const size = syslog.text("max_message_length");
  syslog.lose(["idle_timeout"], "connections may rest");
  if (syslog.flag("use_incoming_timestamp") === false)
    syslog.differ("use_incoming_timestamp", "a message's own time is taken");
  if (syslog.flag("use_rfc5424_message") === true)
    syslog.differ(
      "use_rfc5424_message",
      "the line is the text of the message, its parts stand beside it",
    );
  if (syslog.flag("label_structured_data") === false)
    syslog.differ("label_structured_data", "structured data can be used in rules all the same");
  const labels = staticLabels(syslog);
  const receiver: Draft = {
    ...(listen === undefined ? {} : { [key]: withHost(listen) }),
    ...(tls === undefined ? {} : { tls }),
    ...(size === undefined ? {} : { line_size_max: sizeText(size) }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(relabelConfigs.length === 0 ? {} : { relabel_configs: relabelConfigs }),
  };
  const known = ["job", "host", "app", "facility", ...Object.keys(labels)];
  const targets = rules.flatMap(({ rule }) =>
    typeof rule.target_label === "string" ? [rule.target_label] : [],
  );
  const processors = processorsOf(job, settings, known, { rules: [], targets, missing });
  addReceiver(settings.plan, "syslog", {
    receiver,
    processors,
    job: job,
    comment: `job ${name}, syslog`,
  });
  return true;
}

/** `loki_push_api`: pushes are taken at the agent's own address. */
export function pushTarget(job: Section, name: string, settings: PromtailSettings): boolean {
  const push = job.section("loki_push_api");
  if (push === undefined) return false;
  const { plan } = settings;
  const server = push.section("server");
  const port = server?.number("http_listen_port");
  const host = server?.text("http_listen_address") ?? "0.0.0.0";
  if (port !== undefined && server !== undefined)
    plan.takeListen(`${host}:${port}`, server, "http_listen_port");
  server?.loseRest("the agent's own HTTP server is at `listen`");
  if (push.flag("use_incoming_timestamp") !== true)
    push.account.differ(
      push.peek("use_incoming_timestamp") ?? push.node,
      "an entry's own time is taken",
    );
  const labels = staticLabels(push);
  const rules = translatedRules(relabelRules(job.sections("relabel_configs")), () => undefined);
  const processors: Draft[] =
    Object.keys(labels).length === 0 ? [] : [{ type: "labels", static: labels }];
  processors.push(...processorsOf(job, settings, Object.keys(labels), rules));
  addReceiver(plan, "loki", {
    receiver: {},
    processors,
    job,
    comment: `job ${name}, loki_push_api`,
  });
  return true;
}

/** `gelf`. */
export function gelfTarget(job: Section, name: string, settings: PromtailSettings): boolean {
  const gelf = job.section("gelf");
  if (gelf === undefined) return false;
  const listen = gelf.text("listen_address") ?? "0.0.0.0:12201";
  if (gelf.flag("use_incoming_timestamp") === false)
    gelf.differ("use_incoming_timestamp", "a message's own time is taken");
  const labels = staticLabels(gelf);
  const rules = translatedRules(relabelRules(job.sections("relabel_configs")), gelfLabel);
  const receiver: Draft = {
    udp_listen: withHost(listen),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
  const processors = processorsOf(job, settings, ["job", "host", ...Object.keys(labels)], rules);
  addReceiver(settings.plan, "gelf", { receiver, processors, job, comment: `job ${name}, gelf` });
  return true;
}

/** `docker_sd_configs` and `kubernetes_sd_configs`: the files of the host's containers, without asking anybody for them. */
export function containerTargets(job: Section, name: string, settings: PromtailSettings): boolean {
  const docker = job.sections("docker_sd_configs");
  const kubernetes = job.sections("kubernetes_sd_configs");
  for (const section of [...docker, ...kubernetes]) loseDiscovery(section);
  if (docker.length + kubernetes.length === 0) return false;
  const isDocker = docker.length > 0;
  const rules = translatedRules(
    relabelRules(job.sections("relabel_configs")),
    isDocker ? dockerLabel : containerLabel,
  );
  const pipeline = new StagePipeline({
    plan: settings.plan,
    labels: ["namespace", "pod", "container", "stream", "filename", ...rules.targets],
    missing: rules.missing,
    reads: "containers",
    metricPrefix: "promtail_custom_",
    nested: (section) => stageList(section, "stages"),
  });
  pipeline.relabelFirst(rules.rules);
  convertStages(stageList(job, "pipeline_stages"), pipeline);
  addContainerSource({
    plan: settings.plan,
    runtime: isDocker ? "docker" : "cri",
    files: settings.files,
    pipeline,
    comment: `${job.node.at}: job ${name}`,
  });
  return true;
}
