import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";

/** The stream of events is {source="lapwing_events", kind="…"}. */
const eventsSource = "lapwing_events";
export const eventKinds = ["new_pattern", "pattern_rate"] as const;
export type EventKind = (typeof eventKinds)[number];

/** Something that patterns tell, for alerts and readers. */
export type PatternEvent = {
  readonly kind: EventKind;
  /** Unix milliseconds and the nanoseconds within: of the line, or the end of the window that it is told of. */
  readonly timeMs: number;
  readonly nanos: number;
  readonly severity: number;
  /** What a person reads. */
  readonly text: string;
  /** Structured metadata. */
  readonly attributes: Labels;
};

const hourMs = 60 * 60_000;

/** Events of a tenant until they are records, so many an hour. */
export class PatternEvents {
  readonly #perHour: number;
  #waiting: PatternEvent[] = [];
  #hour: number;
  #told: number;

  /** `told`: events that hour number `hour` has had. */
  constructor(perHour: number, { hour = 0, told = 0 }: { hour?: number; told?: number } = {}) {
    this.#perHour = perHour;
    this.#hour = hour;
    this.#told = told;
  }

  get state(): { readonly hour: number; readonly told: number } {
    return { hour: this.#hour, told: this.#told };
  }

  /** False where the hour has had its events already. */
  add(event: PatternEvent, nowMs: number): boolean {
    const hour = Math.floor(nowMs / hourMs);
    if (hour !== this.#hour) [this.#hour, this.#told] = [hour, 0];
    if (this.#told >= this.#perHour) return false;
    this.#told++;
    this.#waiting.push(event);
    return true;
  }

  /** What there is, as records. */
  take(): LogsBatch | undefined {
    const events = this.#waiting;
    if (events.length === 0) return undefined;
    this.#waiting = [];
    const bodies = events.map(({ text }) => Buffer.from(text));
    let end = 0;
    return {
      streams: eventKinds.map((kind) => ({ source: eventsSource, kind })),
      streamOf: Uint32Array.from(events, ({ kind }) => eventKinds.indexOf(kind)),
      timestampsMs: Float64Array.from(events, ({ timeMs }) => timeMs),
      nanos: Uint32Array.from(events, ({ nanos }) => nanos),
      severities: Uint8Array.from(events, ({ severity }) => severity),
      bodies: new Uint8Array(Buffer.concat(bodies)),
      bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
      attributes: events.map(({ attributes }) => attributes),
    };
  }
}
