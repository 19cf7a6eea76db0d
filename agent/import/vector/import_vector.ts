import type { Effect } from "../account.ts";
import type { Plan } from "../plan.ts";
import type { Section } from "../section.ts";
import { sinkLabels } from "./sinks.ts";
import { sources } from "./sources.ts";
import { logMetrics, type MetricOptions, transforms } from "./transforms.ts";
import type { VectorSource } from "./vector_source.ts";

type Node = { readonly id: string; readonly section: Section };

/** vector.dev/docs/reference/configuration: sources, the transforms behind each, and the labels of Loki's sinks. */
export function importVector(root: Section, plan: Plan): void {
  root.lose(["data_dir"], "data_dir is Lapwing's own");
  root.lose(["api"], "the agent's own HTTP server is at `listen`");
  root.lose(
    ["secret", "enrichment_tables", "tests", "schema", "log_schema"],
    "the agent has nothing like it",
  );
  const steps = [...nodesOf(root, "transforms"), ...nodesOf(root, "sinks")];
  const sinks = new Set(nodesOf(root, "sinks").map(({ id }) => id));
  const seen = new Set<string>();
  for (const { id, section } of nodesOf(root, "sources")) {
    const type = section.text("type") ?? "";
    const convert = Object.hasOwn(sources, type) ? sources[type] : undefined;
    if (convert === undefined) {
      section.account.takeBack(section.node, `there is no source like ${type}`);
      continue;
    }
    const source = convert(section, { plan, comment: `${section.node.at}: ${type} ${id}` });
    if (source === undefined) metricWay({ id, section }, { steps, sinks, seen });
    else follow({ id, section }, source, { steps, sinks, seen });
    if (type === "opentelemetry") {
      metricWay({ id: `${id}.metrics`, section }, { steps, sinks, seen });
      loseTraces(id, { steps, sinks, seen });
    }
    source?.finish();
    section.loseRest("the import knows no such option of the source", "error");
  }
  for (const { id, section } of steps) {
    const isSink = sinks.has(id);
    if (!seen.has(id))
      section.account.takeBack(
        section.node,
        isSink ? sent : "no data of a source that is carried over reach it",
        isSink ? "note" : "error",
      );
    section.loseRest(
      isSink ? sent : "the import knows no such option of the transform",
      isSink ? "note" : "error",
    );
  }
}

const oneWay = "records are stored once, so only one way is taken";
const sent = "where the agent sends is said by nats.servers";

function nodesOf(root: Section, key: string): Node[] {
  const all = root.section(key);
  return (all?.node.entries ?? []).flatMap(({ key: id, node }) => {
    if (all === undefined) return [];
    if (node.kind === "map") return [{ id, section: all.within(node) }];
    all.mistakes.add(node, "expected a map");
    return [];
  });
}

/** Whether `inputs` of a component name another: by its id, or by a pattern of `*`. */
function takes({ section }: Node, id: string): boolean {
  return (section.texts("inputs") ?? []).some((input) => {
    const parts = input.split("*");
    return parts.length === 1
      ? input === id
      : id.startsWith(parts[0] ?? "") && id.endsWith(parts.at(-1) ?? "");
  });
}

/** The name under which others take the records of a component: a source of OTLP has an output for each signal. */
function recordsOf({ id, section }: Node): string {
  return section.text("type") === "opentelemetry" ? `${id}.logs` : id;
}

function loseTraces(id: string, { steps, seen }: Graph): void {
  for (const step of steps) {
    if (!takes(step, `${id}.traces`)) continue;
    seen.add(step.id);
    step.section.account.takeBack(
      step.section.peek("inputs") ?? step.section.node,
      "the receiver takes logs and metrics, and refuses traces",
    );
  }
}

type Graph = {
  readonly steps: readonly Node[];
  readonly sinks: ReadonlySet<string>;
  readonly seen: Set<string>;
};

/** Metrics of a source go straight to the spool: transforms behind it, and a namespace of their sink, are not applied. */
function metricWay(start: Node, { steps, sinks, seen }: Graph): void {
  const waiting = [start];
  for (let now = waiting.pop(); now !== undefined; now = waiting.pop()) {
    for (const next of steps) {
      const { id, section } = next;
      if (seen.has(id) || !takes(next, now.id)) continue;
      seen.add(id);
      if (sinks.has(id))
        section.lose(
          ["default_namespace"],
          "metrics keep the names that they are exposed by",
          "error",
        );
      else {
        section.means("unknown");
        section.account.takeBack(section.node, "metrics are stored as they come");
        waiting.push(next);
      }
    }
  }
}

/** `default_namespace` and `buckets` of the sink that takes what a transform makes. */
function metricOptionsOf(from: Node, { steps, sinks }: Graph): MetricOptions {
  let namespace: string | undefined;
  let buckets: readonly number[] | undefined;
  for (const step of steps) {
    if (!sinks.has(step.id) || !takes(step, from.id)) continue;
    namespace ??= step.section.text("default_namespace");
    buckets ??= step.section.texts("buckets")?.map(Number);
  }
  return { namespace, buckets };
}

/** What a transform does to records beside adding to them. */
function effectOf(type: string): Effect | undefined {
  if (["dedupe", "filter", "sample", "throttle"].includes(type)) return "drops";
  return Object.hasOwn(transforms, type) ? undefined : "unknown";
}

/** Converts what is behind a source, one after another. Records are stored once, so only one of several ways is taken. */
function follow(start: Node, source: VectorSource, graph: Graph): void {
  const { steps, sinks, seen } = graph;
  const passed = new Set<string>([start.id]);
  let now = start;
  for (;;) {
    const records = recordsOf(now);
    const next = steps.filter((step) => takes(step, now.id) || takes(step, records));
    const onward = next.filter(({ id }) => !sinks.has(id));
    const isMetric = ({ section }: Node): boolean => section.text("type") === "log_to_metric";
    // What only counts records does not part their way.
    const [first, ...others] = [
      ...onward.filter((one) => !isMetric(one)),
      ...onward.filter((one) => isMetric(one)),
    ];
    for (const other of others) {
      const { section } = other;
      if (!isMetric(other))
        section.account.takeBack(section.peek("inputs") ?? section.node, oneWay, "keeps");
      else if (logMetrics(section, source.pipeline, metricOptionsOf(other, graph)))
        seen.add(other.id);
    }
    if (first !== undefined && !isMetric(first))
      for (const { id, section } of next.filter((one) => sinks.has(one.id))) {
        section.account.takeBack(section.peek("inputs") ?? section.node, oneWay, "keeps");
        seen.add(id);
      }
    for (const { id, section } of first === undefined ? next : []) {
      seen.add(id);
      sinkLabels(section, source.pipeline);
    }
    if (first === undefined) return;
    if (passed.has(first.id)) {
      first.section.mistakes.add(first.section.node, "inputs: expected no circle");
      return;
    }
    passed.add(first.id);
    seen.add(first.id);
    const type = first.section.text("type") ?? "";
    first.section.means(effectOf(type));
    const convert = Object.hasOwn(transforms, type) ? transforms[type] : undefined;
    if (convert === undefined)
      first.section.account.takeBack(first.section.node, `no processor does what ${type} does`);
    else convert(first.section, source.pipeline, metricOptionsOf(first, graph));
    now = first;
  }
}
