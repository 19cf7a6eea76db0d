import type { Effect } from "../account.ts";
import type { Section } from "../section.ts";
import { dropStage, limitStage, matchStage, samplingStage } from "./filter_stages.ts";
import {
  labelDropStage,
  labelKeepStage,
  labelsStage,
  packStage,
  staticLabelsStage,
  structuredMetadataDropStage,
  structuredMetadataStage,
} from "./label_stages.ts";
import { groupsOf } from "../missing_fields.ts";
import { type MetricForm, metricsStage } from "./metric_stages.ts";
import { criStage, dockerStage, jsonStage, logfmtStage, regexStage } from "./parsing_stages.ts";
import {
  decolorizeStage,
  multilineStage,
  outputStage,
  replaceStage,
  templateStage,
  timestampStage,
} from "./rewriting_stages.ts";
import { type Stage, type StagePipeline, attributeName } from "./stage_pipeline.ts";

type Convert = (section: Section, pipeline: StagePipeline) => void;

/** Stages by Alloy's names; sorted. */
const converters: Readonly<Record<string, Convert>> = {
  cri: criStage,
  decolorize: decolorizeStage,
  docker: dockerStage,
  drop: dropStage,
  json: jsonStage,
  label_drop: labelDropStage,
  label_keep: labelKeepStage,
  labels: labelsStage,
  limit: limitStage,
  logfmt: logfmtStage,
  match: (section, pipeline) =>
    matchStage(section, pipeline, (stages) => convertStages(stages, pipeline)),
  metrics: (section, pipeline) => metricsStage(metricForms(section), pipeline),
  multiline: multilineStage,
  output: outputStage,
  pack: packStage,
  regex: regexStage,
  replace: replaceStage,
  sampling: samplingStage,
  static_labels: staticLabelsStage,
  structured_metadata: structuredMetadataStage,
  structured_metadata_drop: structuredMetadataDropStage,
  template: templateStage,
  timestamp: timestampStage,
};

const reasons: Readonly<Record<string, string>> = {
  geoip: "places of addresses are not looked up",
  luhn: "of numbers with a right check digit, redact knows those of cards alone",
  tenant: "a process has one tenant",
};

/** Adds to the pipeline what the stages do; a stage that no processor stands for is an error. */
export function convertStages(stages: readonly Stage[], pipeline: StagePipeline): void {
  for (const stage of stages) {
    const { name, section } = stage;
    section.means(effectOf(stage, pipeline));
    const before = section.account.errors;
    const convert = Object.hasOwn(converters, name) ? converters[name] : undefined;
    if (convert === undefined) {
      section.loseAll(reasons[name] ?? "no processor does what this stage does", "error");
      missAll(stage, pipeline);
      continue;
    }
    convert(section, pipeline);
    // A stage without options says all by being there.
    if (section.node.entries.length === 0) section.account.carry(section.node);
    section.loseRest("the import knows no such option", "error");
    // The stage for JSON notes by itself which of its values are missing.
    if (section.account.errors > before && name !== "json") missAll(stage, pipeline);
  }
}

/** Notes that what the stage makes is not there for the stages behind it. */
function missAll({ name, section }: Stage, pipeline: StagePipeline): void {
  const { missing } = pipeline;
  if (name === "match")
    for (const stage of pipeline.setting.nested(section)) missAll(stage, pipeline);
  else if (name === "eventlogmessage" || name === "windowsevent") missing.addUnnamed();
  else for (const made of madeBy(name, section)) missing.add(attributeName(made));
}

function madeBy(name: string, section: Section): string[] {
  switch (name) {
    case "geoip":
      return geoipNames;
    case "labels":
    case "static_labels":
    case "structured_metadata":
      return section.section("values")?.keys ?? section.texts("values") ?? [];
    case "json":
      return section.section("expressions")?.keys ?? [];
    case "logfmt":
      return section.section("mapping")?.keys ?? [];
    case "regex":
    case "replace":
      return groupsOf(section.text("expression") ?? "");
    case "template":
      return [section.text("source") ?? ""];
    default:
      return [];
  }
}

const geoipNames = [
  "autonomous_system_number",
  "autonomous_system_organization",
  "city_name",
  "continent_code",
  "continent_name",
  "country_code",
  "country_name",
  "location_latitude",
  "location_longitude",
  "postal_code",
  "subdivision_code",
  "subdivision_name",
  "timezone",
].map((name) => `geoip_${name}`);

/** Stages that read values, name them or put them elsewhere. */
const harmless = new Set([
  ...Object.keys(converters),
  "eventlogmessage",
  "geoip",
  "tenant",
  "windowsevent",
]);

/** What a stage does to records beside adding to them. */
function effectOf({ name, section }: Stage, pipeline: StagePipeline): Effect | undefined {
  if (name === "drop" || name === "sampling") return "drops";
  if (name === "limit") return isSet(section, "drop", "true") ? "drops" : undefined;
  // What it leaves out of the line is stored where it is not carried over.
  if (name === "replace" || name === "luhn" || name === "output") return "redacts";
  if (name === "match") {
    if (isSet(section, "action", "drop")) return "drops";
    const inner = pipeline.setting.nested(section).map((stage) => effectOf(stage, pipeline));
    return inner.find((effect) => effect !== undefined);
  }
  return harmless.has(name) ? undefined : "unknown";
}

function isSet(section: Section, key: string, value: string): boolean {
  const node = section.peek(key);
  return node?.kind === "scalar" && String(node.value) === value;
}

/** Alloy's blocks `metric.counter` and the like; Promtail's map is brought into this form (promtail/stage_list.ts). */
function metricForms(section: Section): MetricForm[] {
  return section.node.entries.flatMap(({ key, node }): MetricForm[] => {
    if (!key.startsWith("metric.") || node.kind !== "map") return [];
    const own = section.within(node);
    const options = own.section("config") ?? own;
    return [
      { kind: key.slice("metric.".length), name: own.text("name") ?? "", section: own, options },
    ];
  });
}
