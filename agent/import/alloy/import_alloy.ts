import type { Weight } from "../account.ts";
import type { Plan } from "../plan.ts";
import type { Section } from "../section.ts";
import { leavesOf } from "../source_tree.ts";
import { type Component, Components, isEnd } from "./components.ts";
import { logSources } from "./log_sources.ts";
import { metricComponents } from "./metric_components.ts";

/** Blocks at the top that are no components, and components where the data of others end, with what is said of them. */
const reasons: readonly (readonly [prefix: string, reason: string, weight?: Weight])[] = [
  ["tracing", "the agent does not trace itself", "note"],
  ["http", "the agent's own HTTP server is at `listen`", "note"],
  ["logging", "the agent's log is JSON, on its standard error", "note"],
  ["declare", "modules are not followed"],
  ["import.", "modules are not followed"],
  ["foreach", "modules are not followed"],
  ["livedebugging", "lapwing pipeline test shows the lines after each processor", "note"],
  ["remotecfg", "an agent is configured by its file"],
  ["loki.write", "where the agent sends is said by nats.servers", "note"],
  ["loki.echo", "where the agent sends is said by nats.servers", "note"],
  ["prometheus.remote_write", "where the agent sends is said by nats.servers", "note"],
  ["otelcol.exporter.", "where the agent sends is said by nats.servers", "note"],
  ["otelcol.", "of OTLP there is the receiver, and no processors or connectors"],
  ["loki.source.", "this source of logs is not there"],
  ["pyroscope.", "there are no profiles"],
  ["beyla.", "there are no traces"],
];

/** grafana.com/docs/alloy/latest/reference: components of logs and of Prometheus's metrics. */
export function importAlloy(root: Section, plan: Plan): void {
  const components = new Components(root);
  for (const component of components.all) {
    const { name } = component;
    const convert = Object.hasOwn(logSources, name)
      ? logSources[name]
      : Object.hasOwn(metricComponents, name)
        ? metricComponents[name]
        : undefined;
    convert?.(component, components, plan);
  }
  logging(root.section("logging"), plan);
  externalLabels(components, plan);
  for (const component of components.all) close(component, components);
  for (const leaf of leavesOf(root.node))
    if (leaf.kind === "scalar" && leaf.found !== undefined)
      if (root.account.fateOf(leaf) === "carried") root.account.differ(leaf, leaf.found, "note");
}

/** Accounts for what no converter has looked at. */
function close(component: Component, components: Components): void {
  const { name, section } = component;
  const known = reasons.find(
    ([prefix]) => name === prefix || (prefix.endsWith(".") && name.startsWith(prefix)),
  );
  const isSource = Object.hasOwn(logSources, name) || Object.hasOwn(metricComponents, name);
  if (isSource || components.isReached(component))
    section.loseRest(
      isEnd(component) ? sentElsewhere : "the import knows no such argument",
      isEnd(component) ? "note" : "error",
    );
  else if (known !== undefined)
    section.loseRest(known[1], isEnd(component) ? "note" : (known[2] ?? "error"));
  else section.loseRest("no data of a source that is carried over reach it", "error");
  if (section.node.entries.length === 0) section.account.carry(section.node);
}

const sentElsewhere = "where the agent sends is said by nats.servers";

function logging(section: Section | undefined, plan: Plan): void {
  const level = section?.text("level");
  if (level !== undefined && ["debug", "info", "warn", "error"].includes(level))
    plan.logLevel = level;
  else if (level !== undefined && section !== undefined)
    section.mistakes.add(section.node, "level: expected debug, info, warn or error");
  section?.loseRest("the agent's log is JSON, on its standard error");
}

/** Labels that everything gets before it is sent: those of the first place it is sent to. */
function externalLabels(components: Components, plan: Plan): void {
  const into = {
    "loki.write": plan.agentLabels,
    "prometheus.remote_write": plan.externalLabels,
  } as const;
  for (const { name, section } of components.all) {
    if (name !== "loki.write" && name !== "prometheus.remote_write") continue;
    for (const [label, value, node] of section.pairs("external_labels")) {
      const labels = into[name];
      if (labels[label] === undefined) labels[label] = value ?? "";
      else if (labels[label] !== (value ?? ""))
        section.account.takeBack(
          node,
          "all that is collected goes to one place, with one set of labels",
        );
    }
  }
  // Labels of logs are the agent's, which metrics get as well.
  for (const [label, value] of Object.entries(plan.agentLabels))
    if (plan.externalLabels[label] === value) delete plan.externalLabels[label];
}
