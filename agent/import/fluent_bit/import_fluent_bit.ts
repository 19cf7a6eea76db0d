import type { Plan } from "../plan.ts";
import { messageOf } from "#shared/errors.ts";
import { searchingRegex } from "#shared/text/linear_regex.ts";
import { Account, type Effect } from "../account.ts";
import { ImportMistakes } from "../mistakes.ts";
import { Section } from "../section.ts";
import { attributeName } from "../stages/stage_pipeline.ts";
import { filters, missConverted } from "./filters.ts";
import { FluentPipeline, isMatched, patternOf } from "./fluent_pipeline.ts";
import { type Inlet, inputs, list } from "./inputs.ts";
import { FluentParsers } from "./parsers.ts";

/** docs.fluentbit.io/manual: sections as read_fluent_bit.ts gives them. */
export function importFluentBit(root: Section, plan: Plan): void {
  for (const { key, node } of root.node.entries)
    if (key === "@unread" && node.kind === "scalar")
      root.account.lose(node, `this file is not read: ${String(node.value)}`, "unknown");
  for (const service of root.sections("service")) serviceOf(service, plan);
  const parsers = new FluentParsers(root.sections("parser"), root.sections("multiline_parser"));
  const [steps, outputs] = [root.sections("filter"), root.sections("output")];
  const seen = new Set<Section>();
  for (const [i, input] of root.sections("input").entries()) {
    const name = nameOf(input);
    const tag = tagOf(input, name, i);
    const comment = `${input.node.at}: input ${name}, tag ${input.text("tag") ?? tag}`;
    const convert = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (convert === undefined) {
      input.account.takeBack(input.node, `there is no source like ${name}`);
      continue;
    }
    const asked = keysAsked(root, tag);
    const inlet = convert(input, { plan, parsers, comment, asked });
    input.text("alias");
    ownProcessors(input);
    for (const filter of steps) if (isFor(filter, tag)) applyFilter(filter, inlet, parsers, seen);
    for (const output of outputs) if (isFor(output, tag)) applyOutput(output, inlet, seen);
    if (!outputs.some((output) => isFor(output, tag) && nameOf(output) !== "null"))
      input.account.differ(
        input.peek("tag") ?? input.node,
        "no output takes it; it is stored all the same",
        "drops",
      );
    inlet?.finish();
    input.loseRest("the import knows no such option of the input", "error");
  }
  for (const filter of steps)
    closeStep(filter, seen, "the import knows no such option of the filter");
  for (const output of outputs)
    closeStep(output, seen, "where the agent sends is said by nats.servers");
  parsers.close();
}

function nameOf(section: Section): string {
  return section.text("name")?.toLowerCase() ?? "";
}

/** A tag as records have it: `*` stands for the path of a file. */
function tagOf(input: Section, name: string, i: number): string {
  const given = input.text("tag");
  if (given === undefined) return `${name}.${i}`;
  const [path = ""] = list(input.text("path"));
  return given.replace("*", path.replace(/^\//, "").replaceAll("/", ".").replaceAll("*", "x"));
}

function isFor(section: Section, tag: string): boolean {
  const expression = section.text("match_regex");
  if (expression !== undefined) {
    try {
      return searchingRegex(patternOf(expression)).test(tag);
    } catch (thrown) {
      section.mistakes.add(section.peek("match_regex") ?? section.node, messageOf(thrown));
      return false;
    }
  }
  return isMatched(tag, section.text("match") ?? "");
}

/** `processors` of an input of the YAML form. */
function ownProcessors(input: Section): void {
  input.lose(
    ["processors"],
    "processors of Fluent Bit's inputs are not carried over; filters are",
    "unknown",
  );
}

function applyFilter(
  filter: Section,
  inlet: Inlet | undefined,
  parsers: FluentParsers,
  seen: Set<Section>,
): void {
  const name = nameOf(filter);
  const convert = Object.hasOwn(filters, name) ? filters[name] : undefined;
  if (inlet === undefined) return;
  seen.add(filter);
  filter.text("alias");
  filter.means(effectOf(filter));
  if (convert === undefined) {
    missConverted(filter, inlet.pipeline);
    filter.account.takeBack(filter.node, `no processor does what the filter ${name} does`);
  } else convert(filter, inlet.pipeline, parsers);
}

/** Filters that change what some records hold, by the keys with which they take something away. */
const redacting = [
  "remove",
  "remove_wildcard",
  "remove_regex",
  "remove_key",
  "allowlist_key",
  "whitelist_key",
];

/** What a filter does to records beside adding to them. */
function effectOf(filter: Section): Effect | undefined {
  switch (nameOf(filter)) {
    case "grep":
    case "throttle":
      return "drops";
    case "modify":
    case "record_modifier":
      return redacting.some((key) => filter.has(key)) ? "redacts" : undefined;
    case "log_to_metrics":
      return filter.has("discard_logs") ? "drops" : undefined;
    case "expect":
    case "kubernetes":
    case "multiline":
    case "parser":
    case "type_converter":
      return undefined;
    default:
      return "unknown";
  }
}

/** Keys that the filters and outputs for a tag name: of a receiver's usual keys of a line, one of these is meant. */
function keysAsked(root: Section, tag: string): ReadonlySet<string> {
  const scratch = new Section(root.node, new Account(), new ImportMistakes());
  const parsers = new FluentParsers(
    scratch.sections("parser"),
    scratch.sections("multiline_parser"),
  );
  const pipeline = new FluentPipeline("", false);
  const inlet = { pipeline, finish: () => undefined };
  for (const filter of scratch.sections("filter"))
    if (isFor(filter, tag)) applyFilter(filter, inlet, parsers, new Set());
  for (const output of scratch.sections("output"))
    if (isFor(output, tag)) applyOutput(output, inlet, new Set());
  return pipeline.asked;
}

/** Of outputs, labels are carried over; with Loki's, records are what they would be there. */
function applyOutput(output: Section, inlet: Inlet | undefined, seen: Set<Section>): void {
  if (nameOf(output) !== "loki" || inlet === undefined) return;
  seen.add(output);
  const { pipeline } = inlet;
  const fixed: { [name: string]: string } = {};
  const promoted: { [name: string]: string } = {};
  const renamed: { [name: string]: string } = {};
  for (const label of [...list(output.text("labels")), ...list(output.text("label_keys"))]) {
    const [, name, value = ""] = /^(?:([^=$]+)=)?(.*)$/s.exec(label) ?? [];
    if (!value.startsWith("$")) {
      if (name !== undefined) fixed[name.trim()] = value;
      continue;
    }
    const from = pipeline.where(value);
    const to = (name ?? lastPart(value)).trim().replaceAll(/[^a-zA-Z0-9_]/g, "_");
    if (from === "body") continue;
    if (isLabel(pipeline, from)) {
      if (from !== to) renamed[to] = from;
    } else promoted[to] = from;
  }
  const gone = list(output.text("remove_keys")).map((key) => pipeline.where(key));
  const options = {
    ...(Object.keys(promoted).length === 0 ? {} : { promote: promoted }),
    ...(Object.keys(renamed).length === 0 ? {} : { rename: renamed }),
    ...(Object.keys(fixed).length === 0 ? {} : { static: fixed }),
    ...(gone.length === 0 ? {} : { remove_attributes: gone.filter((name) => name !== "body") }),
  };
  const fault = Object.keys(options).length === 0 ? undefined : pipeline.add("labels", options);
  if (fault !== undefined) output.account.takeBack(output.peek("labels") ?? output.node, fault);
  for (const key of [
    "line_format",
    "drop_single_key",
    "structured_metadata",
    "structured_metadata_map_keys",
  ])
    if (output.has(key))
      output.lose([key], "the line stays as it was read, and fields stand beside it", "error");
  output.lose(
    ["auto_kubernetes_labels", "label_map_path"],
    "labels of pods are not known here, and no maps of labels are read",
    "error",
  );
}

function isLabel(pipeline: FluentPipeline, name: string): boolean {
  return pipeline.isContainer && ["namespace", "pod", "container", "stream"].includes(name);
}

function lastPart(accessor: string): string {
  const parts = [...accessor.matchAll(/[^$[\]'"]+/g)].map(([part]) => part);
  return attributeName(parts.at(-1) ?? "");
}

function closeStep(section: Section, seen: ReadonlySet<Section>, reason: string): void {
  const isOutput = reason.startsWith("where");
  if (!seen.has(section)) {
    section.account.takeBack(
      section.node,
      isOutput ? reason : "no input that is carried over has such a tag",
      isOutput ? "note" : "error",
    );
    return;
  }
  section.loseRest(reason, isOutput ? "note" : "error");
}

function serviceOf(service: Section, plan: Plan): void {
  const level = service.text("log_level")?.toLowerCase();
  const levels: Readonly<Record<string, string>> = {
    off: "error",
    error: "error",
    warn: "warn",
    warning: "warn",
    info: "info",
    debug: "debug",
    trace: "debug",
  };
  const own = levels[level ?? ""];
  if (own !== undefined) plan.logLevel = own;
  else if (level !== undefined)
    service.mistakes.add(
      service.node,
      "log_level: expected off, error, warn, info, debug or trace",
    );
  for (const { key, node } of service.node.entries) {
    if (key.startsWith("storage."))
      service.account.lose(node, "the spool keeps what was not sent yet");
    if (key.startsWith("http_"))
      service.account.lose(node, "the agent's own HTTP server is at `listen`");
  }
  service.lose(["plugins_file", "streams_file"], "plugins and stream tasks are not run");
  service.loseRest("the agent has no such setting");
}
