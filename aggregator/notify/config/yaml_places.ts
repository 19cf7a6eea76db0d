import {
  type Document,
  LineCounter,
  type Node,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
} from "yaml";

/** Where in a file, from 1. */
export type Place = { readonly line: number; readonly column: number };
export type Path = readonly PropertyKey[];

/** A YAML file as a plain value that knows where each part of it stands. */
export class YamlPlaces {
  readonly value: unknown;
  /** Mistakes of the syntax. */
  readonly faults: readonly (Place & { readonly text: string })[];
  readonly #document: Document;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      merge: true,
      prettyErrors: false,
    });
    const faults = this.#document.errors.map(({ pos, message }) => ({
      ...this.#at(pos[0]),
      text: message,
    }));
    let value: unknown;
    try {
      // Aliases of aliases can grow without bound.
      if (faults.length === 0) value = this.#document.toJS({ maxAliasCount: 1_000 });
    } catch (thrown) {
      faults.push({ line: 1, column: 1, text: String(thrown) });
    }
    this.value = value;
    this.faults = faults;
  }

  /** Of a value, or of the nearest one around it that is there. */
  placeOf(path: Path): Place {
    let node: unknown = this.#document.contents;
    let place = this.#placeOfNode(node) ?? { line: 1, column: 1 };
    for (const step of path) {
      node = this.#childOf(node, step)?.value;
      if (node === undefined) break;
      place = this.#placeOfNode(node) ?? place;
    }
    return place;
  }

  /** Of a key, for one that must not be there. */
  placeOfKey(path: Path, key: string): Place {
    let node: unknown = this.#document.contents;
    for (const step of path) node = this.#childOf(node, step)?.value;
    return this.#placeOfNode(this.#childOf(node, key)?.key) ?? this.placeOf(path);
  }

  #childOf(
    node: unknown,
    step: PropertyKey,
  ): { readonly key: unknown; readonly value: unknown } | undefined {
    const own = this.#resolved(node);
    if (isSeq(own)) return { key: undefined, value: own.items[Number(step)] };
    if (!isMap(own)) return undefined;
    for (const { key, value } of own.items)
      if (isScalar(key) && String(key.value) === String(step)) return { key, value };
    for (const { key, value } of own.items) {
      if (!isScalar(key) || typeof key.value !== "symbol") continue;
      const merged = this.#resolved(value);
      for (const each of isSeq(merged) ? merged.items : [merged]) {
        const found = this.#childOf(each, step);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  #resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  #placeOfNode(node: unknown): Place | undefined {
    const own: Node | undefined = isNode(node) ? node : undefined;
    const [start] = own?.range ?? [];
    return start === undefined ? undefined : this.#at(start);
  }

  #at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}
