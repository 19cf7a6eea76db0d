/** The kinds of telemetry: each travels in frames of its own, in lanes of its own, and is stored in blocks of its own. */
export const signals = ["metrics", "logs"] as const;
export type Signal = (typeof signals)[number];

/** What differs between signals for those who carry, count and show them. */
export type SignalDescriptor = {
  /** What its items are called. */
  readonly unit: "samples" | "lines";
  /** A frame is read by what the frames before it in its epoch say, so a lane is read from the start of an epoch. */
  readonly needsEpoch: boolean;
};

export const signalDescriptors: Readonly<Record<Signal, SignalDescriptor>> = {
  metrics: { unit: "samples", needsEpoch: true },
  logs: { unit: "lines", needsEpoch: false },
};

/** The signal of that name; undefined for any other text. */
export function signalOf(name: string): Signal | undefined {
  return signals.find((signal) => signal === name);
}

/**
 * A place in an agent's lane (agent, signal). Epochs grow; sequences count from 1 within an epoch. The position
 * {epoch: 0, sequence: 0} is before everything.
 */
export type Position = { readonly epoch: number; readonly sequence: number };

export const origin: Position = { epoch: 0, sequence: 0 };

/** Negative when a is before b, 0 when equal, positive when after. */
export function comparePositions(a: Position, b: Position): number {
  return a.epoch - b.epoch || a.sequence - b.sequence;
}
