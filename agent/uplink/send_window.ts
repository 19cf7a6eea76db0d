import type { Position } from "#shared/model/position.ts";
import { origin } from "#shared/model/position.ts";
import type { Span } from "#shared/model/spans.ts";

/** Hands one frame over in the order of the calls; resolves when the carrier has acknowledged it. */
export type Publish = (frame: Uint8Array) => Promise<void>;

type Pending = {
  /** The frame, and what lay between it and the one before. */
  readonly span: Span;
  readonly bytes: number;
  state: "waiting" | "acknowledged" | "failed";
};

export type WindowLimits = { readonly framesMax: number; readonly bytesMax: number };

/** Frames on their way without an acknowledgement, in order, bounded. */
export class SendWindow {
  /** The last frame that was sent. */
  sent: Position = origin;
  readonly #limits: WindowLimits;
  #pending: Pending[] = [];

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  /** Bytes that may still be sent; none when there are frames enough. */
  get room(): number {
    if (this.#pending.length >= this.#limits.framesMax) return 0;
    return this.#limits.bytesMax - this.#pending.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Whether takeAcknowledged() has something to give, or throws. */
  get hasNews(): boolean {
    const [first] = this.#pending;
    return first !== undefined && first.state !== "waiting";
  }

  /** Sends on from a place. Acknowledgements of what was sent before may still come, and then mean nothing. */
  startAt(position: Position): void {
    this.sent = position;
    this.#pending = [];
  }

  send(frame: Uint8Array, position: Position, publish: Publish, settled: Settled): void {
    const span = { from: this.sent, to: position };
    const pending: Pending = { span, bytes: frame.length, state: "waiting" };
    this.#pending.push(pending);
    this.sent = position;
    const settle = async (): Promise<void> => {
      try {
        await publish(frame);
        pending.state = "acknowledged";
        settled(undefined);
      } catch (thrown) {
        pending.state = "failed";
        settled(thrown);
      }
    };
    void settle();
  }

  /** The oldest, if it was acknowledged. Throws when it has failed. */
  takeAcknowledged(): Pick<Pending, "span" | "bytes"> | undefined {
    const [first] = this.#pending;
    if (first === undefined || first.state === "waiting") return undefined;
    if (first.state === "failed") throw new Error("not acknowledged");
    this.#pending.shift();
    return first;
  }
}

/** Told of every frame: why the carrier did not take it, or undefined. */
export type Settled = (failure: unknown) => void;
