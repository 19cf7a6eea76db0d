import { messageOf } from "#shared/errors.ts";
import { timeReader } from "#agent/pipeline/processors/formats/time_format.ts";
import type { Section } from "../section.ts";
import type { SourceNode } from "../source_tree.ts";
import { type FluentPipeline, patternOf } from "./fluent_pipeline.ts";

/** Parsers by their names, and what has been asked for. */
export class FluentParsers {
  readonly #byName = new Map<string, Section>();
  readonly #joining = new Map<string, Section>();

  constructor(parsers: readonly Section[], joining: readonly Section[]) {
    for (const section of parsers) this.#byName.set(section.text("name") ?? "", section);
    for (const section of joining) this.#joining.set(section.text("name") ?? "", section);
  }

  /** Adds what a parser does to `from`; false where nothing is known of it. */
  apply(name: string, from: string, pipeline: FluentPipeline): boolean {
    const section = this.#byName.get(name);
    if (section === undefined) {
      const isKnown = standard(name, from, pipeline);
      if (!isKnown) pipeline.missing.addUnnamed();
      return isKnown;
    }
    const format = section.text("format")?.toLowerCase() ?? "";
    const options = from === "body" ? {} : { from };
    const isLog = format === "json" && from === "body" && name.startsWith("docker");
    const timeKey = section.text("time_key");
    let fault: string | undefined;
    if (format === "regex")
      fault = pipeline.add("regex", {
        ...options,
        pattern: patternOf(section.text("regex") ?? ""),
      });
    else if (format === "json")
      fault = pipeline.add("json", { ...options, ...(isLog ? { body_from: "log" } : {}) });
    else if (format === "logfmt") fault = pipeline.add("logfmt", options);
    else fault = `there is no parser for the format ${JSON.stringify(format)}`;
    if (fault !== undefined) {
      section.account.takeBack(section.node, fault);
      pipeline.missing.addUnnamed();
      return true;
    }
    time(section, timeKey, pipeline);
    if (section.has("types")) section.lose(["types"], "values of attributes are texts");
    if (section.flag("skip_empty_values") === false)
      section.differ("skip_empty_values", "empty values are never kept");
    section.loseRest("the import knows no such option of a parser", "error");
    return true;
  }

  /** Lines joined as a parser for it says; undefined where that can't be done. */
  joined(name: string): { readonly mode: string; readonly start?: string } | undefined {
    if (["go", "java", "python", "ruby"].includes(name)) return { mode: "stack_traces" };
    const section = this.#joining.get(name);
    if (section === undefined) return undefined;
    const rules = rulesOf(section);
    const start = rules.find(({ state }) => state === "start_state");
    if (start === undefined || section.text("type") !== "regex") return undefined;
    for (const rule of rules)
      if (rule === start) section.account.carry(rule.node);
      else section.account.lose(rule.node, goesOn, "error");
    section.lose(["rules"], goesOn, "error");
    section.lose(["key_content", "parser", "flush_timeout"], "lines are joined as they are read");
    return { mode: "start", start: patternOf(start.regex) };
  }

  /** The pattern of a parser, for the old way to join lines. */
  firstLine(name: string): string | undefined {
    const regex = this.#byName.get(name)?.text("regex");
    return regex === undefined ? undefined : patternOf(regex);
  }

  close(): void {
    for (const section of [...this.#byName.values(), ...this.#joining.values()]) {
      const format = section.peek("format") ?? section.peek("type");
      const isUsed = format !== undefined && section.account.fateOf(format) !== undefined;
      if (!isUsed)
        section.account.takeBack(section.node, "no input or filter that is carried over names it");
    }
  }
}

function time(section: Section, key: string | undefined, pipeline: FluentPipeline): void {
  const format = section.text("time_format");
  if (key === undefined) return;
  const keeps = section.flag("time_keep") === true;
  const offset = section.text("time_offset");
  if (offset !== undefined && !/^[+-]?00:?00$/.test(offset))
    section.differ("time_offset", "times that tell no zone are UTC");
  section.lose(["time_system_timezone", "time_strict"], "times that tell no zone are UTC");
  const own = format ?? "auto";
  try {
    timeReader(own, "UTC");
  } catch (thrown) {
    section.account.takeBack(section.peek("time_format") ?? section.node, messageOf(thrown));
    return;
  }
  pipeline.add("timestamp", {
    from: pipeline.where(key),
    format: own,
    ...(keeps ? {} : { remove: true }),
  });
}

const goesOn = "a record goes on until the next one begins, whatever its other lines are";

type Rule = {
  readonly state: string;
  readonly regex: string;
  readonly node: SourceNode;
};

/** `rule "start_state" "/regex/" "cont"`, or maps of the YAML form. */
function rulesOf(section: Section): Rule[] {
  const rules: Rule[] = [];
  for (const { key, node } of section.node.entries) {
    if (key === "rule" && node.kind === "scalar") {
      const [, state = "", regex = ""] =
        /^"([^"]*)"\s+"((?:[^"\\]|\\.)*)"/.exec(String(node.value)) ?? [];
      rules.push({ state, regex: regex.replaceAll('\\"', '"'), node });
    }
    if (key !== "rules" || node.kind !== "list") continue;
    for (const item of node.items) {
      if (item.kind !== "map") continue;
      const [state, regex] = ["state", "regex"].map((name) => section.within(item).peek(name));
      rules.push({ state: textOf(state), regex: textOf(regex), node: regex ?? item });
    }
  }
  return rules;
}

function textOf(node: SourceNode | undefined): string {
  return node?.kind === "scalar" ? String(node.value) : "";
}

/** Parsers of the file that comes with Fluent Bit, where it can't be read: by what they are for. */
function standard(name: string, from: string, pipeline: FluentPipeline): boolean {
  const options = from === "body" ? {} : { from };
  if (name === "json") return pipeline.add("json", options) === undefined;
  if (name === "logfmt") return pipeline.add("logfmt", options) === undefined;
  if (name === "nginx" || name === "apache" || name === "apache2")
    return pipeline.add("access_log", options) === undefined;
  if (name === "apache_error") return pipeline.add("error_log", options) === undefined;
  return false;
}
