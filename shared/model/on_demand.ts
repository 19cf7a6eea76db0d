/** What was made is kept up to this many bytes together, for the next one who asks. */
const bytesMax = 64 * 1_024 * 1_024;

type Made = { readonly of: WeakRef<Forgetful>; readonly bytes: number };
type Forgetful = { forget(): void };

/** In the order in which they were made; some of them may be garbage by now. */
const made: Made[] = [];
let madeBytes = 0;

/** A value that is made when it is asked for, kept for a while, and made again when it is asked for later. */
export class OnDemand<Value> {
  readonly #make: () => Value;
  readonly #bytesOf: (value: Value) => number;
  #value: Value | undefined;

  constructor(make: () => Value, bytesOf: (value: Value) => number) {
    this.#make = make;
    this.#bytesOf = bytesOf;
  }

  get value(): Value {
    return this.#value ?? this.#keep(this.#make());
  }

  #keep(value: Value): Value {
    this.#value = value;
    const bytes = this.#bytesOf(value);
    madeBytes += bytes;
    while (madeBytes > bytesMax) {
      const oldest = made.shift();
      if (oldest === undefined) break;
      madeBytes -= oldest.bytes;
      oldest.of.deref()?.forget();
    }
    made.push({ of: new WeakRef(this), bytes });
    return value;
  }

  forget(): void {
    this.#value = undefined;
  }
}
