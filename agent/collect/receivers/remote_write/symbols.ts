import { BodyError } from "../transport/body.ts";
import { ByteAliases } from "../records/byte_aliases.ts";
import { InvalidLabelsError, textOf } from "./wire.ts";

const requestSymbolsMax = 1_000_000;
const unknown = 0xffff_ffff;

/** Numbers for symbols over all requests, because the references of one request mean nothing in the next. */
export class SymbolNumbers {
  readonly #numbersMax: number;
  readonly #numbers = new ByteAliases();
  readonly aliases: ByteAliases;

  /** `aliases` are the columns by number lists. */
  constructor(aliases: ByteAliases, numbersMax: number) {
    this.aliases = aliases;
    this.#numbersMax = numbersMax;
  }

  /** Forgets all when there are too many; only between requests. */
  begin(): void {
    if (this.#numbers.size <= this.#numbersMax) return;
    this.#numbers.clear();
    this.aliases.clear();
  }

  of(bytes: Uint8Array, start: number, end: number): number {
    const known = this.#numbers.get(bytes, start, end);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(bytes, start, end, number);
    return number;
  }
}

/** The symbol table of one request. */
export class RequestSymbols {
  readonly #bytes: Buffer;
  readonly #numbers: SymbolNumbers;
  #starts = new Uint32Array(1_024);
  #ends = new Uint32Array(1_024);
  #known = new Uint32Array(1_024).fill(unknown);
  readonly #texts = new Map<number, string>();
  #count = 0;
  #key = new Uint32Array(64);
  #keyBytes = new Uint8Array(this.#key.buffer);

  constructor(bytes: Uint8Array, numbers: SymbolNumbers) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#numbers = numbers;
    numbers.begin();
  }

  /** Throws BodyError where a request has too many. */
  add(start: number, end: number): void {
    if (this.#count >= requestSymbolsMax)
      throw new BodyError(400, `more than ${requestSymbolsMax} symbols`);
    if (this.#count === this.#starts.length) this.#grow();
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#count++;
  }

  /** Bytes of a symbol; NaN where there is none. */
  sizeOf(ref: number): number {
    return ref < this.#count ? (this.#ends[ref] ?? 0) - (this.#starts[ref] ?? 0) : Number.NaN;
  }

  /** Throws InvalidLabelsError for a reference to nothing, and for bytes that are not UTF-8. */
  text(ref: number): string {
    this.#check(ref);
    let text = this.#texts.get(ref);
    if (text === undefined) {
      text = textOf(this.#bytes.subarray(this.#starts[ref] ?? 0, this.#ends[ref] ?? 0));
      this.#texts.set(ref, text);
    }
    return text;
  }

  /** The column remembered for the label set, whatever its references were then. Throws InvalidLabelsError. */
  alias(refs: Uint32Array): number | undefined {
    this.#makeKey(refs);
    return this.#numbers.aliases.get(this.#keyBytes, 0, 4 * refs.length);
  }

  setAlias(refs: Uint32Array, column: number): void {
    this.#makeKey(refs);
    this.#numbers.aliases.set(this.#keyBytes, 0, 4 * refs.length, column);
  }

  #makeKey(refs: Uint32Array): void {
    if (this.#key.length < refs.length) {
      this.#key = new Uint32Array(2 * refs.length);
      this.#keyBytes = new Uint8Array(this.#key.buffer);
    }
    for (let i = 0; i < refs.length; i++) this.#key[i] = this.#number(refs[i] ?? 0);
  }

  #number(ref: number): number {
    this.#check(ref);
    const known = this.#known[ref] ?? unknown;
    if (known !== unknown) return known;
    const [start = 0, end = 0] = [this.#starts[ref], this.#ends[ref]];
    const number = this.#numbers.of(this.#bytes, start, end);
    this.#known[ref] = number;
    return number;
  }

  #check(ref: number): void {
    if (ref >= this.#count)
      throw new InvalidLabelsError("invalid_sample", `symbol ${ref} of ${this.#count}`);
  }

  #grow(): void {
    const capacity = 2 * this.#starts.length;
    const grown = (from: Uint32Array, rest: number): Uint32Array<ArrayBuffer> => {
      const array = new Uint32Array(capacity).fill(rest);
      array.set(from);
      return array;
    };
    this.#starts = grown(this.#starts, 0);
    this.#ends = grown(this.#ends, 0);
    this.#known = grown(this.#known, unknown);
  }
}
