import { ProcessorsConfig } from "#agent/pipeline/processors/config.ts";
import { MissingFields } from "../missing_fields.ts";
import type { Draft } from "../plan.ts";
import type { Plain } from "../source_tree.ts";
import { attributeName, quoted } from "../stages/stage_pipeline.ts";

/** Keys under which a record may have its line, by the receiver that takes it: its own defaults, in its order. */
export const messageKeys: Readonly<Record<string, readonly string[]>> = {
  elasticsearch: ["message", "msg", "log", "_msg"],
  fluent: ["log", "message", "msg", "MESSAGE"],
  json_logs: ["message", "msg", "log", "_msg"],
};

/** What Fluent Bit's filter for Kubernetes adds, by the labels that a source of containers has. */
const kubernetes: Readonly<Record<string, string>> = {
  kubernetes_namespace_name: "namespace",
  kubernetes_pod_name: "pod",
  kubernetes_container_name: "container",
};

/** Processors of one input: its records are lines with attributes, where Fluent Bit has maps with the line under a key. */
export class FluentPipeline {
  readonly processors: Draft[] = [];
  /** The key under which the line stands. */
  messageKey: string;
  multiline: Draft | undefined;
  readonly isContainer: boolean;
  /** Keys that a filter or an output names. */
  readonly asked = new Set<string>();
  readonly missing = new MissingFields();

  constructor(messageKey: string, isContainer: boolean) {
    this.messageKey = messageKey;
    this.isContainer = isContainer;
    this.missing.know([
      "container",
      "filename",
      "host",
      "job",
      "namespace",
      "pod",
      "stream",
      "tag",
    ]);
  }

  /** Undefined when it was added, else what our own check says against it, or which values it lacks. */
  add(type: string, options: Readonly<Record<string, Plain>>): string | undefined {
    const processor: Draft = { type };
    for (const [key, value] of Object.entries(options))
      if (value !== undefined) processor[key] = value;
    const checked = ProcessorsConfig.safeParse([processor]);
    if (!checked.success) return checked.error.issues.map(({ message }) => message).join("; ");
    const fault = this.missing.faultOf(processor);
    if (fault === undefined) this.processors.push(processor);
    return fault;
  }

  /** Where the value of a key stands: "body", an attribute or a label. Accessors such as `$a['b']` are known. */
  where(key: string): string {
    const parts = [...key.matchAll(/\$?([^$[\]'"]+)/g)].map(([, part = ""]) => part);
    const name = parts.join("_");
    this.asked.add(name);
    if (name === this.messageKey) return "body";
    const own = attributeName(name);
    return (this.isContainer ? kubernetes[own] : undefined) ?? own;
  }

  /** A filter of LogQL's on a key: a pattern found anywhere, as Fluent Bit looks for it. */
  condition(key: string, pattern: string, wanted = true): string {
    const where = this.where(key);
    if (where === "body") return `${wanted ? "|~" : "!~"} ${quoted(pattern)}`;
    const whole = quoted(`(?s:.*)(?-s:${pattern})(?s:.*)`);
    return `| ${where}${wanted ? "=~" : "!~"}${whole}`;
  }
}

/** A pattern of Onigmo's as RE2 takes it: without the slashes that may stand around it. */
export function patternOf(text: string): string {
  return text.length > 1 && text.startsWith("/") && text.endsWith("/") ? text.slice(1, -1) : text;
}

/** Text that means itself in a template. */
export function literal(text: string): string {
  return text.includes("{{") ? `{{${quoted(text)}}}` : text;
}

/** Whether a tag is meant by `match`, in which `*` stands for any text. A `*` in the tag is the path of a file. */
export function isMatched(tag: string, pattern: string): boolean {
  const parts = pattern.split("*");
  const [first = ""] = parts;
  if (parts.length === 1) return tag === pattern;
  if (!tag.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = tag.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = parts.at(-1) ?? "";
  return tag.length - last.length >= at && tag.endsWith(last);
}
