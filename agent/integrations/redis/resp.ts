import { OperatingError } from "#shared/errors.ts";
import type { Conversation } from "../connections/conversation.ts";

/** An answer of RESP 2: a line or bulk string, an integer, nothing, or a list of answers. */
export type Reply = string | number | null | readonly Reply[];

const depthMax = 8;

/** Appends `words` as one command; more than one may be sent before the first answer is read. */
export function sendCommand(talk: Conversation, ...words: readonly string[]): void {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  talk.send(`*${words.length}\r\n${parts.join("")}`);
}

/** The next answer. Throws RedisError for one that is an error, OperatingError "corrupt" for what is no RESP. */
export async function readReply(talk: Conversation, depth = 0): Promise<Reply> {
  const line = await talk.line();
  const rest = line.slice(1);
  switch (line[0]) {
    case "+":
      return rest;
    case "-":
      throw new RedisError(rest);
    case ":":
      return Number(rest);
    case "$": {
      const size = lengthOf(line);
      if (size < 0) return null;
      const bytes = await talk.bytes(size + 2);
      return bytes.toString("utf8", 0, size);
    }
    case "*": {
      const count = lengthOf(line);
      if (count < 0) return null;
      if (depth === depthMax) throw noResp(line);
      const list: Reply[] = [];
      for (let i = 0; i < count; i++) list.push(await elementOf(talk, depth + 1));
      return list;
    }
    default:
      throw noResp(line);
  }
}

/** An error within a list is one of its answers, so that the rest of the list is still read. */
async function elementOf(talk: Conversation, depth: number): Promise<Reply> {
  try {
    return await readReply(talk, depth);
  } catch (thrown) {
    if (thrown instanceof RedisError) return thrown.message;
    throw thrown;
  }
}

function lengthOf(line: string): number {
  const length = Number(line.slice(1));
  if (!Number.isInteger(length)) throw noResp(line);
  return length;
}

function noResp(line: string): OperatingError {
  return new OperatingError(
    "corrupt",
    `answered with ${JSON.stringify(line.slice(0, 80))}, which is not Redis's protocol`,
  );
}

/** What the server refused, in its words: "NOAUTH Authentication required.". */
export class RedisError extends OperatingError {
  constructor(message: string) {
    super("bad_request", message.slice(0, 200));
  }
}

/** A list of names and values by turns, as CONFIG GET and SENTINEL give it. */
export function pairsOf(reply: Reply): Map<string, string> {
  const pairs = new Map<string, string>();
  if (!Array.isArray(reply)) return pairs;
  const list: readonly Reply[] = reply;
  for (let i = 0; i + 1 < list.length; i += 2) pairs.set(String(list[i]), String(list[i + 1]));
  return pairs;
}

export function listOf(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}
