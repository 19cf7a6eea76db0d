import type { SignalHead } from "#aggregator/read/head.ts";
import type { FrameDecoder } from "#aggregator/read/intake.ts";
import type { CutItems } from "#aggregator/read/cut_content.ts";
import type { Drops } from "#shared/model/account.ts";
import { decodeSpans, type Span, spans } from "./span.ts";

/** Spans of a tenant on their way into a block. */
export class CutSpans implements CutItems {
  readonly spans: readonly Span[];

  constructor(all: readonly Span[]) {
    this.spans = all;
  }

  get items(): number {
    return this.spans.length;
  }
}

type Generation = Map<string, Span[]>;

const aheadMaxMs = 10 * 60_000;
const spanBytes = 100;

/** The recent spans, in memory. */
export class SpansHead implements SignalHead {
  readonly descriptor = spans;
  #open: Generation = new Map();
  #frozen: Generation = new Map();

  newDecoder(): FrameDecoder {
    let number = 0;
    return {
      decode: (frame) => {
        const decoded = decodeSpans(frame, number++);
        return ({ tenant }, nowMs) => this.#append(tenant, decoded, nowMs);
      },
    };
  }

  #append(tenant: string, decoded: readonly Span[], nowMs: number): Drops {
    const kept = decoded.filter(({ startMs }) => startMs <= nowMs + aheadMaxMs);
    this.#open.set(tenant, [...(this.#open.get(tenant) ?? []), ...kept]);
    const late = decoded.length - kept.length;
    return late === 0 ? {} : { out_of_bounds_timestamp: late };
  }

  /** Those that a query of the head would find. */
  of(tenant: string): readonly Span[] {
    return [this.#frozen, this.#open].flatMap((generation) => generation.get(tenant) ?? []);
  }

  size() {
    let items = 0;
    for (const generation of [this.#frozen, this.#open])
      for (const all of generation.values()) items += all.length;
    return { items, bytes: items * spanBytes };
  }

  freeze(): ReadonlyMap<string, CutItems> {
    [this.#frozen, this.#open] = [this.#open, new Map()];
    return new Map(Array.from(this.#frozen, ([tenant, all]) => [tenant, new CutSpans(all)]));
  }

  release(): void {
    this.#frozen = new Map();
  }
}
