import { OperatingError } from "#shared/errors.ts";
import type { Conversation } from "../connections/conversation.ts";

/** Of FastCGI 1.0 (fastcgi-archives.github.io/FastCGI_Specification.html). */
const types = { begin: 1, end: 3, params: 4, stdin: 5, stdout: 6, stderr: 7 } as const;
const typeMax = 11;
const requestId = 1;
const headerBytes = 8;
/** Of a name's value: so short that every byte of a request is below 128, and it may travel as text. */
const valueBytesMax = 100;
/** The list of a pool's processes takes some 400 bytes of each. */
const answerBytesMax = 8 * 1_024 * 1_024;

/**
 * A GET of a responder that closes the connection behind its answer. Values are of ASCII, below 100 bytes. Each stands in a record of its own:
 * PHP does not join one that goes on in the next record.
 */
export function fastCgiGet(scriptName: string, query: string): Uint8Array {
  const params = {
    SCRIPT_NAME: scriptName,
    SCRIPT_FILENAME: scriptName,
    REQUEST_METHOD: "GET",
    QUERY_STRING: query,
    SERVER_PROTOCOL: "HTTP/1.1",
    REMOTE_ADDR: "127.0.0.1",
  };
  const records = Object.entries(params).map(([name, value]) => {
    const lengths = Buffer.of(name.length, checkedLength(value));
    return record(types.params, Buffer.concat([lengths, Buffer.from(name + value)]));
  });
  return Buffer.concat([
    record(types.begin, Buffer.of(0, 1, 0, 0, 0, 0, 0, 0)),
    ...records,
    record(types.params, Buffer.alloc(0)),
    record(types.stdin, Buffer.alloc(0)),
  ]);
}

function checkedLength(value: string): number {
  if (value.length <= valueBytesMax && /^[\x20-\x7e]*$/.test(value)) return value.length;
  throw new OperatingError(
    "bad_request",
    `"${value.slice(0, 40)}": expected up to ${valueBytesMax} ASCII letters`,
  );
}

function record(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(1, type, 0, requestId, 0, content.length, 0, 0), content]);
}

/**
 * The answer's body, which came with status 200. Throws OperatingError: "not_found" and "unavailable" for another status, "corrupt" for what is not
 * FastCGI or has no end.
 */
export async function fastCgiBody(talk: Conversation): Promise<string> {
  const output: Buffer[] = [];
  let length = 0;
  let complaint = "";
  for (;;) {
    const header = await talk.bytes(headerBytes);
    const type = header.readUInt8(1);
    if (header.readUInt8(0) !== 1 || type < types.end || type > typeMax)
      throw new OperatingError("corrupt", "the answer is not FastCGI");
    const contentLength = header.readUInt16BE(4);
    const content = (await talk.bytes(contentLength + header.readUInt8(6))).subarray(
      0,
      contentLength,
    );
    if (type === types.end) break;
    if (type === types.stdout) output.push(content);
    if (type === types.stderr && complaint === "") complaint = content.toString().slice(0, 200);
    length += contentLength;
    if (length > answerBytesMax)
      throw new OperatingError("corrupt", "an answer of more than 8 MiB");
  }
  const text = Buffer.concat(output).toString("utf8");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) throw new OperatingError("corrupt", complaint.trim() || "an answer without headers");
  const status = /^Status: (\d{3}[^\r\n]*)/im.exec(text.slice(0, end))?.[1] ?? "200";
  if (!status.startsWith("200"))
    throw new OperatingError(
      status.startsWith("404") ? "not_found" : "unavailable",
      `answered with ${status}`,
    );
  return text.slice(end + 4);
}
