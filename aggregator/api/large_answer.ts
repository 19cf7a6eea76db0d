import { currentShare } from "#aggregator/read/memory/query_memory.ts";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";

/** Characters of an answer that is made and sent in one go. */
export const wholeMax = 4_000_000;
/** Seconds after which a client that was refused for others' queries may ask again. */
export const retryAfter = "5";
/** Characters that are put together before they become bytes. */
const joinedMin = 65_536;

/** The texts joined to larger ones, with pauses. */
export async function joinInTurns(pieces: Iterable<string>): Promise<string[]> {
  const share = currentShare();
  const joined: string[] = [];
  let some: string[] = [];
  let length = 0;
  for (const piece of pieces) {
    some.push(piece);
    length += piece.length;
    if (length >= joinedMin) {
      joined.push(some.join(""));
      share?.hold(length);
      some = [];
      length = 0;
      await share?.room();
    }
    // After each piece: one takes ten times as long before the code that makes it is compiled.
    if (isTurnOver()) await nextTurn();
  }
  joined.push(some.join(""));
  return joined;
}

/** Characters of all texts together. */
export function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}

/** A client that reads nothing of its answer for so long is given up: others wait for the memory. */
const unreadMaxMs = 30_000;

/** JSON of many megabytes: its bytes are made as they are sent. */
export function streamed(texts: readonly string[], unreadMs = unreadMaxMs): Response {
  const left = texts.values();
  const next = () => {
    const { value, done } = left.next();
    return done === true ? undefined : Buffer.from(value);
  };
  const body = pulledBody(next, currentShare()?.send(), unreadMs);
  return new Response(body, { headers: { "content-type": "application/json" } });
}

type Part = Uint8Array | undefined;

/** A body whose parts are made as its client reads them. `end` is called once, when all is sent or the client is gone. */
export function pulledBody(
  next: () => Part | Promise<Part>,
  end: (() => void) | undefined,
  unreadMs = unreadMaxMs,
): ReadableStream<Uint8Array> {
  let unread: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const over = (): void => {
    clearTimeout(unread);
    if (!isOver) end?.();
    isOver = true;
  };
  return new ReadableStream({
    pull: async (controller) => {
      clearTimeout(unread);
      const part = await next();
      // Its client left while it was made.
      if (isOver) return;
      if (part === undefined) {
        controller.close();
        return over();
      }
      controller.enqueue(part);
      unread = setTimeout(() => {
        controller.error(new Error(`the client has read nothing for ${unreadMs} ms`));
        over();
      }, unreadMs);
    },
    cancel: over,
  });
}

/** Elements of an array in one piece of text. */
const elementsAtOnce = 50;

/** JSON.stringify() of plain values, in pieces of a few elements of their arrays each. */
export function* jsonPieces(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    yield "[";
    if (value.length > elementsAtOnce && value.every(isSmall)) {
      for (let from = 0; from < value.length; from += elementsAtOnce) {
        const text = JSON.stringify(value.slice(from, from + elementsAtOnce));
        yield `${from === 0 ? "" : ","}${text.slice(1, -1)}`;
      }
    } else {
      for (const [i, element] of value.entries()) {
        if (i > 0) yield ",";
        yield* jsonPieces(element);
      }
    }
    yield "]";
    return;
  }
  if (typeof value !== "object" || value === null) {
    yield JSON.stringify(value) ?? "null";
    return;
  }
  let open = "{";
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    yield `${open}${JSON.stringify(key)}:`;
    open = ",";
    if (isSmall(member)) yield JSON.stringify(member);
    else yield* jsonPieces(member);
  }
  yield open === "{" ? "{}" : "}";
}

/** Values within a value that is made into text in one go. */
const smallMax = 100;

function isSmall(value: unknown): boolean {
  return leftAfter(value, smallMax) >= 0;
}

/** How many of `left` values are left when all within this one are counted; below zero where there are more. */
function leftAfter(value: unknown, left: number): number {
  if (typeof value !== "object" || value === null) return left - 1;
  const members: unknown[] = Array.isArray(value) ? value : Object.values(value);
  if (members.length > left) return -1;
  let rest = left - 1;
  for (const member of members) {
    if (rest < 0) break;
    rest = leftAfter(member, rest);
  }
  return rest;
}
