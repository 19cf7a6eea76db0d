import { ProcessorsConfig } from "#agent/pipeline/processors/config.ts";
import { MissingFields } from "../missing_fields.ts";
import type { Draft, Plan } from "../plan.ts";
import type { Section } from "../section.ts";
import type { Plain } from "../source_tree.ts";

/** One stage of Promtail's or Alloy's, in the form that Alloy writes it. */
export type Stage = { readonly name: string; readonly section: Section };

export type PipelineSetting = {
  readonly plan: Plan;
  /** Labels that records have before the first stage. */
  readonly labels: readonly string[];
  /** files: lines can be joined, and those of containers taken apart, before any processor; containers: they are taken apart. */
  readonly reads: "files" | "containers" | "nothing";
  /** What names of metrics begin with where a stage says nothing. */
  readonly metricPrefix: string;
  /** Labels that rules before the first stage would make and that are not carried over. */
  readonly missing?: MissingFields;
  /** The stages inside a stage. */
  readonly nested: (section: Section) => Stage[];
};

/**
 * Processors while stages become them. What stages extract are values for the next stages only, which here are attributes of the
 * record: those that no stage keeps are taken away at the end.
 */
export class StagePipeline {
  readonly setting: PipelineSetting;
  readonly labels: Set<string>;
  readonly missing: MissingFields;
  /** Keys for the source. */
  multiline: Draft | undefined;
  container: "docker" | "cri" | undefined;
  #into: Draft[] = [];
  readonly #temporary = new Set<string>();
  readonly #kept = new Set<string>();
  /** Where an extracted value went that became a label of another name. */
  readonly #moved = new Map<string, string>();
  /** Extracted values that are labels by now. */
  readonly #promoted = new Set<string>();
  #depth = 0;
  /** Processors at the head that look at labels alone. */
  #rules = 0;

  constructor(setting: PipelineSetting) {
    this.setting = setting;
    this.labels = new Set(setting.labels);
    this.missing = setting.missing ?? new MissingFields();
    this.missing.know(setting.labels);
  }

  /** Nothing has looked at lines so far. */
  get isFresh(): boolean {
    return this.#into.length === this.#rules && this.#depth === 0;
  }

  /** Rules over labels, before all stages. */
  relabelFirst(rules: readonly Draft[]): void {
    if (rules.length === 0) return;
    this.add("relabel", { relabel_configs: rules });
    this.#rules = this.#into.length;
  }

  remove(attributes: readonly string[]): void {
    if (attributes.length > 0) this.add("labels", { remove_attributes: attributes });
  }

  get isNested(): boolean {
    return this.#depth > 0;
  }

  /** Undefined when it was added, else what our own check says against it, or which values it lacks. */
  add(type: string, options: Readonly<Record<string, Plain>>): string | undefined {
    const processor: Draft = { type };
    for (const [key, value] of Object.entries(options))
      if (value !== undefined) processor[key] = value;
    const checked = ProcessorsConfig.safeParse([processor]);
    if (!checked.success) return checked.error.issues.map(({ message }) => message).join("; ");
    const fault = this.missing.faultOf(processor);
    if (fault === undefined) this.#into.push(processor);
    return fault;
  }

  /** The attribute that a stage makes under a name of its own. */
  extract(name: string): string {
    const own = attributeName(name);
    this.#temporary.add(own);
    this.#moved.delete(name);
    this.#promoted.delete(name);
    return own;
  }

  /** Where a value of that name is found by now: an attribute or a label. */
  at(name: string): string {
    return this.#moved.get(name) ?? attributeName(name);
  }

  keep(attribute: string): void {
    this.#kept.add(attribute);
  }

  unkeep(attribute: string): void {
    this.#kept.delete(attribute);
    this.#temporary.add(attribute);
  }

  /** Values become labels: of their own name, or of another. */
  promote(pairs: readonly (readonly [label: string, from: string])[]): string | undefined {
    const moves: [string, string][] = [];
    const copies: Draft[] = [];
    for (const [label, from] of pairs) {
      const at = this.at(from);
      const isLabel = this.#promoted.has(from) || (this.labels.has(at) && !this.#temporary.has(at));
      // What only some records go through must leave the value where the others have it.
      if (!isLabel && this.#depth === 0) moves.push([label, at]);
      else if (!isLabel || label !== at)
        copies.push({
          source_labels: [isLabel ? at : `__attribute_${at}`],
          regex: "(.+)",
          target_label: label,
        });
      this.labels.add(label);
      if (isLabel || this.#depth > 0) continue;
      this.#promoted.add(from);
      if (label !== at) this.#moved.set(from, label);
    }
    const moved = moves.length === 0 ? undefined : this.add("labels", { promote: namesOf(moves) });
    const copied =
      copies.length === 0 ? undefined : this.add("relabel", { relabel_configs: copies });
    return moved ?? copied;
  }

  /** Processors that `build` adds stand in a group of their own. */
  group(match: string, build: () => void): string | undefined {
    const outer = this.#into;
    const inner: Draft[] = [];
    this.#into = inner;
    this.#depth++;
    build();
    this.#depth--;
    this.#into = outer;
    if (inner.length === 0) return undefined;
    const [only] = inner;
    if (inner.length > 1 || only === undefined || only.match !== undefined || only.type === "group")
      return this.add("group", { match, processors: inner });
    const { type, ...options } = only;
    return this.add(typeof type === "string" ? type : "", { match, ...options });
  }

  /** All processors, with the removal of what was extracted for later stages only. */
  finish(): Draft[] {
    const gone = [...this.#temporary].filter((name) => !this.#kept.has(name));
    if (gone.length > 0) {
      const last = this.#into.at(-1);
      if (
        last?.type === "labels" &&
        last.match === undefined &&
        last.remove_attributes === undefined
      )
        last.remove_attributes = gone;
      else this.add("labels", { remove_attributes: gone });
    }
    return this.#into;
  }
}

/** A list where nothing is renamed, else a map of new names. */
export function namesOf(pairs: readonly (readonly [to: string, from: string])[]): Plain {
  return pairs.every(([to, from]) => to === from)
    ? pairs.map(([to]) => to)
    : Object.fromEntries(pairs);
}

/** As Lapwing writes names of attributes; "body" is the line itself there. */
export function attributeName(name: string): string {
  const own = name.replaceAll(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=\d)/, "_");
  return own === "body" ? "body_" : own;
}

/** A LogQL string of any text. */
export function quoted(text: string): string {
  return text.includes("`") || text.includes("\n") ? JSON.stringify(text) : `\`${text}\``;
}
