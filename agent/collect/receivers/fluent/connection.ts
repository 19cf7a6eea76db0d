import type { Socket } from "node:net";
import { encode } from "@msgpack/msgpack";
import { OperatingError } from "#shared/errors.ts";
import { ByteQueue } from "../transport/byte_queue.ts";
import type { ReceiverContext } from "../receiver.ts";
import { ConnectionFault, refuseHttp } from "../transport/stream_server.ts";
import { decodeValue } from "./forward_message.ts";
import { type Credentials, Handshake } from "./handshake.ts";
import { MessageScanner, partsOf } from "./message_scanner.ts";

/** A sender that says nothing in the handshake is cut off. */
const handshakeMs = 10_000;
/** A PING is a few hundred bytes. */
const pingBytesMax = 8_192;
const pingPartsMax = 16;
const nil = 0xc0;

/** Takes a message; gives the chunk that is to be acknowledged, once the spool has it. The bytes hold until it resolves. */
export type TakeMessage = (message: Uint8Array) => Promise<string | undefined>;

/** Reads one connection: the handshake where credentials are asked for, then message by message. Throws ConnectionFault. */
export async function serveForward(
  socket: Socket,
  options: {
    readonly context: Pick<ReceiverContext, "memory">;
    readonly credentials: Credentials | undefined;
    readonly messageBytesMax: number;
  },
  take: TakeMessage,
): Promise<void> {
  const { context, credentials, messageBytesMax } = options;
  const handshake = credentials === undefined ? undefined : new Handshake(credentials);
  let isWelcome = handshake === undefined;
  const late = isWelcome ? undefined : setTimeout(() => socket.destroy(), handshakeMs);
  if (handshake !== undefined) socket.write(handshake.helo());
  const queue = new ByteQueue(context.memory);
  try {
    let scanner = new MessageScanner();
    let isFirst = true;
    for await (const chunk of socket) {
      if (isFirst) refuseHttp(chunk);
      isFirst = false;
      queue.append(chunk);
      for (let length = scanner.scan(queue.bytes); length !== undefined;) {
        const message = queue.bytes.subarray(0, length);
        if (isWelcome) await takeMessage(socket, message, take);
        else if (handshake !== undefined) {
          await greet(socket, handshake, message);
          isWelcome = true;
          clearTimeout(late);
        }
        queue.consume(length);
        scanner = new MessageScanner();
        length = queue.length === 0 ? undefined : scanner.scan(queue.bytes);
      }
      const bytesMax = isWelcome ? messageBytesMax : pingBytesMax;
      if (scanner.bytesAtLeast > bytesMax || queue.length > bytesMax)
        throw new ConnectionFault("malformed", `a message is larger than ${bytesMax} bytes`);
    }
  } catch (thrown) {
    throw faultOf(thrown);
  } finally {
    clearTimeout(late);
    queue.close();
  }
}

function faultOf(thrown: unknown): unknown {
  if (thrown instanceof ConnectionFault || !(thrown instanceof OperatingError)) return thrown;
  if (thrown.code === "overloaded") return new ConnectionFault("memory", thrown.message);
  return thrown.code === "bad_request" ? new ConnectionFault("malformed", thrown.message) : thrown;
}

async function takeMessage(socket: Socket, message: Uint8Array, take: TakeMessage) {
  // A heartbeat.
  if (message[0] === nil) return;
  const chunk = await take(message);
  if (chunk !== undefined) socket.write(encode({ ack: chunk }));
}

/** Answers a PING; whoever is not welcome is told so before the connection ends. */
async function greet(socket: Socket, handshake: Handshake, message: Uint8Array): Promise<void> {
  const isPing = message.length <= pingBytesMax && partsOf(message) <= pingPartsMax;
  const { isWelcome, reason, pong } = handshake.answer(isPing ? decodeValue(message) : undefined);
  if (isWelcome) {
    socket.write(pong);
    return;
  }
  await new Promise<void>((resolve) => void socket.end(pong, () => resolve()));
  throw new ConnectionFault("credentials", `a sender was refused: ${reason}`);
}
