import { Match } from "#agent/pipeline/processors/match/match.ts";
import type { Section } from "../section.ts";
import type { Plain } from "../source_tree.ts";
import { type Stage, type StagePipeline, quoted } from "./stage_pipeline.ts";

const countedByProcessor = "what is dropped is counted by processor, not by a reason of one's own";

/** `drop`: all conditions of a stage must hold. */
export function dropStage(section: Section, pipeline: StagePipeline): void {
  section.lose(["drop_counter_reason"], countedByProcessor);
  const age = section.text("older_than");
  const length = section.text("longer_than");
  const longerThan = length === undefined || length === "" ? undefined : bytesOf(length);
  if (longerThan === "fault")
    section.mistakes.add(section.node, "longer_than: expected a size such as 8KB");
  const filter = conditionOf(section, pipeline);
  const fault = pipeline.add("drop", {
    match: filter === undefined ? undefined : `{} ${filter}`,
    older_than: age === "" ? undefined : age,
    longer_than: longerThan === "fault" ? undefined : longerThan,
  });
  if (fault !== undefined) section.account.takeBack(section.node, fault);
}

function conditionOf(section: Section, pipeline: StagePipeline): string | undefined {
  const expression = section.text("expression");
  const value = section.text("value");
  const separator = section.text("separator") ?? ";";
  const sources = (section.texts("source") ?? [])
    .flatMap((text) => text.split(","))
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const [first] = sources;
  if (first === undefined)
    return expression === undefined || expression === "" ? undefined : `|~ ${quoted(expression)}`;
  const names = sources.map((name) => pipeline.at(name));
  let name = names[0] ?? "";
  if (names.length > 1 && (expression ?? value ?? "") !== "") {
    name = pipeline.extract(`drop_${names.join("_")}`);
    const template = names.map((own) => `{{.${own}}}`).join(templateText(separator));
    pipeline.add("format", { to: name, template });
  }
  if (expression !== undefined && expression !== "")
    return `| ${name}=~${quoted(`(?s:.*)(?-s:${expression})(?s:.*)`)} | ${name}!=""`;
  if (value !== undefined && value !== "") return `| ${name}=${quoted(value)}`;
  return names.map((own) => `| ${own}!=""`).join(" ");
}

/** Text that means itself in a template. */
function templateText(text: string): string {
  return text.includes("{{") ? `{{${quoted(text)}}}` : text;
}

/** "8kb", "1 MiB" in bytes: units are powers of 1,024 in Promtail. */
function bytesOf(text: string): number | "fault" {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text.trim()) ?? [];
  if (number === undefined) return "fault";
  const power = ["", "k", "m", "g", "t"].indexOf(unit.toLowerCase());
  return Math.round(Number(number) * 1_024 ** power);
}

/** `limit`: a limit of all records together, or of each value of a label. */
export function limitStage(section: Section, pipeline: StagePipeline): void {
  const drops = section.flag("drop") ?? false;
  if (!drops) {
    section.account.takeBack(
      section.node,
      "it makes the source wait; here records over a rate can only be dropped (rate_limit)",
    );
    return;
  }
  const label = section.text("by_label_name");
  const isMissing = label !== undefined && pipeline.missing.has(label);
  const fault = pipeline.add("rate_limit", {
    records_per_second: section.number("rate"),
    burst: section.number("burst"),
    by: label === undefined || label === "" ? [] : [label],
    streams_max: section.number("max_distinct_labels"),
  });
  if (isMissing && fault !== undefined) section.account.takeBack(section.node, fault);
  else if (fault !== undefined) section.mistakes.add(section.node, fault);
}

/** `sampling`: each record by itself, whatever its severity. */
export function samplingStage(section: Section, pipeline: StagePipeline): void {
  section.lose(["drop_counter_reason"], countedByProcessor);
  const rate = section.number("rate");
  const options: Record<string, Plain> = { rate, by: "random", keep_severity: "none" };
  const fault = pipeline.add("sample", options);
  if (fault !== undefined) section.mistakes.add(section.node, `rate: ${fault}`);
}

/** `match`: stages for the records of a selector, or an end for them. */
export function matchStage(
  section: Section,
  pipeline: StagePipeline,
  convert: (stages: readonly Stage[]) => void,
): void {
  section.lose(["pipeline_name"], "processors have no names");
  section.lose(["drop_counter_reason"], countedByProcessor);
  const selector = section.text("selector");
  if (selector === undefined) {
    section.mistakes.add(section.node, "expected a selector");
    return;
  }
  const checked = Match.safeParse(selector);
  if (!checked.success) {
    section.account.takeBack(section.node, "the selector holds more than matchers and filters");
    return;
  }
  if (section.text("action") === "drop") {
    const lacking = pipeline.add("drop", { match: selector });
    if (lacking !== undefined) section.account.takeBack(section.node, lacking);
    return;
  }
  const fault = pipeline.group(selector, () => convert(pipeline.setting.nested(section)));
  if (fault !== undefined) section.account.takeBack(section.node, fault);
}
