import { createGunzip, createInflate } from "node:zlib";
import { nextTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import type { DropReason } from "#shared/model/account.ts";
import { TooLargeError, unpackBody } from "../transport/body.ts";
import { unpackedInTurns } from "../../unpacked_in_turns.ts";
import type { MemoryBudget } from "../transport/memory_budget.ts";

/** What unpacks to more than this is unpacked off the event loop, one message at a time. */
const atOnceBytesMax = 64 * 1024;
/** Packed messages that wait for it; over it datagrams are dropped, and connections are not read. */
const waitingBytesMax = 4 * 1024 ** 2;
/** Unpacked bytes after which the engine is asked to collect garbage. */
const collectAfterBytes = 64 * 1024 ** 2;
/** Deflate packs a byte into no less than this share of one. */
const ratioMax = 1_032;

/** Pieces that zlib makes of a message. */
const chunkSize = 256 * 1024;

const unpackers = {
  gzip: () => createGunzip({ chunkSize }),
  deflate: () => createInflate({ chunkSize }),
} as const;
type Packing = keyof typeof unpackers;

type Parts = {
  readonly memory: MemoryBudget;
  readonly messageBytesMax: number;
  /** Takes a message as text; throws nothing. */
  readonly take: (message: Uint8Array) => void;
  readonly onLost: (reason: Extract<DropReason, "invalid_record" | "rate_limit">) => void;
};

/**
 * Unpacks messages of senders that get no answer. Small ones at once; the others wait in a queue of 4 MiB and are unpacked one after
 * the other by a thread of the runtime, within the memory of all receivers.
 */
export class PackedMessages {
  readonly #parts: Parts;
  #waiting: { readonly bytes: Buffer; readonly packing: Packing }[] = [];
  #waitingBytes = 0;
  #uncollectedBytes = 0;
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
    if (packing === undefined) return this.#parts.take(bytes);
    const { messageBytesMax } = this.#parts;
    const small = Math.min(atOnceBytesMax, messageBytesMax);
    try {
      this.#parts.take(unpackBody(bytes, packing, small));
    } catch (thrown) {
      if (!(thrown instanceof OperatingError)) throw thrown;
      if (!(thrown instanceof TooLargeError) || small === messageBytesMax)
        this.#parts.onLost("invalid_record");
      else this.#wait(Buffer.from(bytes), packing);
    }
  }

  /** Resolves when there is room again: a connection is read no further before. */
  async room(): Promise<void> {
    while (this.isFull) await this.#running;
  }

  /** Resolves when nothing waits. */
  async done(): Promise<void> {
    await this.#running;
  }

  #wait(bytes: Buffer, packing: Packing): void {
    if (this.#waitingBytes + bytes.length > waitingBytesMax + this.#parts.messageBytesMax)
      return this.#parts.onLost("rate_limit");
    this.#waiting.push({ bytes, packing });
    this.#waitingBytes += bytes.length;
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      await this.#unpack(next.bytes, next.packing);
      this.#waitingBytes -= next.bytes.length;
      await nextTurn();
    }
    this.#running = undefined;
  }

  /** Messages lie outside the engine's heap, so that it does not see how much there is to collect: 300 bombs of 8 MB took 760 MB without, 540 MB with it. */
  #collect(bytes: number): void {
    this.#uncollectedBytes += bytes;
    if (this.#uncollectedBytes < collectAfterBytes) return;
    this.#uncollectedBytes = 0;
    Bun.gc(false);
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
      take(message);
      this.#collect(message.length);
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
