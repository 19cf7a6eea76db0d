import {
  type Document,
  LineCounter,
  type Node,
  type Pair,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseAllDocuments,
} from "yaml";

export type RuleFault = { readonly line: number; readonly text: string };
export type Entry = {
  readonly key: string;
  readonly line: number;
  readonly value: Node | undefined;
};

/** A YAML file read node by node, so that every mistake has its line. Scalars are texts, as Prometheus takes them. */
export class YamlReader {
  readonly faults: RuleFault[] = [];
  readonly warnings: string[] = [];
  readonly root: Node | undefined;
  readonly #document: Document | undefined;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    const parsed = parseAllDocuments(text, { lineCounter: this.#lines, merge: true });
    const documents: readonly Document[] = "empty" in parsed ? [] : parsed;
    const [first, ...others] = documents;
    if (others.some(({ contents }) => contents !== null))
      this.warnings.push("the file has several documents: Prometheus reads the first one only");
    this.#document = first;
    for (const { pos, message } of first?.errors ?? [])
      this.faults.push({ line: this.#lineAt(pos[0]), text: message.split("\n")[0] ?? message });
    const contents = first?.contents;
    this.root = isNode(contents) ? this.#resolved(contents) : undefined;
  }

  #lineAt(offset: number): number {
    return Math.max(1, this.#lines.linePos(offset).line);
  }

  lineOf(node: Node | undefined, otherwise = 1): number {
    const [start] = node?.range ?? [];
    return start === undefined ? otherwise : this.#lineAt(start);
  }

  fault(line: number, text: string): void {
    this.faults.push({ line, text });
  }

  #resolved(node: Node): Node | undefined {
    if (!isAlias(node) || this.#document === undefined) return node;
    return node.resolve(this.#document);
  }

  /** Entries of a map; nothing, with a fault, where it is none. A key of `<<` stands for those of another map. */
  entries(node: Node | undefined, what: string, line = 1): Entry[] {
    const own = node === undefined ? undefined : this.#resolved(node);
    if (own === undefined || (isScalar(own) && own.value === null)) return [];
    if (!isMap(own)) {
      this.fault(this.lineOf(node, line), `${what}: expected a map`);
      return [];
    }
    const found = new Map<string, Entry>();
    for (const pair of own.items) {
      const entry = this.#entry(pair);
      if (entry.key !== "<<") found.set(entry.key, entry);
    }
    for (const pair of own.items) {
      const { key, value } = this.#entry(pair);
      if (key !== "<<" || value === undefined) continue;
      for (const merged of isSeq(value) ? value.items : [value])
        if (isNode(merged))
          for (const entry of this.entries(merged, what))
            if (!found.has(entry.key)) found.set(entry.key, entry);
    }
    return [...found.values()];
  }

  #entry({ key, value }: Pair): Entry {
    const node = isNode(value) ? this.#resolved(value) : undefined;
    const line = this.lineOf(isNode(key) ? key : undefined);
    const name = isScalar(key) ? key.value : key;
    // A merge key is a symbol.
    const text = typeof name === "symbol" ? (name.description ?? "") : String(name);
    return { key: text, line, value: node };
  }

  items({ key, line, value }: Entry): Node[] {
    if (value === undefined || (isScalar(value) && value.value === null)) return [];
    if (!isSeq(value)) {
      this.fault(this.lineOf(value, line), `${key}: expected a list`);
      return [];
    }
    return value.items.flatMap((item) => {
      const node = isNode(item) ? this.#resolved(item) : undefined;
      return node === undefined ? [] : [node];
    });
  }

  /** A scalar as it is written: numbers and flags are texts, nothing is the empty one. */
  text({ key, line, value }: Entry): string {
    if (value === undefined) return "";
    if (!isScalar(value)) {
      this.fault(this.lineOf(value, line), `${key}: expected a text`);
      return "";
    }
    const { value: held, source } = value;
    if (typeof held === "string") return held;
    const isSimple = typeof held === "number" || typeof held === "boolean";
    return held === null ? "" : (source ?? (isSimple ? String(held) : ""));
  }

  /** undefined where there is none. */
  integer({ key, line, value }: Entry): number | undefined {
    const number = isScalar(value) ? value.value : undefined;
    if (value === undefined || number === null) return undefined;
    if (typeof number === "number" && Number.isInteger(number)) return number;
    this.fault(this.lineOf(value, line), `${key}: expected a whole number`);
    return undefined;
  }
}
