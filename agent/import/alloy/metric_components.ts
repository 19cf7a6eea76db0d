import { withHost } from "../log_inlets.ts";
import type { Draft, Plan } from "../plan.ts";
import { type WrittenRule, relabelRules } from "../relabel_rules.ts";
import type { Section } from "../section.ts";
import type { Plain } from "../source_tree.ts";
import { type Component, type Components, isEnd, passesUnknown } from "./components.ts";
import { exporterIntegration } from "./exporters.ts";
import { listenAt } from "./log_sources.ts";
import { type TargetSet, labelsOf, targetSets } from "./targets.ts";

type Convert = (component: Component, components: Components, plan: Plan) => void;

/** Components that bring metrics, or whatever comes by OTLP, by their names; sorted. */
export const metricComponents: Readonly<Record<string, Convert>> = {
  "otelcol.receiver.otlp": otlpReceiver,
  "prometheus.receive_http": remoteWriteReceiver,
  "prometheus.scrape": scrape,
};

/** Arguments that Prometheus's scrape_configs have under the same name. */
const sameKeys = [
  "scrape_interval",
  "scrape_timeout",
  "metrics_path",
  "scheme",
  "params",
  "honor_labels",
  "honor_timestamps",
  "track_timestamps_staleness",
  "scrape_protocols",
  "scrape_native_histograms",
  "enable_compression",
  "body_size_limit",
  "sample_limit",
  "label_limit",
  "label_name_length_limit",
  "label_value_length_limit",
  "target_limit",
  "basic_auth",
  "authorization",
  "bearer_token",
  "bearer_token_file",
  "tls_config",
  "proxy_url",
  "follow_redirects",
];
/** The same under another name. */
const otherKeys: Readonly<Record<string, string>> = {
  scrape_classic_histograms: "always_scrape_classic_histograms",
  scrape_fallback_protocol: "fallback_scrape_protocol",
  extra_metrics: "extra_scrape_metrics",
};

function scrape(component: Component, components: Components, plan: Plan): void {
  const { id, section } = component;
  const metricRules = metricWay(component, components);
  const node = section.peek("targets");
  const sets = node === undefined ? [] : targetSets(node, section, components);
  const shared: Draft = {};
  for (const key of sameKeys) if (section.has(key)) shared[key] = section.take(key);
  for (const [key, own] of Object.entries(otherKeys))
    if (section.has(key)) shared[own] = section.take(key);
  const jobName = section.text("job_name") ?? id;
  // Targets that go through other rules are jobs of their own.
  const groups = new Map<string, TargetSet[]>();
  for (const set of sets) {
    const key = JSON.stringify(set.rules.map(({ section: rule }) => rule.node.at));
    groups.set(key, [...(groups.get(key) ?? []), set]);
  }
  for (const group of groups.values()) {
    const rules = group[0]?.rules ?? [];
    const discovered = discoveries(group, plan, shared);
    if (group.some((set) => set.kind === "discovered" && isExporter(set.component)))
      loseRules(section, [...rules, ...metricRules]);
    if (discovered === undefined) continue;
    for (const { section: rule } of rules) rule.account.carry(rule.node);
    const job: Draft = { job_name: plan.jobName(jobName), ...shared, ...discovered };
    const renamed = job.job_name !== jobName;
    const own = [
      ...(renamed ? [{ target_label: "job", replacement: jobName }] : []),
      ...rules.map(({ rule }) => rule),
    ];
    if (own.length > 0) job.relabel_configs = own;
    if (metricRules.length > 0) job.metric_relabel_configs = metricRules.map(({ rule }) => rule);
    plan.scrapeConfigs.push(plan.commented(job, `${section.node.at}: ${id}`));
  }
}

/** `prometheus.relabel` on the way to `prometheus.remote_write`: rules for samples. */
function metricWay(source: Component, components: Components): WrittenRule[] {
  const rules: WrittenRule[] = [];
  const seen = new Set<string>();
  let { section } = source;
  for (;;) {
    const named = components.namedBy(section, "forward_to");
    const next = named.find(({ component }) => passes(component)) ?? named[0];
    for (const { component, node } of named)
      if (component !== next?.component && next !== undefined && passes(next.component))
        section.account.takeBack(node, "samples are stored once: only one way is taken", "keeps");
    if (next === undefined) return rules;
    components.reach(next.component);
    if (!passes(next.component)) {
      if (!isEnd(next.component)) passesUnknown(next.component, "samples");
      return rules;
    }
    if (seen.has(next.component.id)) {
      section.mistakes.add(next.node, "expected no circle of components");
      return rules;
    }
    seen.add(next.component.id);
    const { name } = next.component;
    ({ section } = next.component);
    if (name !== "prometheus.relabel") {
      passesUnknown(next.component, "samples");
      continue;
    }
    section.lose(["max_cache_size"], "rules are applied once a series");
    for (const written of relabelRules(section.sections("rule"))) {
      written.section.account.carry(written.section.node);
      rules.push(written);
    }
  }
}

/** Samples go on from it. */
function passes({ section }: Component): boolean {
  return section.has("forward_to");
}

/** A source or integration of the agent stands in for it, so that no job scrapes it. */
function isExporter({ name }: Component): boolean {
  return name.startsWith("prometheus.exporter.");
}

/** Rules that nothing applies to the metrics of our own sources and integrations. */
function loseRules(section: Section, rules: readonly WrittenRule[]): void {
  for (const { section: written, rule } of rules) {
    if (rule.action === "drop" || rule.action === "keep") written.means("drops");
    section.account.takeBack(written.node, "there are no rules for the agent's own metrics");
  }
}

/** Where Alloy listens unless it is started with another address. */
const alloysOwn = /^(?:127\.0\.0\.1|localhost):12345$/;

/** Discoveries of a job; undefined where none is known here. The unix exporter becomes our own source. */
function discoveries(sets: readonly TargetSet[], plan: Plan, shared: Draft): Draft | undefined {
  const found: { [key: string]: Plain[] } = {};
  const add = (key: string, entry: Draft): void => {
    found[key] = [...(found[key] ?? []), entry];
  };
  for (const set of sets) {
    if (set.kind === "static") {
      const { __address__: address = "", ...labels } = labelsOf(set.target);
      if (address === "")
        set.target.account.takeBack(set.target.node, "no __address__: nothing to scrape");
      else {
        if (alloysOwn.test(address))
          set.target.account.differ(
            set.target.node,
            "Alloy's own metrics are there: the agent has its own at its `listen` address, and stores metrics of records by itself",
          );
        add("static_configs", {
          targets: [address],
          ...(Object.keys(labels).length === 0 ? {} : { labels }),
        });
      }
      continue;
    }
    const { name, section } = set.component;
    if (name === "prometheus.exporter.unix") unixExporter(set.component, plan, shared);
    else if (name === "discovery.dns")
      add("dns_sd_configs", keysOf(section, ["names", "type", "port", "refresh_interval"]));
    else if (name === "discovery.file")
      add("file_sd_configs", keysOf(section, ["files", "refresh_interval"]));
    else if (name === "discovery.http")
      add(
        "http_sd_configs",
        keysOf(section, [
          "url",
          "refresh_interval",
          "basic_auth",
          "bearer_token",
          "bearer_token_file",
        ]),
      );
    else if (exporterIntegration(set.component, plan, shared.scrape_interval)) continue;
    else if (name.startsWith("prometheus.exporter."))
      section.loseAll("there is no integration like it: run the exporter and scrape it", "error");
    else section.loseAll("this kind of discovery is not known", "error");
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

function keysOf(section: Section, keys: readonly string[]): Draft {
  return Object.fromEntries(
    keys.filter((key) => section.has(key)).map((key) => [key, section.take(key)]),
  );
}

/** The host under node_exporter's names, which is what the unix exporter is. */
function unixExporter({ id, section }: Component, plan: Plan, shared: Draft): void {
  const source: Draft = { type: "host_metrics" };
  if (shared.scrape_interval !== undefined) source.interval = shared.scrape_interval;
  for (const [key, option] of [
    ["procfs_path", "proc"],
    ["sysfs_path", "sys"],
    ["rootfs_path", "rootfs"],
  ] as const) {
    const path = section.text(key);
    if (path !== undefined) source[option] = path;
  }
  section.loseRest(
    "the source host_metrics has all of its collectors on; see its options",
    "error",
  );
  if (!plan.sources.some(({ type }) => type === "host_metrics"))
    plan.sources.push(plan.commented(source, `${section.node.at}: ${id}`));
}

function otlpReceiver({ id, section }: Component, components: Components, plan: Plan): void {
  const receiver: Draft = {};
  const grpc = section.section("grpc");
  if (grpc !== undefined) receiver.grpc_listen = withHost(grpc.text("endpoint") ?? "0.0.0.0:4317");
  grpc?.loseRest("the port takes OTLP without TLS, with limits of its own", "error");
  if (grpc !== undefined) section.account.carry(grpc.node);
  const http = section.section("http");
  if (http !== undefined)
    plan.takeListen(withHost(http.text("endpoint") ?? "0.0.0.0:4318"), http, "endpoint");
  http?.loseRest("the agent's own HTTP server is at `listen`");
  const output = section.section("output");
  output?.lose(["traces"], "the receiver takes logs and metrics, and refuses traces", "error");
  for (const key of output?.keys ?? []) if (output !== undefined) otlpWay(output, key, components);
  plan.receivers.otlp = plan.commented(receiver, `${section.node.at}: ${id}`);
}

/** Components of OTLP that change nothing of the data. */
const harmless = new Set(["otelcol.processor.batch", "otelcol.processor.memory_limiter"]);

/** What is received goes straight to the spool: a component on its way that changes data is an error. */
function otlpWay(output: Section, signal: string, components: Components): void {
  const waiting: { section: Section; key: string }[] = [{ section: output, key: signal }];
  for (let step = waiting.pop(); step !== undefined; step = waiting.pop()) {
    for (const { component } of step.section.has(step.key)
      ? components.namedBy(step.section, step.key)
      : []) {
      if (components.isReached(component)) continue;
      components.reach(component);
      const { name, section } = component;
      const next = section.section("output");
      const goesOn = next !== undefined || section.has("forward_to");
      if (goesOn && harmless.has(name))
        section.loseRestBut(["output"], "the spool sends in batches");
      else if (goesOn && !name.startsWith("otelcol.exporter.")) {
        section.means("unknown");
        section.account.takeBack(
          section.node,
          `what is received passes ${name}, and is stored as it came`,
        );
      }
      for (const key of next?.keys ?? [])
        if (next !== undefined) waiting.push({ section: next, key });
      if (section.has("forward_to")) waiting.push({ section, key: "forward_to" });
    }
  }
}

function remoteWriteReceiver(component: Component, components: Components, plan: Plan): void {
  const { id, section } = component;
  listenAt(section.section("http"), plan);
  for (const { section: written, rule } of metricWay(component, components)) {
    if (rule.action === "drop" || rule.action === "keep") written.means("drops");
    section.account.takeBack(written.node, "what is received is stored as it came");
  }
  plan.receivers.remote_write = plan.commented({ enabled: true }, `${section.node.at}: ${id}`);
}
