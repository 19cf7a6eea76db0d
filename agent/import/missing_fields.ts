import type { Draft } from "./plan.ts";
import type { Plain } from "./source_tree.ts";

/**
 * Labels and fields that the source file makes and the result does not, on the way of one source. A processor that chooses records, masks
 * values or writes the line by such a name would do something else than the part that it stands for, so it is not written.
 */
export class MissingFields {
  readonly #names = new Set<string>();
  readonly #made = new Set<string>();
  readonly #shapes: RegExp[] = [];
  /** Labels that our records have and those of the other shipper have not. */
  readonly #foreign = new Set<string>();
  #isOpen = false;

  add(name: string): void {
    this.#names.add(name);
  }

  /** A part that is left out makes names that the file does not say: each name that nothing else makes may be one of them. */
  addUnnamed(): void {
    this.#isOpen = true;
  }

  /** Our records have the label, and those of the other shipper have it only when a processor makes it. */
  addForeign(name: string): void {
    this.#foreign.add(name);
  }

  /** All names of the shape are missing. */
  addShape(shape: RegExp): void {
    this.#shapes.push(shape);
  }

  /** Names that records have without any processor. */
  know(names: Iterable<string>): void {
    for (const name of names) this.#made.add(name);
  }

  has(name: string): boolean {
    if (this.#names.has(name) || this.#foreign.has(name)) return true;
    if (this.#made.has(name) || words.has(name)) return false;
    return this.#isOpen || this.#shapes.some((shape) => shape.test(name));
  }

  /**
   * Why the processor can't do its work with what is missing; undefined where it can, or where it only passes values on. What it
   * makes of missing values is missing, too.
   */
  faultOf(processor: Draft): string | undefined {
    const missing = [...new Set(readsOf(processor))].filter((name) => this.has(name));
    if (missing.length === 0) {
      const made = outputsOf(processor);
      this.know(made);
      for (const name of made) this.#foreign.delete(name);
      return undefined;
    }
    if (needsValues(processor)) {
      // What it, or a processor within it, would make is not there either.
      for (const name of outputsOf(processor)) this.add(name);
      return `it reads ${missing.toSorted().join(", ")}, which nothing that is carried over makes`;
    }
    const outputs = outputsBy(processor, (name) => this.has(name));
    for (const name of outputs) this.add(name);
    if (isParser(processor) && outputs.length === 0) this.addUnnamed();
    return undefined;
  }
}

/** Names in filters that are none of fields. */
const words = new Set(["__error__", "and", "body", "bytes", "duration", "ip", "or", "unless"]);

const choosing = new Set([
  "drop",
  "group",
  "keep",
  "metrics",
  "rate_limit",
  "redact",
  "replace",
  "sample",
  "timestamp",
]);

/** Whether other records, other lines or other times would be stored without the values. */
function needsValues(processor: Draft): boolean {
  const { type, match, to } = processor;
  if (typeof type === "string" && choosing.has(type)) return true;
  if (type === "format" && (to === undefined || to === "body")) return true;
  if (type === "relabel") return rulesOf(processor).some(({ action }) => isChoice(action));
  return match !== undefined;
}

/** Actions of rules that drop records. */
export function isChoice(action: Plain): boolean {
  return (
    typeof action === "string" && /^(?:drop|keep|dropequal|keepequal)$/.test(action.toLowerCase())
  );
}

function isParser({ type }: Draft): boolean {
  return type !== "labels" && type !== "format" && type !== "relabel";
}

function readsOf(processor: Draft): string[] {
  const { type, match, only, template, from, by, promote, demote, metrics } = processor;
  return [
    ...filterNames(match),
    ...filterNames(only),
    ...templateNames(template),
    ...textsOf(from),
    ...(type === "sample" ? [] : textsOf(by)),
    ...pairsOf(promote).map(([, own]) => own),
    ...pairsOf(demote).map(([, own]) => own),
    ...pairsOf(processor.rename_attributes).map(([, own]) => own),
    ...rulesOf(processor).flatMap(sourcesOf),
    // Labels that a record lacks are left out, as the other shipper leaves them out.
    ...draftsOf(metrics).flatMap((metric) => [
      ...textsOf(metric.value),
      ...filterNames(metric.match),
    ]),
  ];
}

/** Names that the processor makes, as far as it says them. */
function outputsOf(processor: Draft): string[] {
  return outputsBy(processor, () => true);
}

/** Those among them that it makes of names that fulfil the condition. */
function outputsBy(processor: Draft, isFrom: (name: string) => boolean): string[] {
  const { type, to, fields, pattern, promote, demote, rename_attributes: renamed } = processor;
  const pairs = [promote, demote, renamed].flatMap(pairsOf);
  return [
    ...draftsOf(processor.processors).flatMap((one) => outputsBy(one, isFrom)),
    ...textsOf(to),
    ...(Array.isArray(fields)
      ? textsOf(fields)
      : typeof fields === "object" && fields !== null
        ? Object.keys(fields)
        : []),
    ...(type === "regex" && typeof pattern === "string" ? groupsOf(pattern) : []),
    ...pairs.flatMap(([own, from]) => (isFrom(from) ? [own] : [])),
    ...rulesOf(processor).flatMap((rule) =>
      sourcesOf(rule).some(isFrom) ? textsOf(rule.target_label) : [],
    ),
    ...(typeof processor.static === "object" && processor.static !== null
      ? isFrom("")
        ? Object.keys(processor.static)
        : []
      : []),
  ];
}

/** Names of the groups of a pattern. */
export function groupsOf(pattern: string): string[] {
  return [...pattern.matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)].map(([, name = ""]) => name);
}

/** Of a selector or filter: what stands outside of quotes. */
function filterNames(filter: Plain): string[] {
  if (typeof filter !== "string") return [];
  const bare = filter.replaceAll(/`[^`]*`|"(?:[^"\\]|\\.)*"/g, '""');
  return bare.match(/[A-Za-z_]\w*/g) ?? [];
}

function templateNames(template: Plain): string[] {
  if (typeof template !== "string") return [];
  return [...template.matchAll(/\{\{(.*?)\}\}/gs)].flatMap(([, inside = ""]) => {
    const bare = inside.replaceAll(/`[^`]*`|"(?:[^"\\]|\\.)*"/g, '""');
    return [...bare.matchAll(/\.([A-Za-z_]\w*)/g)].map(([, name = ""]) => name);
  });
}

function rulesOf({ relabel_configs: rules }: Draft): readonly Draft[] {
  return draftsOf(rules);
}

function sourcesOf(rule: Draft): string[] {
  return textsOf(rule.source_labels).map((name) => name.replace(/^__attribute_/, ""));
}

function draftsOf(value: Plain): Draft[] {
  if (!isList(value)) return [];
  return value.flatMap((one) =>
    typeof one === "object" && one !== null && !isList(one) ? [{ ...one }] : [],
  );
}

/** New names with old ones: a map, or a list where nothing is renamed. */
function pairsOf(value: Plain): [to: string, from: string][] {
  if (isList(value)) return textsOf(value).map((name) => [name, name]);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([to, from]) =>
    textsOf(from).map((name): [string, string] => [to, name]),
  );
}

function textsOf(value: Plain): string[] {
  if (isList(value)) return value.filter((one) => typeof one === "string");
  return typeof value === "string" ? [value] : [];
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}
