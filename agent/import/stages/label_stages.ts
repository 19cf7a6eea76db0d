import type { Section } from "../section.ts";
import { type StagePipeline, attributeName, namesOf } from "./stage_pipeline.ts";

/** `labels`: values become labels. */
export function labelsStage(section: Section, pipeline: StagePipeline): void {
  const pairs = section
    .pairs("values")
    .map(([label, from]) => [label, from === undefined || from === "" ? label : from] as const);
  const fault = pairs.length > 0 ? pipeline.promote(pairs) : undefined;
  if (fault !== undefined) section.account.takeBack(section.node, fault);
}

/** `structured_metadata`: values stay with the record; a label of that name becomes one. */
export function structuredMetadataStage(section: Section, pipeline: StagePipeline): void {
  const demoted: [string, string][] = [];
  for (const [name, given] of section.pairs("values")) {
    const from = given === undefined || given === "" ? name : given;
    const own = attributeName(name);
    const at = pipeline.at(from);
    if (pipeline.labels.has(at)) {
      demoted.push([own, at]);
      pipeline.labels.delete(at);
    } else if (at !== own) pipeline.add("format", { to: own, template: `{{.${at}}}` });
    pipeline.keep(own);
  }
  if (demoted.length > 0) pipeline.add("labels", { demote: namesOf(demoted) });
}

/** `structured_metadata_drop`: what was kept beside the record goes. */
export function structuredMetadataDropStage(section: Section, pipeline: StagePipeline): void {
  const names = (section.texts("values") ?? []).map((name) => attributeName(name));
  for (const name of names) pipeline.unkeep(name);
  if (names.length > 0) pipeline.add("labels", { remove_attributes: names });
}

/** `static_labels`. */
export function staticLabelsStage(section: Section, pipeline: StagePipeline): void {
  const labels: Record<string, string> = {};
  for (const [name, value] of section.pairs("values")) {
    labels[name] = value ?? "";
    pipeline.labels.add(name);
  }
  if (Object.keys(labels).length > 0) pipeline.add("labels", { static: labels });
}

/** `labeldrop`: a label with an empty value is none. */
export function labelDropStage(section: Section, pipeline: StagePipeline): void {
  const names = section.texts("values") ?? [];
  for (const name of names) pipeline.labels.delete(name);
  if (names.length > 0)
    pipeline.add("labels", { static: Object.fromEntries(names.map((name) => [name, ""])) });
}

/** `labelallow`: all others go. */
export function labelKeepStage(section: Section, pipeline: StagePipeline): void {
  const names = section.texts("values") ?? [];
  for (const name of pipeline.labels) if (!names.includes(name)) pipeline.labels.delete(name);
  pipeline.add("labels", { keep: names });
}

/** `pack`: it keeps labels of many values out of the index, for which there is structured metadata here. */
export function packStage(section: Section, pipeline: StagePipeline): void {
  const names = section.texts("labels") ?? [];
  section.differ("labels", "stand beside the line as structured metadata; the line is not packed");
  section.lose(["ingest_timestamp"], "records keep their time");
  for (const name of names) {
    pipeline.keep(attributeName(name));
    pipeline.labels.delete(name);
  }
  if (names.length > 0) pipeline.add("labels", { demote: names });
}
