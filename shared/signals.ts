import { assert } from "./assert.ts";

/**
 * The kinds of telemetry: each travels in frames and lanes of its own, and is stored in blocks of its own. A new signal begins with its
 * name here. The compiler then names the tables that lack it; docs/architecture.md lists them under "Signals".
 */
const builtInNames = ["metrics", "logs"] as const;
export type BuiltInSignal = (typeof builtInNames)[number];

declare const added: unique symbol;
/** A name that is not built in: of a signal that is passed in, or of one that another version wrote. */
export type AddedSignal = string & { readonly [added]: true };
export type Signal = BuiltInSignal | AddedSignal;

/** What those need of a signal who carry, count and show it. */
export type SignalDescriptor = {
  readonly name: Signal;
  /** Its number in frames and control messages: `Signal` of proto/v1/frame.proto. */
  readonly code: number;
  /** What its items are called. */
  readonly unit: string;
  /** A frame is read by what the frames before it in its epoch say, so a lane is read from the start of an epoch. */
  readonly needsEpoch: boolean;
};

export const signalDescriptors: Readonly<Record<BuiltInSignal, SignalDescriptor>> = {
  metrics: { name: "metrics", code: 1, unit: "samples", needsEpoch: true },
  logs: { name: "logs", code: 2, unit: "lines", needsEpoch: false },
};

/** The built-in signal of that name; undefined for any other text. */
export function signalOf(name: string): BuiltInSignal | undefined {
  return builtInNames.find((one) => one === name);
}

/** Whether it is the name of a signal, known here or not: lower-case letters, so that it fits keys, folders and subjects. */
export function isSignal(name: unknown): name is Signal {
  return typeof name === "string" && /^[a-z]{1,32}$/.test(name);
}

/** A value for each signal: the compiler asks for those of the built-in ones, the others are passed in. */
export class PerSignal<Value> {
  readonly #values: ReadonlyMap<Signal, Value>;
  /** The built-in ones first. */
  readonly names: readonly Signal[];
  readonly all: readonly Value[];

  private constructor(values: ReadonlyMap<Signal, Value>) {
    this.#values = values;
    this.names = [...values.keys()];
    this.all = [...values.values()];
  }

  static of<Value>(
    builtIn: Readonly<Record<BuiltInSignal, Value>>,
    more: Iterable<readonly [Signal, Value]> = [],
  ): PerSignal<Value> {
    const values = new Map<Signal, Value>(builtInNames.map((name) => [name, builtIn[name]]));
    for (const [signal, value] of more) {
      assert(!values.has(signal), `signal ${signal} is there once`);
      values.set(signal, value);
    }
    return new PerSignal(values);
  }

  get entries(): readonly (readonly [Signal, Value])[] {
    return [...this.#values];
  }

  /** undefined for a signal that is not among these. */
  find(signal: Signal): Value | undefined {
    return this.#values.get(signal);
  }

  /** Of a signal that is among these. */
  of(signal: Signal): Value {
    const value = this.#values.get(signal);
    assert(value !== undefined, `signal ${signal} is not registered`);
    return value;
  }

  map<Other>(make: (signal: Signal, value: Value) => Other): PerSignal<Other> {
    return new PerSignal(
      new Map(Array.from(this.#values, ([signal, value]) => [signal, make(signal, value)])),
    );
  }

  /** As map(), one after another. */
  async mapInTurn<Other>(
    make: (signal: Signal, value: Value) => Promise<Other>,
  ): Promise<PerSignal<Other>> {
    const made = new Map<Signal, Other>();
    for (const [signal, value] of this.#values) made.set(signal, await make(signal, value));
    return new PerSignal(made);
  }
}

/** The signals that a process handles. */
export type Signals = PerSignal<SignalDescriptor>;

export const builtInSignals: Signals = PerSignal.of(signalDescriptors);

/** The built-in signals and others. */
export function signalsWith(more: readonly SignalDescriptor[]): Signals {
  const all = PerSignal.of(
    signalDescriptors,
    more.map((descriptor) => [descriptor.name, descriptor]),
  );
  const codes = new Set(all.all.map(({ code }) => code));
  assert(codes.size === all.all.length, "each signal has a code of its own");
  return all;
}
