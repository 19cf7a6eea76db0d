import { quoteCharacter, scanNumberOrDuration, scanString, type Scanned } from "./lex_literals.ts";

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
/** Inside brackets digits end a word. */
const letters = /[A-Za-z_]+/y;
const durationKeywords: ReadonlySet<string> = new Set(["step", "range", "min_of", "max_of"]);

const symbols = [
  "==",
  "!=",
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
const bracketSymbols = ["+", "-", "*", "/", "%", "^", ","];

type Scanner = {
  readonly query: string;
  readonly tokens: Token[];
  at: number;
  parens: number;
  /** Braces within brackets are read as braces. */
  inBraces: boolean;
  /** Brackets are read as a duration until their first number, and then like everything outside, but for words and colons. */
  inBrackets: boolean;
  hasNumber: boolean;
  hasColon: boolean;
};

/** Tokens up to the end or the first fault; the last one is "end" or "error". */
export function tokenize(query: string): Token[] {
  const scanner: Scanner = {
    query,
    tokens: [],
    at: 0,
    parens: 0,
    inBraces: false,
    inBrackets: false,
    hasNumber: false,
    hasColon: false,
  };
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

function faultAtEnd({ inBraces, inBrackets, hasNumber, parens }: Scanner): string | undefined {
  if (inBraces) return "unexpected end of input inside braces";
  if (inBrackets && !hasNumber) return "unexpected end of input in duration expression";
  if (parens !== 0) return "unclosed left parenthesis";
  return inBrackets ? "unclosed left bracket" : undefined;
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
  if (scanner.inBraces) return scanInBraces(scanner);
  if (scanner.inBrackets && !scanner.hasNumber) return scanDuration(scanner);
  return scanStatement(scanner);
}

/** What the literals' scanner found, as a token. */
function literal(scanner: Scanner, found: Scanned): boolean {
  const start = scanner.at;
  if (found.type === "error") return fail(scanner, start, found.message);
  scanner.at = found.end;
  push(scanner, found.type, start, scanner.query.slice(start, found.end));
  return true;
}

function scanSymbol(scanner: Scanner, among: readonly string[]): boolean {
  const start = scanner.at;
  const symbol = among.find((candidate) => scanner.query.startsWith(candidate, start));
  if (symbol === undefined) return false;
  scanner.at += symbol.length;
  push(scanner, "symbol", start, symbol);
  return true;
}

function single(scanner: Scanner): true {
  const start = scanner.at++;
  push(scanner, "symbol", start, scanner.query[start] ?? "");
  return true;
}

function unexpectedHere(scanner: Scanner, what: string, at = scanner.at): false {
  return fail(scanner, scanner.at, `${what} ${quoteCharacter(scanner.query, at)}`);
}

function isQuote(character: string): boolean {
  return character === '"' || character === "'" || character === "`";
}

/** Inside braces a word is always a label name. */
function scanInBraces(scanner: Scanner): boolean {
  const { query, at: start } = scanner;
  const character = query[start] ?? "";
  if (isQuote(character)) return literal(scanner, scanString(query, start));
  const name = match(scanner, labelWord);
  if (name !== "") {
    push(scanner, "identifier", start, name);
    return true;
  }
  if (character === "}") {
    scanner.inBraces = false;
    return single(scanner);
  }
  if (scanSymbol(scanner, braceSymbols)) return true;
  if (character === "{") return unexpectedHere(scanner, "unexpected left brace");
  if (character === "!")
    return unexpectedHere(scanner, "unexpected character after '!' inside braces:", start + 1);
  return unexpectedHere(scanner, "unexpected character inside braces:");
}

function isNumberStart({ query, at }: Scanner): boolean {
  return /^(?:[0-9]|\.[0-9])/.test(query.slice(at, at + 2));
}

/** The beginning of what stands in brackets. */
function scanDuration(scanner: Scanner): boolean {
  const { query, at: start } = scanner;
  const character = query[start] ?? "";
  if (character === "]") {
    scanner.inBrackets = false;
    return single(scanner);
  }
  if (character === "(" || character === ")") return scanParen(scanner, character);
  if (character === ":")
    return fail(scanner, start + 1, "unexpected colon before duration in duration expression");
  if (scanSymbol(scanner, bracketSymbols) || scanDurationKeyword(scanner)) return true;
  if (!isNumberStart(scanner))
    return unexpectedHere(scanner, "unexpected character in duration expression:");
  scanner.hasNumber = true;
  return literal(scanner, scanNumberOrDuration(query, start));
}

function scanDurationKeyword(scanner: Scanner): boolean {
  const start = scanner.at;
  const name = match(scanner, letters);
  if (durationKeywords.has(name.toLowerCase())) {
    push(scanner, "keyword", start, name);
    return true;
  }
  scanner.at = start;
  return false;
}

function scanParen(scanner: Scanner, character: string): boolean {
  scanner.parens += character === "(" ? 1 : -1;
  const start = scanner.at;
  // The parenthesis itself is told of where the next token would begin.
  if (scanner.parens < 0) return fail(scanner, start + 1, "unexpected right parenthesis ')'");
  return single(scanner);
}

function scanStatement(scanner: Scanner): boolean {
  const { query, at: start } = scanner;
  const character = query[start] ?? "";
  if (isQuote(character)) return literal(scanner, scanString(query, start));
  if (isNumberStart(scanner)) return literal(scanner, scanNumberOrDuration(query, start));
  if (/[A-Za-z_:]/.test(character)) {
    return scanner.inBrackets ? scanColonOrKeyword(scanner, character) : scanWord(scanner);
  }
  switch (character) {
    case "(":
    case ")":
      return scanParen(scanner, character);
    case "{":
      scanner.inBraces = true;
      return single(scanner);
    case "[":
      if (scanner.inBrackets) return unexpectedHere(scanner, "unexpected left bracket");
      Object.assign(scanner, { inBrackets: true, hasNumber: false, hasColon: false });
      return single(scanner);
    case "]":
      if (!scanner.inBrackets) return unexpectedHere(scanner, "unexpected right bracket");
      scanner.inBrackets = false;
      return single(scanner);
    default:
      return scanOperator(scanner, character);
  }
}

function scanOperator(scanner: Scanner, character: string): boolean {
  const start = scanner.at;
  if (character === "=" && scanner.query[start + 1] === "~")
    return unexpectedHere(scanner, "unexpected character after '=':", start + 1);
  if (scanSymbol(scanner, symbols)) return true;
  if (character === "!")
    return unexpectedHere(scanner, "unexpected character after '!':", start + 1);
  return unexpectedHere(scanner, "unexpected character:");
}

/** Behind the first number in brackets: a colon, once, or another part of the computation. */
function scanColonOrKeyword(scanner: Scanner, character: string): boolean {
  if (character === ":") {
    if (scanner.hasColon) return unexpectedHere(scanner, "unexpected colon");
    scanner.hasColon = true;
    return single(scanner);
  }
  if (scanDurationKeyword(scanner)) return true;
  const shown = quoteCharacter(scanner.query, scanner.at);
  return fail(scanner, scanner.at, `unexpected character: ${shown}, expected ':'`);
}

function scanWord(scanner: Scanner): boolean {
  const start = scanner.at;
  const name = match(scanner, word);
  const lower = name.toLowerCase();
  if (lower === "inf" || lower === "nan") push(scanner, "number", start, name);
  else if (keywords.has(lower)) push(scanner, "keyword", start, name);
  else push(scanner, "identifier", start, name);
  return true;
}
