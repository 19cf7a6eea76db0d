import type { Position } from "#shared/model/position.ts";
import { comparePositions } from "#shared/model/position.ts";
import type { BuiltFrame } from "./frame_builder.ts";

/** The reader follows the end closely, so that much is enough to spare it the disk. */
const bytesMax = 2 * 1024 * 1024;

type Cached = Pick<BuiltFrame, "position" | "bytes">;

/**
 * The newest frames of a lane in memory, in order and without a gap, bounded. What the reader asks to go on from, it has: frames up to
 * there are let go, and come from the disk should they be asked for once more.
 */
export class TailCache {
  #frames: Cached[] = [];
  /** How many at its beginning are gone. */
  #gone = 0;
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
    while (this.#bytes > bytesMax && this.#gone < this.#frames.length) this.#letGo(this.#gone + 1);
  }

  /** Those before the place `end` of the list. */
  #letGo(end: number): void {
    for (; this.#gone < end; this.#gone++) {
      const oldest = this.#frames[this.#gone];
      if (oldest === undefined) break;
      this.#bytes -= oldest.bytes.length;
      this.#start = oldest.position;
    }
    // Not at every call: frames may be small, and then are thousands.
    if (2 * this.#gone > this.#frames.length) this.#drop();
  }

  #drop(): void {
    this.#frames = this.#frames.slice(this.#gone);
    this.#gone = 0;
  }

  /** What the files let go must not be read from here either. */
  forget(to: Position): void {
    if (comparePositions(to, this.#start) <= 0) return;
    this.#start = to;
    this.#drop();
    this.#frames = this.#frames.filter(({ position }) => comparePositions(position, to) > 0);
    this.#bytes = this.#frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Frames after `after` up to and with `to`, or undefined when the cache does not reach back that far. */
  read(after: Position, to: Position, limit: number): Uint8Array[] | undefined {
    if (comparePositions(after, this.#start) < 0) return undefined;
    this.#letGo(this.#firstAfter(after));
    const found: Uint8Array[] = [];
    let taken = 0;
    for (let at = this.#gone; at < this.#frames.length; at++) {
      const frame = this.#frames[at];
      if (frame === undefined || comparePositions(frame.position, to) > 0) break;
      if (found.length > 0 && taken + frame.bytes.length > limit) break;
      found.push(frame.bytes);
      taken += frame.bytes.length;
    }
    return found;
  }

  /** Where the first frame after a place is, by halves. */
  #firstAfter(place: Position): number {
    let [low, high] = [this.#gone, this.#frames.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { position } = this.#frames[middle] ?? { position: place };
      if (comparePositions(position, place) > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
