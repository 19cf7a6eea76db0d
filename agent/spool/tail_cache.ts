import type { Position } from "#shared/model/position.ts";
import { comparePositions } from "#shared/model/position.ts";
import type { BuiltFrame } from "./frame_builder.ts";

/** Readers follow the end closely, so that much is enough to spare them the disk. */
const bytesMax = 2 * 1024 * 1024;

type Cached = Pick<BuiltFrame, "position" | "bytes">;

/** The newest frames of a lane in memory, in order and without a gap, bounded. */
export class TailCache {
  #frames: Cached[] = [];
  #bytes = 0;
  /** Everything after this place is here. */
  #start: Position;

  constructor(start: Position) {
    this.#start = start;
  }

  add(frames: readonly Cached[]): void {
    for (const { position, bytes } of frames) {
      this.#frames.push({ position, bytes });
      this.#bytes += bytes.length;
    }
    let gone = 0;
    while (this.#bytes > bytesMax && gone < this.#frames.length) {
      const oldest = this.#frames[gone++];
      this.#bytes -= oldest?.bytes.length ?? 0;
      this.#start = oldest?.position ?? this.#start;
    }
    if (gone > 0) this.#frames = this.#frames.slice(gone);
  }

  /** What the files let go must not be read from here either. */
  forget(to: Position): void {
    if (comparePositions(to, this.#start) <= 0) return;
    this.#start = to;
    this.#frames = this.#frames.filter(({ position }) => comparePositions(position, to) > 0);
    this.#bytes = this.#frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Frames after `after` up to and with `to`, or undefined when the cache does not reach back that far. */
  read(after: Position, to: Position, limit: number): Uint8Array[] | undefined {
    if (comparePositions(after, this.#start) < 0) return undefined;
    const found: Uint8Array[] = [];
    let taken = 0;
    let at = this.#frames.findIndex(({ position }) => comparePositions(position, after) > 0);
    for (; at >= 0 && at < this.#frames.length; at++) {
      const frame = this.#frames[at];
      if (frame === undefined || comparePositions(frame.position, to) > 0) break;
      if (found.length > 0 && taken + frame.bytes.length > limit) break;
      found.push(frame.bytes);
      taken += frame.bytes.length;
    }
    return found;
  }
}
