import type { DropReason } from "#shared/model/account.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { MemoryBudget } from "../transport/memory_budget.ts";

/** Of a chunk: 0x1e 0x0f, eight bytes of id, its number, how many there are. */
const headerBytes = 12;
const chunksMax = 128;
/** A message is given up when it is not whole by then. */
const waitMaxMs = 5_000;
/** What one sender of halves may hold. */
const pendingMax = 1_024;
/** What a chunk holds beside its bytes. */
const chunkOverheadBytes = 128;

type Pending = {
  readonly chunks: (Buffer | undefined)[];
  readonly startedMs: number;
  missing: number;
  heldBytes: number;
};

type LossReason = Extract<DropReason, "invalid_record" | "line_too_long" | "rate_limit">;

type ChunksParts = {
  readonly clock: Pick<Clock, "monotonic">;
  readonly memory: MemoryBudget;
  readonly messageBytesMax: number;
  readonly onLost: (reason: LossReason) => void;
};

/** Puts the chunks of messages together (GELF, "GELF via UDP", chunking), within bounds of number, time and memory. */
export class GelfChunks {
  readonly #parts: ChunksParts;
  /** In the order in which they began. */
  readonly #pending = new Map<string, Pending>();

  constructor(parts: ChunksParts) {
    this.#parts = parts;
  }

  static isChunk(datagram: Uint8Array): boolean {
    return datagram[0] === 0x1e && datagram[1] === 0x0f;
  }

  /** Takes a chunk; gives the message when it is whole. */
  add(datagram: Buffer, sender: string): Buffer | undefined {
    this.expire();
    const [number, count] = [datagram[10] ?? 0, datagram[11] ?? 0];
    if (datagram.length <= headerBytes || count < 1 || count > chunksMax || number >= count) {
      this.#parts.onLost("invalid_record");
      return undefined;
    }
    const key = `${sender} ${datagram.toString("hex", 2, 10)}`;
    const pending = this.#pending.get(key) ?? this.#begin(key, count);
    // One of another count, or one that came already, changes nothing.
    if (pending.chunks.length !== count || pending.chunks[number] !== undefined) return undefined;
    if (!this.#hold(key, pending, datagram.subarray(headerBytes), number)) return undefined;
    if (pending.missing > 0) return undefined;
    this.#end(key, pending);
    return Buffer.concat(pending.chunks.filter((chunk) => chunk !== undefined));
  }

  /** Gives up what has waited too long. */
  expire(): void {
    const oldestMs = this.#parts.clock.monotonic() - waitMaxMs;
    for (const [key, pending] of this.#pending) {
      if (pending.startedMs >= oldestMs) return;
      this.#lose(key, pending, "invalid_record");
    }
  }

  close(): void {
    for (const [key, pending] of this.#pending) this.#lose(key, pending, "invalid_record");
  }

  #begin(key: string, count: number): Pending {
    const [oldest] = this.#pending;
    if (oldest !== undefined && this.#pending.size >= pendingMax)
      this.#lose(oldest[0], oldest[1], "rate_limit");
    const startedMs = this.#parts.clock.monotonic();
    const chunks = Array.from({ length: count }, () => undefined);
    const pending: Pending = { chunks, startedMs, missing: count, heldBytes: 0 };
    this.#pending.set(key, pending);
    return pending;
  }

  #hold(key: string, pending: Pending, chunk: Buffer, number: number): boolean {
    const size = chunk.length + chunkOverheadBytes;
    if (pending.heldBytes + size > this.#parts.messageBytesMax + chunksMax * chunkOverheadBytes) {
      this.#lose(key, pending, "line_too_long");
      return false;
    }
    try {
      this.#parts.memory.take(size);
    } catch {
      this.#lose(key, pending, "rate_limit");
      return false;
    }
    pending.heldBytes += size;
    pending.chunks[number] = chunk;
    pending.missing--;
    return true;
  }

  #lose(key: string, pending: Pending, reason: LossReason) {
    this.#end(key, pending);
    this.#parts.onLost(reason);
  }

  #end(key: string, pending: Pending): void {
    this.#pending.delete(key);
    this.#parts.memory.giveBack(pending.heldBytes);
  }
}
