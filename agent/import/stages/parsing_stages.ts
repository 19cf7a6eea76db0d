import { groupsOf } from "../missing_fields.ts";
import type { Section } from "../section.ts";
import type { Plain } from "../source_tree.ts";
import { type StagePipeline, attributeName } from "./stage_pipeline.ts";

/** A path of JMESPath that only steps into objects; other expressions compute, which no processor does. */
const jmesPath = /^(?:[A-Za-z_][\w]*|"[^"\\]+")(?:\.(?:[A-Za-z_][\w]*|"[^"\\]+"))*$/;

/** `json`: expressions become fields. */
export function jsonStage(section: Section, pipeline: StagePipeline): void {
  const fields: Record<string, string> = {};
  for (const [name, expression, node] of section.pairs("expressions")) {
    const path = expression === undefined || expression === "" ? name : expression;
    if (!jmesPath.test(path) && path !== name) {
      section.account.takeBack(node, "only paths into objects are known, such as a.b");
      pipeline.missing.add(attributeName(name));
    } else fields[pipeline.extract(name)] = path.replaceAll('"', "").replaceAll(".", "_");
  }
  const from = sourceOf(section, pipeline);
  const drops = section.flag("drop_malformed") === true;
  if (Object.keys(fields).length > 0 || drops)
    pipeline.add("json", { ...from, fields: fieldsOf(fields), ...(drops ? dropsBad : {}) });
}

const dropsBad = { on_error: "drop" };

/** `logfmt`: the mapping becomes fields. */
export function logfmtStage(section: Section, pipeline: StagePipeline): void {
  const fields: Record<string, string> = {};
  for (const [name, from] of section.pairs("mapping"))
    fields[pipeline.extract(name)] = from === undefined || from === "" ? name : from;
  pipeline.add("logfmt", { ...sourceOf(section, pipeline), fields: fieldsOf(fields) });
}

/** `regex`: the same engine, and the same named groups. */
export function regexStage(section: Section, pipeline: StagePipeline): void {
  const expression = section.peek("expression");
  const pattern = section.text("expression");
  if (expression === undefined || pattern === undefined) {
    section.mistakes.add(section.node, "expected an expression");
    return;
  }
  const groups = groupsOf(pattern);
  const fault = pipeline.add("regex", { ...sourceOf(section, pipeline), pattern });
  if (fault !== undefined) section.mistakes.add(expression, fault);
  for (const name of groups) pipeline.extract(name);
  if (section.flag("labels_from_groups") === true)
    pipeline.promote(groups.map((name) => [name, name]));
}

/** `cri`: as the first stage of files, what a source of containers does anyway. */
export function criStage(section: Section, pipeline: StagePipeline): void {
  section.lose(
    ["max_partial_lines", "max_partial_line_size", "max_partial_line_size_truncate"],
    "parts of a line are joined up to line_size_max",
  );
  if (takesContainers(pipeline, "cri")) return;
  pipeline.add("cri", {});
  pipeline.extract("partial");
  pipeline.extract("stream");
  pipeline.promote([["stream", "stream"]]);
}

/** `docker`: likewise, for the files of Docker's json-file driver. */
export function dockerStage(_: Section, pipeline: StagePipeline): void {
  if (takesContainers(pipeline, "docker")) return;
  const [time, stream] = [pipeline.extract("timestamp"), pipeline.extract("stream")];
  pipeline.add("json", { fields: { [time]: "time", [stream]: "stream" }, body_from: "log" });
  pipeline.add("replace", { pattern: String.raw`\r?\n$`, with: "" });
  pipeline.add("timestamp", { from: time, format: "rfc3339", remove: true });
  pipeline.promote([["stream", "stream"]]);
}

function takesContainers(pipeline: StagePipeline, format: "cri" | "docker"): boolean {
  const { reads } = pipeline.setting;
  if (reads === "containers" && !pipeline.isNested) return true;
  if (reads !== "files" || !pipeline.isFresh || pipeline.multiline !== undefined) return false;
  pipeline.container ??= format;
  pipeline.labels.add("stream");
  return true;
}

/** `source` of a parser: the line where it is not given. */
export function sourceOf(section: Section, pipeline: StagePipeline): { from?: string } {
  const source = section.text("source");
  return source === undefined || source === "" ? {} : { from: pipeline.at(source) };
}

/** A list where no name is changed. */
function fieldsOf(fields: Readonly<Record<string, string>>): Plain {
  const pairs = Object.entries(fields);
  return pairs.every(([to, from]) => to === from && attributeName(from) === from)
    ? pairs.map(([to]) => to)
    : fields;
}
