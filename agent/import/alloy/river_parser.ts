import type { ImportMistakes } from "../mistakes.ts";
import type { MapNode, Scalar, SourceEntry, SourceNode } from "../source_tree.ts";
import {
  type Place,
  callValue,
  combined,
  constantValue,
  listNode,
  scalarNode,
  unknownNode,
} from "./river_values.ts";
import { type RiverToken, riverTokens } from "./river_tokens.ts";

const depthMax = 100;

/** Ends the reading of a statement; the next one is gone on with. */
class Misread extends Error {}

/**
 * A file of Alloy's as a tree: blocks are maps, and what an expression comes to stands in its place as far as it is known without Alloy. Goes on
 * behind a mistake, so that all of them are noted.
 */
export function readRiver(
  text: string,
  surroundings: {
    readonly file: string;
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly hostname: string;
    readonly mistakes: ImportMistakes;
  },
): MapNode {
  const { file, mistakes } = surroundings;
  return new RiverParser(riverTokens(text, file, mistakes), surroundings).file();
}

type Surroundings = Parameters<typeof readRiver>[1];

class RiverParser {
  readonly #tokens: readonly RiverToken[];
  readonly #surroundings: Surroundings;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly RiverToken[], surroundings: Surroundings) {
    this.#tokens = tokens;
    this.#surroundings = surroundings;
  }

  file(): MapNode {
    const at = this.#place(1);
    return { kind: "map", at, path: "", entries: this.#body("", false) };
  }

  get #now(): RiverToken {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] ?? endToken;
  }

  #place(line: number): string {
    return `${this.#surroundings.file}:${line}`;
  }

  #is(symbol: string): boolean {
    return this.#now.kind === "symbol" && this.#now.text === symbol;
  }

  #isOver(): boolean {
    return this.#now.kind === "end";
  }

  #skip(symbol: string): boolean {
    if (!this.#is(symbol)) return false;
    this.#at++;
    return true;
  }

  /** Never tells what stands there: it may be a secret. */
  #misread(expected: string): never {
    this.#surroundings.mistakes.addAt(this.#place(this.#now.line), `expected ${expected}`);
    throw new Misread();
  }

  #need(symbol: string): void {
    if (!this.#skip(symbol)) this.#misread(`"${symbol}"`);
  }

  #name(): string {
    const { kind, text } = this.#now;
    if (kind !== "name") this.#misread("a name");
    this.#at++;
    return text;
  }

  #body(path: string, isBlock: boolean): SourceEntry[] {
    const entries: SourceEntry[] = [];
    const isDone = (): boolean => this.#isOver() || (isBlock && this.#is("}"));
    while (!isDone()) {
      const before = this.#at;
      try {
        entries.push(this.#statement(path));
      } catch (thrown) {
        if (!(thrown instanceof Misread)) throw thrown;
        if (this.#at === before) this.#at++;
        while (!this.#isOver() && !this.#now.isFirst) this.#at++;
      }
    }
    return entries;
  }

  /** `name = expression`, or `name.of.block "label" { ... }`. */
  #statement(path: string): SourceEntry {
    const { line } = this.#now;
    const at = this.#place(line);
    let key = this.#name();
    while (this.#skip(".")) key += `.${this.#name()}`;
    const below = path === "" ? key : `${path}.${key}`;
    if (this.#skip("=")) {
      const node = this.#expression(below);
      if (!this.#now.isFirst && !this.#is("}")) this.#misread("the end of the line");
      return { key, node: { ...node, at } };
    }
    const label = this.#now.kind === "string" ? this.#now.text : undefined;
    if (label !== undefined) this.#at++;
    if (!this.#is("{")) this.#misread(`"=" or "{"`);
    if (++this.#depth > depthMax) this.#misread("less nesting");
    this.#at++;
    const own = label === undefined ? below : `${below}.${label}`;
    const entries = this.#body(own, true);
    this.#depth--;
    this.#need("}");
    const node: MapNode = { kind: "map", at, path: own, entries };
    return { key, node, ...(label === undefined ? {} : { label }) };
  }

  #expression(path: string, power = 0): SourceNode {
    if (++this.#depth > depthMax) this.#misread("less nesting");
    let left = this.#operand(path);
    for (;;) {
      const operator = this.#now.kind === "symbol" ? this.#now.text : "";
      const own = powers[operator];
      if (own === undefined || own <= power) break;
      this.#at++;
      left = combined(operator, left, this.#expression(path, own));
    }
    this.#depth--;
    return left;
  }

  #operand(path: string): SourceNode {
    const { kind, text, line } = this.#now;
    const place: Place = { at: this.#place(line), path };
    if (kind === "number" || kind === "string") {
      this.#at++;
      return scalarNode(place, kind === "number" ? Number(text) : text);
    }
    if (this.#skip("(")) {
      const inner = this.#expression(path);
      this.#need(")");
      return inner;
    }
    if (this.#skip("-")) {
      const inner = this.#operand(path);
      return inner.kind === "scalar" && typeof inner.value === "number"
        ? scalarNode(place, -inner.value)
        : unknownNode(place, "a computed value");
    }
    if (this.#skip("!")) {
      const inner = this.#operand(path);
      return inner.kind === "scalar" && typeof inner.value === "boolean"
        ? scalarNode(place, !inner.value)
        : unknownNode(place, "a computed value");
    }
    if (this.#skip("[")) return this.#list(place);
    if (this.#skip("{")) return this.#object(place);
    if (kind === "name") return this.#reference(place);
    return this.#misread("a value");
  }

  #list(place: Place): SourceNode {
    const items: SourceNode[] = [];
    while (!this.#is("]")) {
      items.push(this.#expression(`${place.path}.${items.length}`));
      if (!this.#skip(",") && !this.#is("]")) this.#misread(`"," or "]"`);
    }
    this.#at++;
    return listNode(place, items);
  }

  #object(place: Place): SourceNode {
    const entries: SourceEntry[] = [];
    while (!this.#is("}")) {
      const { kind, text, line } = this.#now;
      if (kind !== "name" && kind !== "string") this.#misread("a key");
      this.#at++;
      this.#need("=");
      const node = this.#expression(`${place.path}.${text}`);
      entries.push({ key: text, node: { ...node, at: this.#place(line) } });
      if (!this.#skip(",") && !this.#is("}")) this.#misread(`"," or "}"`);
    }
    this.#at++;
    return { kind: "map", ...place, entries };
  }

  /** A word, the exports of a component, or a call. */
  #reference(place: Place): SourceNode {
    let text = this.#name();
    const word: Readonly<Record<string, Scalar>> = { true: true, false: false, null: null };
    if (Object.hasOwn(word, text)) return scalarNode(place, word[text] ?? null);
    let node: SourceNode | undefined;
    for (;;) {
      if (this.#skip(".")) text += `.${this.#name()}`;
      else if (this.#skip("[")) {
        this.#expression(place.path);
        this.#need("]");
        text += "[]";
      } else if (this.#skip("(")) {
        const args: SourceNode[] = [];
        while (!this.#is(")")) {
          args.push(this.#expression(`${place.path}.${args.length}`));
          if (!this.#skip(",") && !this.#is(")")) this.#misread(`"," or ")"`);
        }
        this.#at++;
        node = callValue(place, text, args, this.#surroundings.environment);
        text += "()";
      } else break;
    }
    return (
      node ??
      constantValue(place, text, this.#surroundings.hostname) ??
      unknownNode(place, text, text)
    );
  }
}

const endToken: RiverToken = { kind: "end", text: "", line: 1, isFirst: true };

/** How tight operators bind. */
const powers: Readonly<Record<string, number>> = {
  "||": 1,
  "&&": 2,
  "==": 3,
  "!=": 3,
  "<": 3,
  "<=": 3,
  ">": 3,
  ">=": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
  "^": 6,
};
