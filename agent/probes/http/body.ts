import { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflateRaw } from "node:zlib";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Deadline } from "../net/deadline.ts";
import { nextTurn } from "#shared/async/turns.ts";
import type { LinearRegex } from "#shared/text/linear_regex.ts";
import { RegexAutomaton, notText } from "#shared/text/regex_automaton.ts";
import { RegexProgram } from "#shared/text/regex_program.ts";

/** A body that is looked into is held up to here; a longer one fails the probe. */
const keptBodyBytesMax = 16 * 1024 * 1024;
/** Larger bodies are not given to the engine that takes microseconds a byte. */
const slowSearchBytesMax = 1024 * 1024;
const sliceBytes = 256 * 1024;
const automata = new WeakMap<LinearRegex, RegexAutomaton>();

/** Unpacks what is announced by the configuration, whatever the server says. */
export function unpacked(
  body: AsyncGenerator<Uint8Array>,
  compression: string,
): AsyncIterable<Uint8Array> {
  const unzip =
    compression === "gzip"
      ? createGunzip()
      : compression === "br"
        ? createBrotliDecompress()
        : compression === "deflate"
          ? createInflateRaw()
          : undefined;
  if (unzip === undefined) return body;
  const packed = Readable.from(body, { objectMode: false });
  packed.on("error", (thrown) => unzip.destroy(thrown));
  return failing(packed.pipe(unzip), compression);
}

async function* failing(
  stream: AsyncIterable<Uint8Array>,
  compression: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (thrown) {
    if (thrown instanceof OperatingError) throw thrown;
    throw new OperatingError("corrupt", `${compression}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

export type ReadBody = {
  /** Bytes that were read. */
  readonly length: number;
  /** All of it, where it was to be kept. */
  readonly kept: Buffer;
  /** Why it was not read to its end. */
  readonly error: string | undefined;
};

/** Reads a body to its end or its limit (bytes; 0 is none). Keeps it only where it is looked into. */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  limitBytes: number,
  isKept: boolean,
  deadline: Deadline,
): Promise<ReadBody> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const result = (error?: string): ReadBody => ({ length, kept: Buffer.concat(chunks), error });
  try {
    for await (const chunk of body) {
      // What is packed well goes on long after the connection has ended.
      if (deadline.signal.aborted) return result(deadline.error.message);
      const isOver = limitBytes > 0 && length + chunk.length > limitBytes;
      const taken = isOver ? chunk.subarray(0, limitBytes - length) : chunk;
      length += taken.length;
      if (isKept && length > keptBodyBytesMax) {
        chunks.length = 0;
        return result(
          `the body is larger than ${keptBodyBytesMax} bytes, too large to be searched`,
        );
      }
      if (isKept) chunks.push(taken);
      if (isOver) return result(`the body is larger than body_size_limit, ${limitBytes} bytes`);
    }
    return result();
  } catch (thrown) {
    return result(messageOf(thrown));
  }
}

/**
 * Whether the expression matches anywhere in a body, in time linear in its length and with pauses for everything else. Bytes that are no
 * UTF-8, and expressions of too many states, go to an engine that is slower by far. Throws OperatingError where that would take too long.
 */
export async function matchesBody(regex: LinearRegex, body: Buffer): Promise<boolean> {
  const automaton = automatonOf(regex);
  if (automaton !== undefined) {
    let state = automaton.start;
    let at = 0;
    while (at < body.length && state !== notText && !automaton.hasFailed) {
      const end = wholeCharacters(body, Math.min(at + sliceBytes, body.length));
      state = automaton.run(state, body, at, end);
      at = end;
      if (at < body.length) await nextTurn();
    }
    if (state !== notText && !automaton.hasFailed) {
      const isMatch = automaton.isMatchAtEnd(state);
      if (isMatch || !automaton.hasFailed) return isMatch;
    }
  }
  if (body.length > slowSearchBytesMax)
    throw new OperatingError(
      "overloaded",
      `the body is too large (${body.length} bytes) to be searched for "${regex.source}"`,
    );
  return regex.test(body.toString("utf8"));
}

/** Kept as long as its expression is, so that a probe that comes again finds its states. */
function automatonOf(regex: LinearRegex): RegexAutomaton | undefined {
  let automaton = automata.get(regex);
  if (automaton === undefined) {
    const program = RegexProgram.of(regex.source);
    automaton = program && new RegexAutomaton(program);
    if (automaton !== undefined) automata.set(regex, automaton);
  }
  return automaton;
}

/** The end moved back to where no character is cut. */
function wholeCharacters(body: Buffer, end: number): number {
  if (end >= body.length) return body.length;
  let at = end;
  while (at > end - 4 && at > 0 && ((body[at] ?? 0) & 0xc0) === 0x80) at--;
  return at;
}
