// Hot: guarded by `bench receivers`, `bench adversary`.
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { BodyError, type TakeMemory } from "./body.ts";
import type { Steps } from "./decode_turns.ts";
import { JsonParts, takeJsonParts } from "./request_parts.ts";

/** Shorter texts are parsed in one step of up to ten milliseconds, which costs less; senders' batches are 1 MiB at most. */
const wholeBytesMax = 1024 ** 2;
/** Members of a large object or list are parsed together up to so many bytes. */
const chunkBytesMax = 128 * 1024;
/** Objects and lists in one another that are looked into; what is deeper is part of one chunk. */
const deepMax = 12;
/** So many blanks one after another are made one: the text of 32 MB of them takes 150 ms. */
const longBlanks = 256;
/** Looked at in one step. */
const scanBytes = 64 * 1024;

const [quote, backslash, comma, letterU] = [0x22, 0x5c, 0x2c, 0x75];
const [space, tab, newline, carriageReturn] = [0x20, 0x09, 0x0a, 0x0d];
const [openBrace, openBracket, closeBrace, closeBracket] = [0x7b, 0x5b, 0x7d, 0x5d];

type Options = {
  readonly take: TakeMemory;
  /** Bytes that are no UTF-8 are an error, or become U+FFFD. */
  readonly isFatal: boolean;
  /** A string of more bytes may be cut to so many or some more, each escape whole: for those who refuse it in any case. Only large texts have such. */
  readonly stringBytesMax?: number;
  readonly oneStepMax?: number;
  readonly chunkMax?: number;
  /** So many blanks one after another, 2 or more, are made one. */
  readonly blanksMin?: number;
};

/**
 * The value of a JSON text as JSON.parse() gives it, some members of large objects and lists a step. Counts what it becomes as
 * takeJsonParts() does, before it becomes that. Throws what both throw, and TypeError for bytes that are no UTF-8.
 */
export function* parseJsonSteps(body: Uint8Array, options: Options): Steps<JsonValue> {
  const { oneStepMax = wholeBytesMax, take, isFatal } = options;
  if (body.length <= oneStepMax) {
    takeJsonParts(body, take);
    yield;
    return JSON.parse(new TextDecoder("utf-8", { fatal: isFatal }).decode(body));
  }
  return yield* new LargeJson(body, options).parse();
}

/** An object or list whose end is still to come. */
class Open {
  isList = false;
  /** Of its bracket. */
  at = 0;
  /** Where the members begin that are still to be parsed. */
  from = 0;
  /** Undefined until the first of its members are parsed. */
  value: JsonValue[] | JsonObject | undefined;
  /** What stands before `from`: a comma, or a member that was parsed by itself. */
  isBehindComma = false;
  isBehindMember = false;

  begin(isList: boolean, at: number): void {
    this.isList = isList;
    this.at = at;
    this.from = at + 1;
    this.value = undefined;
    this.isBehindComma = false;
    this.isBehindMember = false;
  }
}

class LargeJson {
  readonly #body: Uint8Array;
  readonly #parts: JsonParts;
  readonly #chunkMax: number;
  readonly #decoder: TextDecoder;
  readonly #stringBytesMax: number;
  readonly #blanksMin: number;
  /** Where the string begins that is being looked at. */
  #stringAt = 0;
  /** What is left out of texts that are still to be made. */
  #cuts: { readonly start: number; end: number }[] = [];
  /** By depth; used again and again. */
  readonly #open: Open[] = [];
  #depth = 0;
  #isInString = false;
  #root: { readonly value: JsonValue; readonly end: number } | undefined;

  constructor(
    body: Uint8Array,
    {
      take,
      isFatal,
      chunkMax = chunkBytesMax,
      stringBytesMax = Infinity,
      blanksMin = longBlanks,
    }: Options,
  ) {
    // As a decoder of the whole does; within the text it is an error.
    const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
    this.#body = hasMark ? body.subarray(3) : body;
    this.#parts = new JsonParts(take);
    this.#chunkMax = chunkMax;
    this.#stringBytesMax = stringBytesMax;
    this.#blanksMin = blanksMin;
    this.#decoder = new TextDecoder("utf-8", { fatal: isFatal, ignoreBOM: true });
  }

  *parse(): Steps<JsonValue> {
    const { length } = this.#body;
    for (let at = 0; at < length;) {
      yield;
      at = this.#scan(at, Math.min(length, at + scanBytes));
    }
    yield;
    this.#parts.taken();
    if (this.#root === undefined) return this.#rootless();
    if (this.#isInString || !isBlank(this.#text(this.#root.end, length)))
      throw new SyntaxError("JSON Parse error: unexpected text behind the value");
    return this.#root.value;
  }

  /** A text without a whole object or list: one value, or a mistake. */
  #rootless(): JsonValue {
    const { length } = this.#body;
    if (this.#depth > 0 || this.#isInString)
      throw new SyntaxError("JSON Parse error: Unexpected EOF");
    const text = this.#cuts.reduce((left, { start, end }) => left - (end - start), length);
    if (text > wholeBytesMax) throw unexpected("a value that is no list or object");
    return JSON.parse(this.#text(0, length));
  }

  /** Looks at [from, to), or to the end of its chunk; gives where it stopped. */
  #scan(from: number, to: number): number {
    const body = this.#body;
    for (let at = from; at < to; at++) {
      if (this.#isInString) {
        at = endOfString(body, at, to);
        if (at >= to) return at;
        this.#isInString = false;
        if (at - this.#stringAt > this.#stringBytesMax) this.#cut(at);
        continue;
      }
      const byte = body[at];
      if (byte === quote) {
        this.#isInString = true;
        this.#stringAt = at + 1;
      } else if (byte === comma) {
        this.#parts.comma();
        if (this.#comma(at)) return at + 1;
      } else if (byte === openBrace || byte === openBracket) this.#begin(byte === openBracket, at);
      else if (byte === space || byte === tab || byte === newline || byte === carriageReturn)
        at = this.#blanks(at, to) - 1;
      else if (byte === closeBrace || byte === closeBracket) {
        if (this.#end(byte === closeBracket, at)) return at + 1;
      }
    }
    return to;
  }

  /** Goes over blanks within [at, to), and gives where they end. */
  #blanks(at: number, to: number): number {
    const body = this.#body;
    let end = at + 1;
    while (end < to && isBlankByte(body[end] ?? 0)) end++;
    if (end - at < this.#blanksMin) return end;
    // One is left: two members of nothing but blanks are still two.
    const [cut, start] = [this.#cuts.at(-1), at + 1];
    if (cut?.end === at) cut.end = end;
    else this.#cuts.push({ start, end });
    return end;
  }

  #begin(isList: boolean, at: number): void {
    const depth = this.#depth++;
    this.#parts.open(this.#depth);
    if (depth >= deepMax) return;
    let open = this.#open[depth];
    if (open === undefined) {
      open = new Open();
      this.#open[depth] = open;
    }
    open.begin(isList, at);
  }

  /** Parses the members before a comma where they are many bytes; whether it did. */
  #comma(at: number): boolean {
    const open = this.#depth > deepMax ? undefined : this.#open[this.#depth - 1];
    if (this.#depth === 0 || open === undefined || at - open.from < this.#chunkMax) return false;
    this.#addMembers(open, at, true);
    open.from = at + 1;
    open.isBehindComma = true;
    open.isBehindMember = false;
    return true;
  }

  /** Ends an object or list; whether something was parsed. */
  #end(isList: boolean, at: number): boolean {
    const depth = --this.#depth;
    if (depth < 0) throw unexpected(isList ? "]" : "}");
    if (depth >= deepMax) return false;
    const open = this.#open[depth];
    if (open === undefined || open.isList !== isList) throw unexpected(isList ? "]" : "}");
    // A small one is part of what is around it.
    if (open.value === undefined && (depth > 0 || this.#root !== undefined)) return false;
    if (this.#root !== undefined || (depth === 0 && !isBlank(this.#text(0, open.at))))
      throw unexpected(isList ? "[" : "{");
    this.#addMembers(open, at, false);
    const value = open.value ?? (isList ? [] : {});
    open.value = undefined;
    if (depth === 0) this.#root = { value, end: at + 1 };
    else this.#addMember(depth - 1, open.at, value, at + 1);
    return true;
  }

  /** Adds a member that was parsed by itself, and what stands before it. */
  #addMember(depth: number, at: number, value: JsonValue, end: number): void {
    const around = this.#open[depth];
    if (around === undefined) throw unexpected("a member");
    const before = this.#text(around.from, at);
    const members = around.isBehindMember ? behindComma(before) : before;
    if (around.isList) {
      const list = Array.isArray(around.value) ? around.value : [];
      // One null more stands for the member.
      const own: JsonValue = JSON.parse(`[${members}null]`);
      if (!Array.isArray(own)) throw unexpected("[");
      own[own.length - 1] = value;
      append(list, own);
      around.value = list;
    } else {
      const object = objectOf(around.value);
      const own = objectOf(JSON.parse(`{${members}${JSON.stringify(standIn)}}`));
      for (const [key, one] of Object.entries(own)) put(object, key, one === standIn ? value : one);
      around.value = object;
    }
    around.from = end;
    around.isBehindComma = false;
    around.isBehindMember = true;
  }

  /** Adds the members up to `end`: a comma, or the end of their object or list. */
  #addMembers(open: Open, end: number, isComma: boolean): void {
    let text = this.#text(open.from, end);
    if (open.isBehindMember) {
      if (isBlank(text)) return;
      text = behindComma(text);
    }
    const isEmpty = isBlank(text);
    if (isEmpty && (isComma || open.isBehindMember || open.isBehindComma))
      throw unexpected(isComma ? "," : "the end of a list or object");
    if (open.isList) {
      const list = Array.isArray(open.value) ? open.value : [];
      const own: JsonValue = isEmpty ? [] : JSON.parse(`[${text}]`);
      if (Array.isArray(own)) append(list, own);
      open.value = list;
    } else {
      const object = objectOf(open.value);
      const own = isEmpty ? {} : objectOf(JSON.parse(`{${text}}`));
      for (const [key, one] of Object.entries(own)) put(object, key, one);
      open.value = object;
    }
  }

  #text(from: number, to: number): string {
    this.#parts.taken();
    const { true: cuts = [], false: left = [] } = Object.groupBy(
      this.#cuts,
      ({ start }) => `${start >= from && start < to}` as const,
    );
    if (cuts.length === 0) return this.#decoder.decode(this.#body.subarray(from, to));
    this.#cuts = left;
    let text = "";
    let at = from;
    for (const { start, end } of cuts) {
      text += this.#decoder.decode(this.#body.subarray(at, start));
      at = end;
    }
    return text + this.#decoder.decode(this.#body.subarray(at, to));
  }

  /** Leaves out the end of the string whose other quote is at `end`. */
  #cut(end: number): void {
    const body = this.#body;
    let at = this.#stringAt;
    // An escape is a byte at least.
    for (let bytes = 0; bytes < this.#stringBytesMax && at < end; bytes++)
      if (body[at] !== backslash) at++;
      else at += body[at + 1] === letterU ? 6 : 2;
    // Not within a character of several bytes.
    while (at < end && ((body[at] ?? 0) & 0xc0) === 0x80) at++;
    if (at < end) this.#cuts.push({ start: at, end });
  }
}

/** Stands for a member that is parsed by itself; no sender knows it. */
const standIn = crypto.randomUUID();

/** Where the quote stands that ends a string, within [at, to); a place behind `to` where there is none. */
function endOfString(body: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const byte = body[at];
    if (byte === quote) return at;
    // The next byte is no quote that ends it, wherever that is.
    if (byte === backslash) at++;
    if (at + 1 >= to) return at + 1;
  }
  return to;
}

function behindComma(text: string): string {
  const start = text.search(/[^ \t\n\r]/);
  if (text[start] !== ",") throw unexpected(text.slice(start, start + 1));
  return text.slice(start + 1);
}

function isBlankByte(byte: number): boolean {
  return byte === space || byte === tab || byte === newline || byte === carriageReturn;
}

function isBlank(text: string): boolean {
  return !/[^ \t\n\r]/.test(text);
}

function append(list: JsonValue[], more: readonly JsonValue[]): void {
  for (const one of more) list.push(one);
}

/** An object, or an empty one. */
function objectOf(json: JsonValue | undefined): JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json : {};
}

/** Also of "__proto__", which is a key as every other. */
function put(object: JsonObject, key: string, value: JsonValue): void {
  if (key !== "__proto__") object[key] = value;
  else
    Object.defineProperty(object, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
}

function unexpected(what: string): SyntaxError {
  return new SyntaxError(`JSON Parse error: unexpected ${JSON.stringify(what)}`);
}

/** As parseJsonSteps(). Throws BodyError(400) for a text that is no JSON, whose message begins with `what`. */
export function* jsonBodySteps(body: Uint8Array, options: Options, what: string): Steps<JsonValue> {
  try {
    return yield* parseJsonSteps(body, options);
  } catch (cause) {
    if (cause instanceof OperatingError) throw cause;
    throw new BodyError(400, `${what}: ${messageOf(cause).slice(0, 200)}`, { cause });
  }
}
