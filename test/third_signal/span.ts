import type { Frame } from "#proto/codec/envelope.ts";
import { unpack } from "#proto/codec/packing.ts";
import { assert } from "#shared/assert.ts";
import { OperatingError } from "#shared/errors.ts";
import { isSignal, type Signal, type SignalDescriptor } from "#shared/signals.ts";
import { z } from "zod";

/** The signal that is only there for the test. */
export const spans: SignalDescriptor = {
  name: nameOf("spans"),
  code: 99,
  unit: "spans",
  needsEpoch: true,
};

const Span = z.strictObject({ name: z.string(), startMs: z.number(), durationMs: z.number() });
export type Span = z.output<typeof Span>;

/** What a source hands to the spool. */
export class SpansBatch {
  readonly spans: readonly Span[];

  constructor(all: readonly Span[]) {
    this.spans = all;
  }
}

/** A body is JSON: the number that the frame has in its epoch, so that a decoder needs the frames before it, and the spans. */
const Body = z.strictObject({ number: z.number(), spans: z.array(Span) });

export function encodeSpans(number: number, all: readonly Span[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ number, spans: all }));
}

/** Throws OperatingError("corrupt"). */
export function decodeSpans(frame: Frame, number: number): readonly Span[] {
  const body = Body.safeParse(parsed(new TextDecoder().decode(unpack(frame))));
  if (!body.success || body.data.number !== number)
    throw new OperatingError("corrupt", `expected spans of frame ${number}`);
  return body.data.spans;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function nameOf(text: string): Signal {
  assert(isSignal(text), "it has the shape of a signal's name");
  return text;
}
