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
import type { Stage, StagePipeline } from "./stage_pipeline.ts";

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
  luhn: "card numbers are found by the processor redact",
  tenant: "a process has one tenant",
};

/** Adds to the pipeline what the stages do; a stage that nothing here does is told of. */
export function convertStages(stages: readonly Stage[], pipeline: StagePipeline): void {
  for (const { name, section } of stages) {
    const convert = Object.hasOwn(converters, name) ? converters[name] : undefined;
    if (convert === undefined) {
      section.loseAll(reasons[name] ?? "no processor does what this stage does");
      continue;
    }
    convert(section, pipeline);
    // A stage without options says all by being there.
    if (section.node.entries.length === 0) section.account.carry(section.node);
    section.loseRest("the import knows no such option");
  }
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
