import { createGunzip, createInflate } from "node:zlib";
import { beginTurn, isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import { Churn } from "#shared/runtime/process/churn.ts";
import type { DropReason } from "#shared/model/account.ts";
import { TooLargeError, unpackBody } from "../transport/body.ts";
import { unpackedInTurns } from "../../unpacked_in_turns.ts";
import { oneStepBytesMax } from "./message.ts";
import type { MemoryBudget } from "../transport/memory_budget.ts";

/** What unpacks to more than this is unpacked off the event loop, one message at a time. */
const atOnceBytesMax = 64 * 1024;
/** Packed messages that wait for it; over it datagrams are dropped, and connections are not read. */
const waitingBytesMax = 4 * 1024 ** 2;
/** Deflate packs a byte into no less than this share of one. */
const ratioMax = 1_032;

/** Pieces that zlib makes of a message. */
const chunkSize = 256 * 1024;

const unpackers = {
  gzip: () => createGunzip({ chunkSize }),
  deflate: () => createInflate({ chunkSize }),
} as const;
type Packing = keyof typeof unpackers;

/** `packing` is undefined for a large message that is not packed. `isLarge` is false as well where a message has not been looked at yet. */
type Waiting = {
  readonly bytes: Buffer;
  readonly packing: Packing | undefined;
  readonly isLarge: boolean;
};

/** Messages that were taken are forgotten so many at a time. */
const forgetAfter = 64;

type Parts = {
  readonly memory: MemoryBudget;
  readonly messageBytesMax: number;
  /** Takes a message as text; throws nothing. One whose promise resolves later keeps its bytes until then. */
  readonly take: (message: Uint8Array) => Promise<void> | undefined;
  readonly onLost: (reason: Extract<DropReason, "invalid_record" | "rate_limit">) => void;
};

/**
 * Unpacks messages of senders that get no answer. Small ones are unpacked at once, as far as the turn goes; the others wait in a queue of 4 MiB and are unpacked one after
 * the other by a thread of the runtime, within the memory of all receivers.
 */
export class PackedMessages {
  readonly #parts: Parts;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Messages lie outside the engine's heap, so that it does not see how much there is to collect: 300 bombs of 8 MB took 760 MB without, 540 MB with it. */
  readonly #churn = new Churn();
  #running: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get isFull(): boolean {
    return this.#waitingBytes > waitingBytesMax;
  }

  /** Takes a message, packed or not. The bytes are copied where they wait. */
  add(bytes: Buffer): void {
    const packing = packingOf(bytes);
    if (packing === undefined) {
      if (bytes.length <= oneStepBytesMax) void this.#parts.take(bytes);
      else this.#wait({ bytes: Buffer.from(bytes), packing, isLarge: true });
      return;
    }
    beginTurn();
    // To find that one is large costs as much as a small one.
    const isLater = isTurnOver();
    if (isLater || !this.#takeSmall(bytes, packing))
      this.#wait({ bytes: Buffer.from(bytes), packing, isLarge: !isLater });
  }

  /** False for one that unpacks to more. */
  #takeSmall(bytes: Buffer, packing: Packing): boolean {
    const { messageBytesMax, take, onLost } = this.#parts;
    const small = Math.min(atOnceBytesMax, messageBytesMax);
    try {
      void take(unpackBody(bytes, packing, small));
    } catch (thrown) {
      if (!(thrown instanceof OperatingError)) throw thrown;
      if (thrown instanceof TooLargeError && small < messageBytesMax) return false;
      onLost("invalid_record");
    }
    return true;
  }

  /** Resolves when there is room again: a connection is read no further before. */
  async room(): Promise<void> {
    while (this.isFull) await this.#running;
  }

  /** Resolves when nothing waits. */
  async done(): Promise<void> {
    await this.#running;
  }

  #wait(message: Waiting): void {
    const { length } = message.bytes;
    if (this.#waitingBytes + length > waitingBytesMax + this.#parts.messageBytesMax)
      return this.#parts.onLost("rate_limit");
    this.#waiting.push(message);
    this.#waitingBytes += length;
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    await nextTurn();
    for (let at = 0; at < this.#waiting.length; at++) {
      if (isTurnOver()) await nextTurn();
      const next = this.#waiting[at];
      if (next === undefined) break;
      const { bytes, packing, isLarge } = next;
      if (packing === undefined) await this.#parts.take(bytes);
      else if (isLarge || !this.#takeSmall(bytes, packing)) await this.#unpack(bytes, packing);
      this.#waitingBytes -= bytes.length;
      if (at < forgetAfter) continue;
      this.#waiting.splice(0, at + 1);
      at = -1;
    }
    this.#waiting = [];
    this.#running = undefined;
  }

  async #unpack(bytes: Buffer, packing: Packing): Promise<void> {
    const { memory, messageBytesMax, take, onLost } = this.#parts;
    const mostBytes = Math.min(messageBytesMax, ratioMax * bytes.length);
    try {
      memory.take(mostBytes);
    } catch {
      onLost("rate_limit");
      return;
    }
    try {
      const message = await unpackedInTurns(unpackers[packing](), bytes, messageBytesMax);
      // What takes it may look at all of it without a pause.
      await nextTurn();
      await take(message);
      this.#churn.add(message.length);
    } catch {
      onLost("invalid_record");
    } finally {
      memory.giveBack(mostBytes);
    }
  }
}

/** By the first bytes. */
function packingOf(bytes: Buffer): Packing | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return "gzip";
  const isZlib =
    ((bytes[0] ?? 0) & 15) === 8 && bytes.length > 1 && bytes.readUInt16BE(0) % 31 === 0;
  return isZlib ? "deflate" : undefined;
}
