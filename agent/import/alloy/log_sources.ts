import {
  addReceiver,
  containerLabel,
  dockerLabel,
  gelfLabel,
  journalOptions,
  journalRules,
} from "../common_inlets.ts";
import {
  addContainerSource,
  addFileSource,
  allContainers,
  loseDiscovery,
  sizeText,
  tlsOf,
  withHost,
} from "../log_inlets.ts";
import type { Draft, Plan } from "../plan.ts";
import { type WrittenRule, relabelRules, relabelled, translatedRules } from "../relabel_rules.ts";
import type { Section } from "../section.ts";
import type { Component, Components } from "./components.ts";
import { logWay, pipelineOf, ruleSections } from "./log_flow.ts";
import { labelsOf, syncPeriods, targetSets } from "./targets.ts";

type Convert = (component: Component, components: Components, plan: Plan) => void;

/** Sources of log entries by their names; sorted. */
export const logSources: Readonly<Record<string, Convert>> = {
  "loki.source.api": pushSource,
  "loki.source.docker": dockerSource,
  "loki.source.file": fileSource,
  "loki.source.gelf": gelfSource,
  "loki.source.journal": journalSource,
  "loki.source.kubernetes": kubernetesSource,
  "loki.source.syslog": syslogSource,
};

function fileSource({ id, section }: Component, components: Components, plan: Plan): void {
  const node = section.peek("targets");
  if (node === undefined) {
    section.mistakes.add(section.node, "expected targets");
    return;
  }
  const way = logWay({ id, section, name: "", label: "" }, components);
  const files: { [key: string]: string } = {};
  const poll = section.section("file_watch")?.text("min_poll_frequency");
  section
    .section("file_watch")
    ?.lose(["max_poll_frequency"], "files are looked at in one interval");
  if (poll !== undefined) files.poll_interval = poll;
  const rescan = syncPeriods(node, components);
  if (rescan !== undefined) files.rescan_interval = rescan;
  const startAt = section.flag("tail_from_end") === true ? "end" : "beginning";
  const encoding = section.text("encoding");
  section.lose(["legacy_positions_file"], "positions are not imported");
  section.lose(["decompression"], "compressed files are not read", "error");
  for (const set of targetSets(node, section, components)) {
    const comment = `${section.node.at}: ${id}`;
    if (set.kind === "discovered") {
      discoveredFiles(set.component, set.rules, { plan, way, comment, files });
      continue;
    }
    const labels = relabelled(labelsOf(set.target), set.rules);
    if (labels === undefined) {
      section.account.differ(set.target.node, "rules drop this target: it is left out");
      continue;
    }
    const own = Object.keys(labels).filter((label) => !label.startsWith("__"));
    const pipeline = pipelineOf(way, plan, { labels: [...own, "filename"], reads: "files" });
    addFileSource({
      plan,
      labels,
      pipeline,
      files: { ...files, start_at: startAt },
      encoding: encoding === undefined || encoding === "" ? undefined : { section, name: encoding },
      node: set.target.node,
      account: section.account,
      comment,
    });
  }
}

type Discovered = {
  readonly plan: Plan;
  readonly way: readonly Component[];
  readonly comment: string;
  readonly files: Readonly<Record<string, string>>;
};

/** Files that a discovery of containers leads to. */
function discoveredFiles(
  component: Component,
  rules: readonly WrittenRule[],
  { plan, way, comment, files }: Discovered,
): void {
  const runtime = runtimeOf(component);
  if (runtime === undefined) {
    component.section.loseAll("logs are found in files and by containers only", "error");
    return;
  }
  loseDiscovery(component.section);
  const own = translatedRules(rules, runtime === "docker" ? dockerLabel : containerLabel);
  addContainerSource({
    plan,
    runtime,
    files,
    comment,
    pipeline: pipelineOf(way, plan, {
      labels: ["namespace", "pod", "container", "stream", "filename"],
      reads: "containers",
      rules: own,
    }),
  });
}

function runtimeOf({ name }: Component): "docker" | "cri" | undefined {
  if (name === "discovery.docker" || name === "discovery.dockerswarm") return "docker";
  return name === "discovery.kubernetes" || name === "discovery.kubelet" ? "cri" : undefined;
}

function dockerSource(component: Component, components: Components, plan: Plan): void {
  containers(component, components, plan, "docker");
}

function kubernetesSource(component: Component, components: Components, plan: Plan): void {
  containers(component, components, plan, "cri");
}

/** Sources that ask an API for the logs of containers: here their files are read. */
function containers(
  { id, name, label, section }: Component,
  components: Components,
  plan: Plan,
  runtime: "docker" | "cri",
): void {
  const way = logWay({ id, name, label, section }, components);
  const node = section.peek("targets");
  const sets = node === undefined ? [] : targetSets(node, section, components);
  const rules = sets.flatMap((set) => {
    if (set.kind === "discovered") loseDiscovery(set.component.section);
    else {
      set.target.means("drops");
      set.target.loseAll(allContainers, "error");
    }
    return set.rules;
  });
  const nameOf = runtime === "docker" ? dockerLabel : containerLabel;
  const own = relabelRules(ruleSections(section, components));
  const labels = staticLabels(section);
  section.loseRest(allContainers);
  addContainerSource({
    plan,
    runtime,
    files: Object.keys(labels).length === 0 ? {} : { labels },
    comment: `${section.node.at}: ${id}`,
    pipeline: pipelineOf(way, plan, {
      labels: ["namespace", "pod", "container", "stream", "filename", ...Object.keys(labels)],
      reads: "containers",
      rules: translatedRules([...rules, ...own], nameOf),
    }),
  });
}

function staticLabels(section: Section): Record<string, string> {
  return Object.fromEntries(section.pairs("labels").map(([name, value]) => [name, value ?? ""]));
}

function journalSource(component: Component, components: Components, plan: Plan): void {
  const { id, section } = component;
  const way = logWay(component, components);
  // Without a label `job` entries have the component's name there.
  const labels = { job: id, ...staticLabels(section) };
  const json = section.peek("format_as_json");
  if (json !== undefined && section.flag("format_as_json") === true)
    section.account.takeBack(json, "the line is the message, not the entry as JSON");
  section.lose(
    ["max_age"],
    "the first start reads the last 100 entries (tail_entries), or all (start_at)",
    "error",
  );
  section.lose(["legacy_position", "legacy_positions_file"], "positions are not imported");
  const folder = section.text("path");
  const matches = (section.text("matches") ?? "").split(/\s+/).filter((word) => word !== "");
  const fields = new Set<string>();
  const rules = journalRules(relabelRules(ruleSections(section, components)), fields, labels);
  const source: Draft = {
    type: "journald",
    ...journalOptions({ folder, matches, labels, fields }),
  };
  const known = ["job", "host", "unit", "transport", ...Object.keys(labels)];
  const processors = pipelineOf(way, plan, { labels: known, reads: "nothing", rules }).finish();
  if (processors.length > 0) source.processors = processors;
  plan.sources.push(plan.commented(source, `${section.node.at}: ${id}`));
}

function syslogSource(component: Component, components: Components, plan: Plan): void {
  const { id, section } = component;
  const way = logWay(component, components);
  const rules = relabelRules(ruleSections(section, components));
  for (const { section: rule } of rules) rule.account.carry(rule.node);
  for (const listener of section.sections("listener")) {
    const address = listener.text("address");
    const tls = tlsOf(listener.section("tls_config"));
    const isUdp = listener.text("protocol")?.toLowerCase() === "udp";
    const key = tls !== undefined ? "tls_listen" : isUdp ? "udp_listen" : "tcp_listen";
    const size = listener.text("max_message_length");
    listener.lose(["idle_timeout"], "connections may rest");
    listener.lose(["syslog_format"], "the form of a message is told by itself");
    if (listener.flag("use_incoming_timestamp") === false)
      listener.differ("use_incoming_timestamp", "a message's own time is taken");
    if (listener.flag("use_rfc5424_message") === true)
      listener.differ(
        "use_rfc5424_message",
        "the line is the text of the message, its parts stand beside it",
      );
    if (listener.flag("label_structured_data") === false)
      listener.differ("label_structured_data", "structured data can be used in rules all the same");
    const labels = staticLabels(listener);
    const targets = rules.flatMap(({ rule }) =>
      typeof rule.target_label === "string" ? [rule.target_label] : [],
    );
    const known = ["job", "host", "app", "facility", ...Object.keys(labels), ...targets];
    const receiver: Draft = {
      ...(address === undefined ? {} : { [key]: withHost(address) }),
      ...(tls === undefined ? {} : { tls }),
      ...(size === undefined ? {} : { line_size_max: sizeText(size) }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(rules.length === 0 ? {} : { relabel_configs: rules.map(({ rule }) => rule) }),
    };
    const processors = pipelineOf(way, plan, { labels: known, reads: "nothing" }).finish();
    addReceiver(plan, "syslog", { receiver, processors, job: listener, comment: id });
  }
}

function gelfSource(component: Component, components: Components, plan: Plan): void {
  const { id, section } = component;
  const way = logWay(component, components);
  const listen = section.text("listen_address") ?? "0.0.0.0:12201";
  if (section.flag("use_incoming_timestamp") === false)
    section.differ("use_incoming_timestamp", "a message's own time is taken");
  const rules = translatedRules(relabelRules(ruleSections(section, components)), gelfLabel);
  const processors = pipelineOf(way, plan, {
    labels: ["job", "host"],
    reads: "nothing",
    rules,
  }).finish();
  const receiver = { udp_listen: withHost(listen) };
  addReceiver(plan, "gelf", { receiver, processors, job: section, comment: id });
}

function pushSource(component: Component, components: Components, plan: Plan): void {
  const { id, section } = component;
  const way = logWay(component, components);
  listenAt(section.section("http"), plan);
  if (section.flag("use_incoming_timestamp") !== true)
    section.account.differ(
      section.peek("use_incoming_timestamp") ?? section.node,
      "an entry's own time is taken",
    );
  const labels = staticLabels(section);
  const rules = translatedRules(relabelRules(ruleSections(section, components)), () => undefined);
  const first: Draft[] =
    Object.keys(labels).length === 0 ? [] : [{ type: "labels", static: labels }];
  const known = Object.keys(labels);
  const processors = pipelineOf(way, plan, { labels: known, reads: "nothing", rules }).finish();
  addReceiver(plan, "loki", {
    receiver: {},
    processors: [...first, ...processors],
    job: section,
    comment: id,
  });
}

/** An HTTP server of a component: everything that is pushed is taken at the agent's own address. */
export function listenAt(http: Section | undefined, plan: Plan): void {
  const port = http?.number("listen_port");
  const host = http?.text("listen_address") ?? "0.0.0.0";
  if (http === undefined || port === undefined) return;
  plan.takeListen(`${host}:${port}`, http, "listen_port");
  http.loseRest("the agent's own HTTP server is at `listen`");
}
