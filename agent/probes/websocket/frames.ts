import { randomBytes } from "node:crypto";
import { OperatingError } from "#shared/errors.ts";
import type { ByteStream } from "../net/byte_stream.ts";

/** Longest message that is taken, all its frames together. */
const messageBytesMax = 1024 * 1024;
const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A frame of a client, masked as RFC 6455 (section 5.3) wants it. */
function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = 0x80 | length;
  else if (length < 65_536) {
    head[1] = 0x80 | 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  const mask = randomBytes(4);
  const masked = payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0));
  return Buffer.concat([head, mask, masked]);
}

export function sendText(stream: ByteStream, text: string): void {
  stream.write(encodeFrame(opcodes.text, Buffer.from(text)));
}

export function sendClose(stream: ByteStream): void {
  const normal = Buffer.alloc(2);
  normal.writeUInt16BE(1_000);
  stream.write(encodeFrame(opcodes.close, normal));
}

/** The next message of text or bytes; pings are answered on the way. Throws OperatingError. */
export async function readMessage(stream: ByteStream): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for (;;) {
    const { opcode, isLast, payload } = await readFrame(stream, messageBytesMax - length);
    switch (opcode) {
      case opcodes.ping:
        stream.write(encodeFrame(opcodes.pong, payload));
        continue;
      case opcodes.pong:
        continue;
      case opcodes.close:
        throw new OperatingError(
          "unavailable",
          `the server closed the WebSocket${reason(payload)}`,
        );
      case opcodes.continuation:
      case opcodes.text:
      case opcodes.binary:
        break;
      default:
        throw new OperatingError("corrupt", `a frame of the unknown kind ${opcode}`);
    }
    parts.push(payload);
    length += payload.length;
    if (isLast) return Buffer.concat(parts);
  }
}

async function readFrame(stream: ByteStream, bytesMax: number) {
  const head = await stream.bytes(2);
  const [first = 0, second = 0] = head;
  if ((second & 0x80) !== 0) throw new OperatingError("corrupt", "a frame that a server masked");
  const short = second & 0x7f;
  const length =
    short < 126
      ? short
      : short === 126
        ? (await stream.bytes(2)).readUInt16BE(0)
        : Number((await stream.bytes(8)).readBigUInt64BE(0));
  if (length > bytesMax)
    throw new OperatingError("corrupt", `a message of more than ${messageBytesMax} bytes`);
  return {
    opcode: first & 0xf,
    isLast: (first & 0x80) !== 0,
    payload: await stream.bytes(length),
  };
}

function reason(payload: Buffer): string {
  return payload.length < 2
    ? ""
    : ` with ${payload.readUInt16BE(0)} ${payload.toString("utf8", 2)}`.trimEnd();
}
