import { TemplateError, type TemplateToken, tokenizeTemplate } from "./lex.ts";
import type { Argument, Command, Operand, Pipeline, TemplateNode } from "./nodes.ts";

type Reader = {
  readonly tokens: readonly TemplateToken[];
  readonly functions: ReadonlySet<string>;
  at: number;
  depth: number;
  /** Ranges around, in which break and continue may stand. */
  ranges: number;
  /** Variables that are known here. */
  scope: string[];
  /** Where named templates go; undefined where there may be none. */
  readonly named: Map<string, readonly TemplateNode[]> | undefined;
};

const depthMax = 100;

/** Reads a template as Go's text/template does; `define`, `template` and `block` are refused. Throws TemplateError. */
export function parseTemplate(
  source: string,
  functions: ReadonlySet<string>,
): readonly TemplateNode[] {
  return parseAll(source, functions, undefined);
}

/** As parseTemplate(), and takes `define`, `template` and `block`: what is defined goes to `named`, over what was there before. */
export function parseNamedTemplates(
  source: string,
  functions: ReadonlySet<string>,
  named: Map<string, readonly TemplateNode[]>,
): readonly TemplateNode[] {
  return parseAll(source, functions, named);
}

function parseAll(
  source: string,
  functions: ReadonlySet<string>,
  named: Reader["named"],
): readonly TemplateNode[] {
  const tokens = tokenizeTemplate(source);
  const reader: Reader = { tokens, functions, at: 0, depth: 0, ranges: 0, scope: ["$"], named };
  const { nodes, end } = parseList(reader);
  if (end !== undefined) throw new TemplateError(`unexpected {{${end}}}`);
  return nodes;
}

function peek(reader: Reader): TemplateToken | undefined {
  return reader.tokens[reader.at];
}

function skipSpace(reader: Reader): boolean {
  if (peek(reader)?.kind !== "space") return false;
  reader.at++;
  return true;
}

function isSymbol(token: TemplateToken | undefined, text: string): boolean {
  return token?.kind === "symbol" && token.text === text;
}

type List = { readonly nodes: readonly TemplateNode[]; readonly end: "end" | "else" | undefined };

/** Nodes up to the end of the template or the `end` or `else` that closes them, which is taken up to its keyword. */
function parseList(reader: Reader): List {
  if (++reader.depth > depthMax) throw new TemplateError("exceeded maximum nesting depth");
  const scope = reader.scope.length;
  const nodes: TemplateNode[] = [];
  let end: List["end"];
  for (let token = peek(reader); token !== undefined; token = peek(reader)) {
    reader.at++;
    if (token.kind === "text") {
      nodes.push({ kind: "text", text: token.text });
      continue;
    }
    skipSpace(reader);
    const word = peek(reader);
    if (word?.kind === "word" && (word.text === "end" || word.text === "else")) {
      reader.at++;
      end = word.text;
      break;
    }
    const node = parseAction(reader);
    if (node !== undefined) nodes.push(node);
  }
  reader.depth--;
  reader.scope.length = scope;
  return { nodes, end };
}

/** undefined for a definition. */
function parseAction(reader: Reader): TemplateNode | undefined {
  const word = peek(reader);
  if (word?.kind === "word") {
    const { text } = word;
    if (text === "if" || text === "with" || text === "range") {
      reader.at++;
      return parseControl(reader, text);
    }
    if (text === "break" || text === "continue") {
      reader.at++;
      if (reader.ranges === 0) throw new TemplateError(`{{${text}}} outside {{range}}`);
      close(reader);
      return { kind: text };
    }
    if (text === "define" || text === "template" || text === "block") {
      if (reader.named === undefined) throw new TemplateError(`{{${text}}} is not allowed`);
      reader.at++;
      return parseNamed(reader, text, reader.named);
    }
  }
  const pipeline = parsePipeline(reader, wordsOf(word));
  close(reader);
  return { kind: "action", pipeline };
}

function parseNamed(
  reader: Reader,
  kind: "define" | "template" | "block",
  named: Map<string, readonly TemplateNode[]>,
): TemplateNode | undefined {
  skipSpace(reader);
  const token = peek(reader);
  if (token?.kind !== "string")
    throw new TemplateError(`unexpected ${JSON.stringify(wordsOf(token))} in ${kind} clause`);
  const name = token.text;
  reader.at++;
  if (kind === "define" && reader.depth > 1) throw new TemplateError("unexpected {{define}}");
  skipSpace(reader);
  const isBare = peek(reader)?.kind === "close";
  if (kind === "block" && isBare) throw new TemplateError("missing value for block clause");
  const pipeline = kind === "define" || isBare ? undefined : parsePipeline(reader, kind);
  close(reader);
  if (kind !== "template") {
    const { scope, ranges } = reader;
    reader.scope = ["$"];
    reader.ranges = 0;
    const { nodes, end } = parseList(reader);
    if (end !== "end")
      throw new TemplateError(end === undefined ? "unexpected EOF" : `unexpected {{${end}}}`);
    close(reader);
    reader.scope = scope;
    reader.ranges = ranges;
    // An empty definition does not replace one that is there.
    const isEmpty = nodes.every((node) => node.kind === "text" && node.text.trim() === "");
    if (!isEmpty || !named.has(name)) named.set(name, nodes);
  }
  return kind === "define" ? undefined : { kind: "template", name, pipeline };
}

function wordsOf(token: TemplateToken | undefined): string {
  return token?.text ?? "";
}

function close(reader: Reader): void {
  skipSpace(reader);
  const token = peek(reader);
  if (token?.kind !== "close")
    throw new TemplateError(`unexpected ${JSON.stringify(wordsOf(token))} in command`);
  reader.at++;
}

function parseControl(reader: Reader, kind: "if" | "with" | "range"): TemplateNode {
  const scope = reader.scope.length;
  const pipeline = parsePipeline(reader, kind);
  close(reader);
  if (kind === "range") reader.ranges++;
  const { nodes: body, end } = parseList(reader);
  if (kind === "range") reader.ranges--;
  const otherwise = parseElse(reader, kind, end);
  reader.scope.length = scope;
  return { kind, pipeline, body, otherwise };
}

function parseElse(
  reader: Reader,
  kind: "if" | "with" | "range",
  end: List["end"],
): readonly TemplateNode[] {
  if (end === undefined) throw new TemplateError("unexpected EOF");
  skipSpace(reader);
  if (end === "end") {
    close(reader);
    return [];
  }
  const next = peek(reader);
  if (next?.kind === "word" && next.text === kind && kind !== "range") {
    // `else if` and `else with` share the end of the whole.
    reader.at++;
    if (++reader.depth > depthMax) throw new TemplateError("exceeded maximum nesting depth");
    const node = parseControl(reader, kind);
    reader.depth--;
    return [node];
  }
  close(reader);
  const { nodes, end: last } = parseList(reader);
  if (last === undefined) throw new TemplateError("unexpected EOF");
  if (last === "else") throw new TemplateError("expected end; found {{else}}");
  close(reader);
  return nodes;
}

function parsePipeline(reader: Reader, context: string): Pipeline {
  skipSpace(reader);
  const { variables, declares } = parseVariables(reader, context);
  const commands: Command[] = [];
  while (true) {
    commands.push(parseCommand(reader));
    skipSpace(reader);
    if (!isSymbol(peek(reader), "|")) break;
    reader.at++;
  }
  for (const [i, { args }] of commands.entries()) {
    const kind = args[0]?.operand.kind;
    if (kind === undefined) throw new TemplateError(`missing value for ${context}`);
    if (i > 0 && kind === "literal")
      throw new TemplateError(`non executable command in pipeline stage ${i + 1}`);
  }
  if (declares) reader.scope.push(...variables);
  return { commands, variables, declares };
}

function parseVariables(reader: Reader, context: string) {
  const start = reader.at;
  const variables: string[] = [];
  while (peek(reader)?.kind === "variable") {
    variables.push(wordsOf(peek(reader)));
    reader.at++;
    skipSpace(reader);
    if (!(context === "range" && variables.length === 1 && isSymbol(peek(reader), ","))) break;
    reader.at++;
    skipSpace(reader);
  }
  const op = peek(reader);
  if (variables.length > 0 && (isSymbol(op, ":=") || isSymbol(op, "="))) {
    reader.at++;
    const declares = wordsOf(op) === ":=";
    for (const name of variables)
      if (!declares && !reader.scope.includes(name))
        throw new TemplateError(`undefined variable ${JSON.stringify(name)}`);
    return { variables, declares };
  }
  reader.at = start;
  return { variables: [], declares: false };
}

function parseCommand(reader: Reader): Command {
  const args: Argument[] = [];
  skipSpace(reader);
  const at = peek(reader)?.at ?? 0;
  while (true) {
    const operand = parseOperand(reader);
    if (operand === undefined) break;
    args.push(operand);
    if (!skipSpace(reader)) break;
  }
  return { args, at };
}

function parseOperand(reader: Reader): Argument | undefined {
  const token = peek(reader);
  if (token === undefined) throw new TemplateError("unclosed action");
  const operand = operandOf(reader, token);
  if (operand === undefined) return undefined;
  const fields: string[] = [];
  if (token.kind === "field") fields.push(token.text.slice(1));
  for (let next = peek(reader); next?.kind === "field"; next = peek(reader)) {
    if (operand.kind === "literal")
      throw new TemplateError(`unexpected . after term ${token.text}`);
    fields.push(next.text.slice(1));
    reader.at++;
  }
  return { operand, fields };
}

function operandOf(reader: Reader, token: TemplateToken): Operand | undefined {
  if (isSymbol(token, "(")) {
    reader.at++;
    if (++reader.depth > depthMax) throw new TemplateError("exceeded maximum nesting depth");
    const pipeline = parsePipeline(reader, "parenthesized pipeline");
    reader.depth--;
    skipSpace(reader);
    if (!isSymbol(peek(reader), ")")) throw new TemplateError("unclosed left paren");
    reader.at++;
    return { kind: "pipeline", pipeline };
  }
  if (token.kind === "field" || isSymbol(token, ".")) {
    reader.at++;
    return { kind: "dot" };
  }
  if (token.kind === "string" || token.kind === "number") {
    reader.at++;
    return { kind: "literal", value: token.kind === "string" ? token.text : numberOf(token.text) };
  }
  if (token.kind === "variable") {
    reader.at++;
    if (!reader.scope.includes(token.text))
      throw new TemplateError(`undefined variable ${JSON.stringify(token.text)}`);
    return { kind: "variable", name: token.text };
  }
  if (token.kind !== "word") return undefined;
  reader.at++;
  return wordOf(reader, token.text);
}

function wordOf(reader: Reader, word: string): Operand {
  if (word === "true" || word === "false") return { kind: "literal", value: word === "true" };
  if (word === "nil") return { kind: "literal", value: undefined };
  if (reader.functions.has(word)) return { kind: "function", name: word };
  throw new TemplateError(`function ${JSON.stringify(word)} not defined`);
}

function numberOf(written: string): number | bigint {
  const plain = written.replaceAll("_", "");
  const unsigned = plain.replace(/^[+-]/, "");
  if (/^(?:0[xXbBoO][0-9a-fA-F]+|\d+)$/.test(unsigned)) {
    const value = BigInt(unsigned);
    return plain.startsWith("-") ? -value : value;
  }
  return Number(plain);
}
