import { type VrlToken, vrlTokens } from "./vrl_tokens.ts";

export type VrlExpression =
  | { readonly kind: "field"; readonly path: string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "regex"; readonly pattern: string }
  | { readonly kind: "list"; readonly items: readonly VrlExpression[] }
  | { readonly kind: "object"; readonly entries: readonly (readonly [string, VrlExpression])[] }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly VrlArgument[] }
  | { readonly kind: "not"; readonly of: VrlExpression }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: VrlExpression;
      readonly right: VrlExpression;
    };
export type VrlArgument = { readonly name: string | undefined; readonly value: VrlExpression };

export type VrlStatement = { readonly line: number } & (
  | {
      readonly kind: "assign";
      readonly target: VrlExpression;
      readonly error: boolean;
      readonly merges: boolean;
      readonly value: VrlExpression;
    }
  | {
      readonly kind: "if";
      readonly condition: VrlExpression;
      readonly body: readonly VrlStatement[];
      readonly otherwise: readonly VrlStatement[] | undefined;
    }
  | { readonly kind: "abort" }
  | { readonly kind: "expression"; readonly value: VrlExpression }
  /** The words of a statement that this reader does not know. */
  | { readonly kind: "unread"; readonly text: string }
);

const depthMax = 60;
class Unread extends Error {}

/** Statements of a program as far as this reader knows the language; one that it does not is `unread`. */
export function parseVrl(text: string): readonly VrlStatement[] {
  const tokens = vrlTokens(text);
  return tokens === undefined
    ? [{ kind: "unread", line: 0, text }]
    : new VrlParser(tokens).statements();
}

/** A condition alone; undefined where it is not read. */
export function parseVrlExpression(text: string): VrlExpression | undefined {
  const [statement, ...others] = parseVrl(text);
  return statement?.kind === "expression" && others.length === 0 ? statement.value : undefined;
}

class VrlParser {
  readonly #tokens: readonly VrlToken[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly VrlToken[]) {
    this.#tokens = tokens;
  }

  get #now(): VrlToken {
    return (
      this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] ?? {
        kind: "end",
        text: "",
        line: 0,
      }
    );
  }

  #is(symbol: string): boolean {
    return this.#now.kind === "symbol" && this.#now.text === symbol;
  }

  #isWord(word: string): boolean {
    return this.#now.kind === "name" && this.#now.text === word;
  }

  #isEnd(): boolean {
    return this.#now.kind === "end";
  }

  #skip(symbol: string): boolean {
    if (!this.#is(symbol)) return false;
    this.#at++;
    return true;
  }

  #need(symbol: string): void {
    if (!this.#skip(symbol)) throw new Unread();
  }

  #lines(): void {
    while (this.#now.kind === "newline") this.#at++;
  }

  statements(isBlock = false): VrlStatement[] {
    const found: VrlStatement[] = [];
    const isDone = (): boolean => this.#isEnd() || (isBlock && this.#is("}"));
    for (this.#lines(); !isDone(); this.#lines()) {
      const { line } = this.#now;
      const [start, depth] = [this.#at, this.#depth];
      try {
        found.push(this.#statement());
        if (this.#now.kind !== "newline" && !isDone()) throw new Unread();
      } catch (thrown) {
        if (!(thrown instanceof Unread)) throw thrown;
        if (found.at(-1)?.line === line) found.pop();
        this.#at = start;
        this.#depth = depth;
        this.#passOver();
        if (this.#at === start) this.#at++;
        const words = this.#tokens.slice(start, this.#at).map((token) => token.text);
        found.push({ kind: "unread", line, text: words.join(" ") });
      }
    }
    return found;
  }

  /** To the end of a statement that is not read: the end of its line, outside of brackets. */
  #passOver(): void {
    let open = 0;
    while (!this.#isEnd()) {
      const { kind, text } = this.#now;
      if (kind === "symbol" && "([{".includes(text)) open++;
      if (kind === "symbol" && ")]}".includes(text) && open-- === 0) return;
      if (kind === "newline" && open === 0) return;
      this.#at++;
    }
  }

  #statement(): VrlStatement {
    const { line } = this.#now;
    if (this.#isWord("if")) return this.#if();
    if (this.#isWord("abort")) {
      this.#at++;
      if (this.#now.kind === "string") this.#at++;
      return { kind: "abort", line };
    }
    const target = this.#expression();
    const error = this.#skip(",");
    if (error) this.#expression();
    for (const operator of ["=", "|=", "??="]) {
      if (!this.#skip(operator)) continue;
      if (operator === "??=") throw new Unread();
      this.#lines();
      const value = this.#expression();
      return { kind: "assign", line, target, error, merges: operator === "|=", value };
    }
    if (error) throw new Unread();
    return { kind: "expression", line, value: target };
  }

  #if(): VrlStatement {
    const { line } = this.#now;
    this.#at++;
    const condition = this.#expression();
    const body = this.#block();
    const back = this.#at;
    this.#lines();
    if (!this.#isWord("else")) {
      this.#at = back;
      return { kind: "if", line, condition, body, otherwise: undefined };
    }
    this.#at++;
    const otherwise = this.#isWord("if") ? [this.#if()] : this.#block();
    return { kind: "if", line, condition, body, otherwise };
  }

  #block(): readonly VrlStatement[] {
    if (++this.#depth > depthMax) throw new Unread();
    this.#need("{");
    const statements = this.statements(true);
    this.#need("}");
    this.#depth--;
    return statements;
  }

  #expression(power = 0): VrlExpression {
    if (++this.#depth > depthMax) throw new Unread();
    let left = this.#operand();
    for (;;) {
      const operator = this.#now.kind === "symbol" ? this.#now.text : "";
      const own = powers[operator];
      if (own === undefined || own <= power) break;
      this.#at++;
      this.#lines();
      left = { kind: "binary", operator, left, right: this.#expression(own) };
    }
    this.#depth--;
    return left;
  }

  #operand(): VrlExpression {
    const { kind, text } = this.#now;
    if (this.#skip("!")) return { kind: "not", of: this.#operand() };
    if (this.#skip("(")) {
      this.#lines();
      const inner = this.#expression();
      this.#lines();
      this.#need(")");
      return inner;
    }
    if (this.#skip("[")) return { kind: "list", items: this.#items("]", () => this.#expression()) };
    if (this.#skip("{"))
      return {
        kind: "object",
        entries: this.#items("}", (): readonly [string, VrlExpression] => {
          const key = this.#now;
          this.#at++;
          this.#need(":");
          return [key.text, this.#expression()];
        }),
      };
    if (kind === "symbol" || kind === "newline" || kind === "end") throw new Unread();
    this.#at++;
    if (kind === "field") return { kind: "field", path: text.replaceAll('"', "") };
    if (kind === "number") return { kind: "literal", value: Number(text) };
    if (kind === "string") return { kind: "literal", value: text };
    if (kind === "regex") return { kind: "regex", pattern: text };
    const words: Readonly<Record<string, boolean | null>> = {
      true: true,
      false: false,
      null: null,
    };
    if (Object.hasOwn(words, text)) return { kind: "literal", value: words[text] ?? null };
    return this.#call(text);
  }

  #call(name: string): VrlExpression {
    this.#skip("!");
    if (!this.#skip("(")) return { kind: "variable", name };
    const args = this.#items(")", (): VrlArgument => {
      const next = this.#tokens[this.#at + 1];
      const isNamed = this.#now.kind === "name" && next?.kind === "symbol" && next.text === ":";
      const argument = isNamed ? this.#now.text : undefined;
      if (isNamed) this.#at += 2;
      return { name: argument, value: this.#expression() };
    });
    return { kind: "call", name, args };
  }

  #items<Item>(end: string, read: () => Item): Item[] {
    const items: Item[] = [];
    for (this.#lines(); !this.#is(end); this.#lines()) {
      items.push(read());
      this.#lines();
      if (!this.#skip(",") && !this.#is(end)) throw new Unread();
    }
    this.#at++;
    return items;
  }
}

const powers: Readonly<Record<string, number>> = {
  "??": 1,
  "||": 2,
  "&&": 3,
  "==": 4,
  "!=": 4,
  "<": 5,
  "<=": 5,
  ">": 5,
  ">=": 5,
  "+": 6,
  "-": 6,
  "|": 6,
  "*": 7,
  "/": 7,
};
