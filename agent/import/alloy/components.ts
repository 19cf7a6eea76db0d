import type { Section } from "../section.ts";
import type { SourceNode } from "../source_tree.ts";

/** A block at the top of the file: `loki.source.file "nginx" { ... }`. */
export type Component = {
  /** "loki.source.file". */
  readonly name: string;
  /** "loki.source.file.nginx". */
  readonly id: string;
  readonly label: string;
  readonly section: Section;
};

/** All components by their ids, and which of them are of use to something that is carried over. */
export class Components {
  readonly all: readonly Component[];
  readonly #byId: ReadonlyMap<string, Component>;
  readonly #reached = new Set<string>();

  constructor(root: Section) {
    this.all = root.node.entries.flatMap(({ key, node, label }) => {
      if (node.kind !== "map") return [];
      const id = label === undefined ? key : `${key}.${label}`;
      return [{ name: key, id, label: label ?? "", section: root.within(node) }];
    });
    this.#byId = new Map(this.all.map((component) => [component.id, component]));
  }

  /** Data of a source that is carried over pass this component or end there. */
  reach({ id }: Component): void {
    this.#reached.add(id);
  }

  isReached({ id }: Component): boolean {
    return this.#reached.has(id);
  }

  /** The component whose export a value is: `loki.write.default.receiver`. */
  of(node: SourceNode): Component | undefined {
    if (node.kind !== "scalar" || typeof node.value !== "string") return undefined;
    const parts = node.value.split(".");
    for (let length = parts.length - 1; length > 0; length--) {
      const found = this.#byId.get(parts.slice(0, length).join("."));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Components that an argument names, one or a list of them; what names none is a mistake. */
  namedBy(
    section: Section,
    key: string,
  ): { readonly component: Component; readonly node: SourceNode }[] {
    const node = section.peek(key);
    if (node === undefined) return [];
    section.account.carry(node);
    return (node.kind === "list" ? node.items : [node]).flatMap((item) => {
      const component = this.of(item);
      if (component !== undefined) return [{ component, node: item }];
      section.mistakes.add(item, "expected a component of this file");
      return [];
    });
  }
}

/** Data are sent from here, or shown. */
export function isEnd({ name }: Component): boolean {
  return (
    ["loki.echo", "loki.write", "prometheus.echo", "prometheus.remote_write"].includes(name) ||
    name.startsWith("otelcol.exporter.")
  );
}

/** Stops the import: data pass a component that may do anything with them, such as one of a module. */
export function passesUnknown({ name, section }: Component, data: "records" | "samples"): void {
  section.means("unknown");
  section.account.takeBack(section.node, `${data} pass ${name}, which the import does not know`);
}
