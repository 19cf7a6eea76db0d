import { ProcessorsConfig } from "#agent/pipeline/processors/config.ts";
import { MissingFields } from "../missing_fields.ts";
import type { Draft } from "../plan.ts";
import type { Plain } from "../source_tree.ts";

/** Processors of one source: of an event the message is the line, and the other fields are attributes. */
export class VectorPipeline {
  #into: Draft[] = [];
  readonly missing = new MissingFields();

  get processors(): readonly Draft[] {
    return this.#into;
  }

  /** Labels that are made of fields of the same name. */
  get promoted(): ReadonlySet<string> {
    const names = this.#into.flatMap(({ promote }) =>
      typeof promote === "object" && promote !== null ? Object.entries(promote) : [],
    );
    return new Set(names.flatMap(([to, from]) => (to === from ? [to] : [])));
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

  /** What `build` adds is for the records of the filters alone. */
  group(filter: string, build: () => void): string | undefined {
    const outer = this.#into;
    this.#into = [];
    build();
    const processors = this.#into;
    this.#into = outer;
    if (processors.length === 0) return undefined;
    const match = `{} ${filter}`.trim();
    const [only] = processors;
    if (
      processors.length > 1 ||
      only === undefined ||
      only.match !== undefined ||
      only.type === "group"
    )
      return this.add("group", { match, processors });
    const { type, ...options } = only;
    return this.add(typeof type === "string" ? type : "", { match, ...options });
  }
}
