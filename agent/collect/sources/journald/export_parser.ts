/** One entry of the journal. */
export type JournalEntry = {
  /** The wanted fields by name; of a name that repeats the first value. */
  readonly fields: ReadonlyMap<string, Buffer>;
  /** A field was longer than is kept, and was cut. */
  readonly cut: boolean;
};

/** A name is at most 64 bytes; what is longer before "=" or a line end is no name. */
const nameBytesMax = 128;
const newline = 10;
const equals = 61;

type State =
  | { readonly at: "name" }
  | { readonly at: "text"; readonly name: string }
  | { readonly at: "length"; readonly name: string }
  | { readonly at: "binary"; readonly name: string; left: number };

/**
 * A parser of a stream in the format of https://systemd.io/JOURNAL_EXPORT_FORMATS: `NAME=value\n`, or `NAME\n`, the length as 64-bit
 * little-endian number, the bytes and `\n`; an empty line ends an entry. Of unwanted fields nothing is held, of others at most
 * `valueBytesMax`.
 */
export class ExportParser {
  readonly #wanted: ReadonlySet<string>;
  readonly #valueBytesMax: number;
  #state: State = { at: "name" };
  /** Bytes of the name, of the length, or of the value so far. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #fields = new Map<string, Buffer>();
  #seen = false;
  #cut = false;

  constructor(wanted: ReadonlySet<string>, valueBytesMax: number) {
    this.#wanted = wanted;
    this.#valueBytesMax = valueBytesMax;
  }

  /** The entries that end in `chunk`, whose bytes may be used again afterwards. Throws Error where it is not the format. */
  push(chunk: Uint8Array): JournalEntry[] {
    const entries: JournalEntry[] = [];
    const data = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    while (at < data.length) {
      if (this.#state.at === "name") at = this.#name(data, at, entries);
      else if (this.#state.at === "text") at = this.#text(data, at, this.#state.name);
      else if (this.#state.at === "length") at = this.#length(data, at, this.#state.name);
      else at = this.#binary(data, at, this.#state);
    }
    return entries;
  }

  #name(data: Buffer, from: number, entries: JournalEntry[]): number {
    let at = from;
    while (at < data.length && data[at] !== newline && data[at] !== equals) at++;
    this.#hold(data, from, at, nameBytesMax);
    if (this.#heldBytes > nameBytesMax) throw new Error("a field's name is too long");
    if (at === data.length) return at;
    const name = this.#take().toString("latin1");
    if (data[at] === equals) this.#state = { at: "text", name };
    else if (name !== "") this.#state = { at: "length", name };
    else this.#end(entries);
    return at + 1;
  }

  #end(entries: JournalEntry[]): void {
    if (this.#seen) entries.push({ fields: this.#fields, cut: this.#cut });
    this.#fields = new Map();
    this.#seen = false;
    this.#cut = false;
  }

  #text(data: Buffer, from: number, name: string): number {
    const end = data.indexOf(newline, from);
    const stop = end < 0 ? data.length : end;
    if (this.#wanted.has(name)) this.#hold(data, from, stop, this.#valueBytesMax);
    if (end < 0) return stop;
    this.#keep(name);
    return end + 1;
  }

  #length(data: Buffer, from: number, name: string): number {
    const stop = Math.min(data.length, from + 8 - this.#heldBytes);
    this.#hold(data, from, stop, 8);
    if (this.#heldBytes < 8) return stop;
    const length = this.#take().readBigUInt64LE();
    if (length > 1n << 40n) throw new Error("a field's length is impossible");
    // The line end after the value is counted with it.
    this.#state = { at: "binary", name, left: Number(length) + 1 };
    return stop;
  }

  #binary(data: Buffer, from: number, state: State & { at: "binary" }): number {
    const stop = Math.min(data.length, from + state.left);
    const isLast = stop - from === state.left;
    if (isLast && data[stop - 1] !== newline) throw new Error("a field does not end as it should");
    if (this.#wanted.has(state.name))
      this.#hold(data, from, isLast ? stop - 1 : stop, this.#valueBytesMax);
    state.left -= stop - from;
    if (isLast) this.#keep(state.name);
    return stop;
  }

  #hold(data: Buffer, from: number, stop: number, bytesMax: number): void {
    const room = Math.max(0, bytesMax + 1 - this.#heldBytes);
    const part = Buffer.from(data.subarray(from, Math.min(stop, from + room)));
    if (part.length > 0) this.#held.push(part);
    this.#heldBytes += part.length;
  }

  #take(): Buffer {
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
  }

  #keep(name: string): void {
    const value = this.#take();
    this.#state = { at: "name" };
    this.#seen = true;
    if (!this.#wanted.has(name) || this.#fields.has(name)) return;
    if (value.length > this.#valueBytesMax) this.#cut = true;
    this.#fields.set(name, value.subarray(0, this.#valueBytesMax));
  }
}
