import type { Frame } from "#proto/codec/envelope.ts";
import { positionOf } from "#proto/codec/envelope.ts";
import { comparePositions } from "#shared/model/position.ts";

/** Where a frame lay in its carrier. */
export type FramePlace = { readonly partition: string; readonly sequence: number };

export type Held = { readonly frame: Frame; readonly place: FramePlace | undefined };

/** Beyond these a newcomer is let go: its agent sends it again once the gap before it is filled. */
const framesMax = 512;
const bytesMax = 32 * 1024 * 1024;

/** Frames of one lane that came before their turn, in order of position, each once, bounded. */
export class HeldFrames {
  #frames: Held[] = [];
  #bytes = 0;

  get size(): number {
    return this.#frames.length;
  }

  first(): Held | undefined {
    return this.#frames[0];
  }

  removeFirst(): void {
    this.#bytes -= this.#frames.shift()?.frame.bytes.length ?? 0;
  }

  /** Takes out those of an epoch and of all after it, in order. */
  removeFrom(epoch: number): Held[] {
    const removed = this.#frames.filter(({ frame }) => frame.header.epoch >= epoch);
    this.#frames = this.#frames.filter(({ frame }) => frame.header.epoch < epoch);
    this.#bytes = this.#frames.reduce((sum, { frame }) => sum + frame.bytes.length, 0);
    return removed;
  }

  /** False when there is no room. The bytes are copied, because they may be a view into a larger read. */
  add(frame: Frame, place: FramePlace | undefined): boolean {
    const position = positionOf(frame.header);
    const at = this.#frames.findIndex(
      (held) => comparePositions(positionOf(held.frame.header), position) >= 0,
    );
    const there = at === -1 ? undefined : this.#frames[at];
    if (there !== undefined && comparePositions(positionOf(there.frame.header), position) === 0)
      return true;
    if (this.#frames.length >= framesMax || this.#bytes + frame.bytes.length > bytesMax)
      return false;
    const bytes = frame.bytes.slice();
    const body = bytes.subarray(bytes.length - frame.body.length);
    const held = { frame: { header: frame.header, body, bytes }, place };
    this.#frames.splice(at === -1 ? this.#frames.length : at, 0, held);
    this.#bytes += bytes.length;
    return true;
  }
}
