import { ByteQueue } from "../transport/byte_queue.ts";
import type { MemoryBudget } from "../transport/memory_budget.ts";
import { ConnectionFault } from "../transport/stream_server.ts";

const headBytes = 4;

/** Packets of a stream, each after its length in four bytes, little endian, as DogStatsD's clients send them over Unix sockets. */
export class PacketFraming {
  readonly #queue: ByteQueue;
  readonly #bytesMax: number;
  readonly #take: (bytes: Buffer, start: number, end: number) => void;

  constructor(
    bytesMax: number,
    memory: MemoryBudget,
    take: (bytes: Buffer, start: number, end: number) => void,
  ) {
    this.#queue = new ByteQueue(memory);
    this.#bytesMax = bytesMax;
    this.#take = take;
  }

  /** Throws ConnectionFault for a length over the limit, behind which nothing can be found, and OperatingError("overloaded"). */
  push(chunk: Uint8Array): void {
    this.#queue.append(chunk);
    const { bytes } = this.#queue;
    let at = 0;
    while (at + headBytes <= bytes.length) {
      const length = bytes.readUInt32LE(at);
      if (length > this.#bytesMax)
        throw new ConnectionFault("malformed", `a packet of ${length} bytes is too long`);
      const end = at + headBytes + length;
      if (end > bytes.length) break;
      this.#take(bytes, at + headBytes, end);
      at = end;
    }
    this.#queue.consume(at);
  }

  end(): void {
    this.#queue.close();
  }
}
