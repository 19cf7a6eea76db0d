import { messageOf } from "#shared/errors.ts";
import { isZone } from "#agent/pipeline/processors/formats/zones.ts";
import { timeReader } from "#agent/pipeline/processors/formats/time_format.ts";
import type { Section } from "../section.ts";
import { sourceOf } from "./parsing_stages.ts";
import type { StagePipeline } from "./stage_pipeline.ts";

/** Names of Go's layouts (package time) and of Promtail's own formats, by ours. */
const layouts: Readonly<Record<string, string>> = {
  RFC3339: "rfc3339",
  RFC3339Nano: "rfc3339",
  Unix: "unix",
  UnixMs: "unix_ms",
  UnixUs: "unix_us",
  UnixNs: "unix_ns",
  ANSIC: "Mon Jan _2 15:04:05 2006",
  UnixDate: "Mon Jan _2 15:04:05 MST 2006",
  RubyDate: "Mon Jan 02 15:04:05 -0700 2006",
  RFC822: "02 Jan 06 15:04 MST",
  RFC822Z: "02 Jan 06 15:04 -0700",
  RFC850: "Monday, 02-Jan-06 15:04:05 MST",
  RFC1123: "Mon, 02 Jan 2006 15:04:05 MST",
  RFC1123Z: "Mon, 02 Jan 2006 15:04:05 -0700",
};

/** `timestamp`: layouts are Go's on both sides. */
export function timestampStage(section: Section, pipeline: StagePipeline): void {
  const source = section.text("source");
  const given = section.text("format");
  if (source === undefined || given === undefined) {
    section.mistakes.add(section.node, "expected source and format");
    return;
  }
  const zone = section.text("location");
  if (zone !== undefined && !isZone(zone))
    section.mistakes.add(section.node, "location: expected a time zone");
  const formats = [given, ...(section.texts("fallback_formats") ?? [])].map(
    (format) => layouts[format] ?? format,
  );
  for (const format of formats) {
    try {
      timeReader(format, "UTC");
    } catch (thrown) {
      section.loseAll(messageOf(thrown));
      section.account.takeBack(section.node, messageOf(thrown));
      return;
    }
  }
  if (section.text("action_on_failure") === "fudge")
    section.differ(
      "action_on_failure",
      "a record whose time can't be read keeps the time of reading",
    );
  const fault = pipeline.add("timestamp", {
    from: pipeline.at(source),
    format: formats.length === 1 ? formats[0] : formats,
    zone,
  });
  if (fault !== undefined) section.account.takeBack(section.node, fault);
}

/** `template`: Go's text/template on both sides, with Loki's functions on ours. */
export function templateStage(section: Section, pipeline: StagePipeline): void {
  const source = section.text("source");
  const template = section.text("template");
  const node = section.peek("template");
  if (source === undefined || template === undefined || node === undefined) {
    section.mistakes.add(section.node, "expected source and template");
    return;
  }
  const before = pipeline.at(source);
  const to = pipeline.extract(source);
  // What has become a label by now is read from there.
  const text = before === to ? template : template.replaceAll(/\.Value\b/g, `.${before}`);
  const fault = pipeline.add("format", { to, template: text });
  if (fault !== undefined) section.account.takeBack(section.node, fault);
}

/** `replace`: what the groups of the expression take is replaced, as here with `part: groups`. */
export function replaceStage(section: Section, pipeline: StagePipeline): void {
  const pattern = section.text("expression");
  const text = section.text("replace") ?? "";
  if (pattern === undefined) {
    section.mistakes.add(section.node, "expected an expression");
    return;
  }
  const by = text.includes("{{") ? { template: text } : { with: text.replaceAll("$", "$$$$") };
  const options = { ...sourceOf(section, pipeline), pattern, ...by, part: "groups" };
  const fault = pipeline.add("replace", options);
  if (fault !== undefined) section.account.takeBack(section.node, fault);
  if (/\(\?P?</.test(pattern))
    section.differ("expression", "named groups are replaced, but make no values for later stages");
}

/** `output`: a value becomes the line. */
export function outputStage(section: Section, pipeline: StagePipeline): void {
  const source = section.text("source");
  if (source === undefined) section.mistakes.add(section.node, "expected a source");
  else {
    const fault = pipeline.add("format", { template: `{{.${pipeline.at(source)}}}` });
    if (fault !== undefined) section.account.takeBack(section.node, fault);
  }
}

/** `decolorize`: SGR sequences of terminals go. */
export function decolorizeStage(_: Section, pipeline: StagePipeline): void {
  pipeline.add("replace", { pattern: String.raw`\x1b\[[0-9;]*[mK]`, with: "" });
}

/** `multiline`: lines are joined before any processor sees them, so only the first stage can say so. */
export function multilineStage(section: Section, pipeline: StagePipeline): void {
  const { reads } = pipeline.setting;
  if (reads === "nothing" || !pipeline.isFresh || pipeline.isNested) {
    section.loseAll(
      reads !== "nothing"
        ? "lines are joined as files are read, before other stages"
        : "lines are joined in files only",
    );
    return;
  }
  const start = section.text("firstline");
  if (start === undefined) {
    section.mistakes.add(section.node, "expected firstline");
    return;
  }
  // Stages of Promtail's wait three seconds, and join 128 lines at most.
  pipeline.multiline = {
    mode: "start",
    start,
    lines_max: Math.min(10_000, Math.max(2, section.number("max_lines") ?? 128)),
    flush_timeout: section.text("max_wait_time") ?? "3s",
  };
}
