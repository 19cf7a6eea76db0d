import { quote } from "./errors.ts";

/**
 * Cuts a query into tokens as Prometheus's scanner does. Braces, brackets and the rest are three small languages: inside
 * braces a word is always a label name, inside brackets only durations and their arithmetic may stand. A fault becomes an
 * "error" token whose text is the message, so that it is only raised when the parser gets that far.
 */
export type Token = {
  readonly type:
    | "end"
    | "error"
    | "identifier"
    | "keyword"
    | "string"
    | "number"
    | "duration"
    | "symbol";
  /** As written; keywords in lower case. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
};

/** Words with a meaning; where the grammar allows, they are names all the same. */
const keywords: ReadonlySet<string> = new Set(
  (
    "and or unless atan2 sum avg count min max group stddev stdvar topk bottomk count_values quantile limitk limit_ratio " +
    "offset smoothed anchored by without on ignoring group_left group_right fill fill_left fill_right bool start end step range max_of min_of"
  ).split(" "),
);

const space = /(?:[ \t\n\r]+|#[^\n]*)+/y;
const word = /[A-Za-z_:][A-Za-z0-9_:]*/y;
const labelWord = /[A-Za-z_][A-Za-z0-9_]*/y;
const durationShape = /(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?/y;
const numberShape = /0[xX][0-9a-fA-F_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y;
const alphanumeric = /[A-Za-z0-9_]/;

const symbols = [
  "==",
  "=~",
  "!=",
  "!~",
  "<=",
  ">=",
  "</",
  ">/",
  "=",
  "<",
  ">",
  "+",
  "-",
  "*",
  "/",
  "%",
  "^",
  "@",
  ",",
];
const braceSymbols = ["=~", "!~", "!=", "=", ","];
const bracketSymbols = ["+", "-", "*", "/", "%", "^", ",", ":"];

type Scanner = {
  readonly query: string;
  readonly tokens: Token[];
  at: number;
  parens: number;
  mode: "outside" | "braces" | "brackets";
};

/** Tokens up to the end or the first fault; the last one is "end" or "error". */
export function tokenize(query: string): Token[] {
  const scanner: Scanner = { query, tokens: [], at: 0, parens: 0, mode: "outside" };
  while (true) {
    match(scanner, space);
    if (scanner.at >= query.length) {
      const fault = faultAtEnd(scanner);
      push(scanner, fault === undefined ? "end" : "error", scanner.at, fault ?? "");
      return scanner.tokens;
    }
    if (!scanToken(scanner)) return scanner.tokens;
  }
}

function faultAtEnd({ mode, parens }: Scanner): string | undefined {
  if (mode === "braces") return "unexpected end of input inside braces";
  if (mode === "brackets") return "unexpected end of input in duration expression";
  return parens > 0 ? "unclosed left parenthesis" : undefined;
}

function match(scanner: Scanner, shape: RegExp): string {
  shape.lastIndex = scanner.at;
  const text = shape.exec(scanner.query)?.[0] ?? "";
  scanner.at += text.length;
  return text;
}

function push(scanner: Scanner, type: Token["type"], start: number, text: string): void {
  scanner.tokens.push({ type, text, start, end: scanner.at });
}

function fail(scanner: Scanner, start: number, message: string): false {
  push(scanner, "error", start, message);
  return false;
}

function scanToken(scanner: Scanner): boolean {
  const start = scanner.at;
  const character = scanner.query[start] ?? "";
  if (character === '"' || character === "'" || character === "`")
    return scanString(scanner, character);
  const name = match(scanner, scanner.mode === "outside" ? word : labelWord);
  if (name !== "" && name !== ":") return scanWord(scanner, start, name);
  scanner.at = start;
  if (scanner.mode === "braces") return scanInBraces(scanner, character);
  if (
    /[0-9]/.test(character) ||
    (character === "." && /[0-9]/.test(scanner.query[start + 1] ?? ""))
  ) {
    return scanNumber(scanner);
  }
  if (scanner.mode === "brackets") return scanInBrackets(scanner, character);
  return scanOutside(scanner, character);
}

function scanWord(scanner: Scanner, start: number, name: string): boolean {
  const lower = name.toLowerCase();
  if (scanner.mode === "braces") push(scanner, "identifier", start, name);
  else if (lower === "inf" || lower === "nan") push(scanner, "number", start, name);
  else if (keywords.has(lower)) push(scanner, "keyword", start, name);
  else push(scanner, "identifier", start, name);
  return true;
}

function scanString(scanner: Scanner, delimiter: string): boolean {
  const start = scanner.at;
  const { query } = scanner;
  let at = start + 1;
  while (at < query.length && query[at] !== delimiter) {
    if (delimiter !== "`" && query[at] === "\n") break;
    at += delimiter !== "`" && query[at] === "\\" ? 2 : 1;
  }
  if (query[at] !== delimiter) {
    return fail(
      scanner,
      start,
      delimiter === "`" ? "unterminated raw string" : "unterminated quoted string",
    );
  }
  scanner.at = at + 1;
  push(scanner, "string", start, query.slice(start, scanner.at));
  return true;
}

function scanNumber(scanner: Scanner): boolean {
  const start = scanner.at;
  const ended = () => !alphanumeric.test(scanner.query[scanner.at] ?? "");
  const duration = match(scanner, durationShape);
  if (duration !== "" && ended()) {
    push(scanner, "duration", start, duration);
    return true;
  }
  scanner.at = start;
  const number = match(scanner, numberShape);
  if (number !== "" && ended()) {
    push(scanner, "number", start, number);
    return true;
  }
  while (!ended()) scanner.at++;
  return fail(
    scanner,
    start,
    `bad number or duration syntax: ${quote(scanner.query.slice(start, scanner.at))}`,
  );
}

function scanSymbol(scanner: Scanner, among: readonly string[]): boolean {
  const start = scanner.at;
  const symbol = among.find((candidate) => scanner.query.startsWith(candidate, start));
  if (symbol === undefined) return false;
  scanner.at += symbol.length;
  push(scanner, "symbol", start, symbol);
  return true;
}

function single(scanner: Scanner, character: string): true {
  scanner.at++;
  push(scanner, "symbol", scanner.at - 1, character);
  return true;
}

function scanInBraces(scanner: Scanner, character: string): boolean {
  const start = scanner.at;
  if (character === "}") {
    scanner.mode = "outside";
    return single(scanner, character);
  }
  if (scanSymbol(scanner, braceSymbols)) return true;
  if (character === "{") return fail(scanner, start, "unexpected left brace '{'");
  if (character === "!") {
    const next = scanner.query[start + 1] ?? "";
    return fail(scanner, start, `unexpected character after '!' inside braces: '${next}'`);
  }
  return fail(scanner, start, `unexpected character inside braces: '${character}'`);
}

function scanInBrackets(scanner: Scanner, character: string): boolean {
  const start = scanner.at;
  if (character === "]") {
    scanner.mode = "outside";
    return single(scanner, character);
  }
  if (character === "(" || character === ")" || scanSymbol(scanner, bracketSymbols)) {
    return character === "(" || character === ")" ? single(scanner, character) : true;
  }
  return fail(scanner, start, `unexpected character in duration expression: '${character}'`);
}

function scanOutside(scanner: Scanner, character: string): boolean {
  const start = scanner.at;
  switch (character) {
    case "(":
      scanner.parens++;
      return single(scanner, character);
    case ")":
      if (scanner.parens === 0) return fail(scanner, start, "unexpected right parenthesis ')'");
      scanner.parens--;
      return single(scanner, character);
    case "{":
      scanner.mode = "braces";
      return single(scanner, character);
    case "[":
      scanner.mode = "brackets";
      return single(scanner, character);
    case "]":
      return fail(scanner, start, "unexpected right bracket ']'");
    default:
      if (scanSymbol(scanner, symbols)) return true;
      if (character === "!") {
        return fail(
          scanner,
          start,
          `unexpected character after '!': '${scanner.query[start + 1] ?? ""}'`,
        );
      }
      return fail(scanner, start, `unexpected character: '${character}'`);
  }
}
