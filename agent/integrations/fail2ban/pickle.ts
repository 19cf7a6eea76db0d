import { OperatingError } from "#shared/errors.ts";

/** A Python value. Nothing of what a pickle asks to be called is called: it stays as a name with its arguments. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | readonly PickleValue[]
  | ReadonlyMap<PickleValue, PickleValue>
  | PickledObject;

export class PickledObject {
  /** Module and name: "fail2ban.exceptions.UnknownJailException". */
  readonly name: string;
  readonly arguments: readonly PickleValue[];

  constructor(name: string, given: readonly PickleValue[]) {
    this.name = name;
    this.arguments = given;
  }
}

type Item = PickleValue | PickleValue[] | Map<PickleValue, PickleValue>;

/**
 * Reads the pickles that fail2ban's server gives, protocols 2 to 5 (opcodes as in CPython's pickletools.py). Throws
 * OperatingError("corrupt") for what is none, or has an opcode that plain values do not need.
 */
export function readPickle(bytes: Buffer): PickleValue {
  try {
    return new Reader(bytes).read();
  } catch (thrown) {
    if (thrown instanceof RangeError)
      throw new OperatingError("corrupt", "a pickle that ends too early", { cause: thrown });
    throw thrown;
  }
}

/** A list of texts, protocol 2: what the server takes as a command. */
export function pickleOf(texts: readonly string[]): Buffer {
  const parts = texts.map((text) => {
    const bytes = Buffer.from(text);
    const head = Buffer.alloc(5);
    head.write("X");
    head.writeUInt32LE(bytes.length, 1);
    return Buffer.concat([head, bytes]);
  });
  return Buffer.concat([Buffer.from("\x80\x02](", "latin1"), ...parts, Buffer.from("e.")]);
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #stack: Item[] = [];
  /** Stacks below the marks that are open. */
  readonly #marks: Item[][] = [];
  readonly #memo: Item[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  read(): PickleValue {
    for (;;) {
      const opcode = this.#unsigned(1);
      if (opcode === 0x2e) return this.#pop();
      if (!this.#number(opcode) && !this.#text(opcode) && !this.#collect(opcode))
        this.#other(opcode);
    }
  }

  #number(opcode: number): boolean {
    // K, M, J: 1 and 2 bytes without, 4 with a sign.
    if (opcode === 0x4b) this.#stack.push(this.#unsigned(1));
    else if (opcode === 0x4d) this.#stack.push(this.#unsigned(2));
    else if (opcode === 0x4a) this.#stack.push(this.#unsigned(4) | 0);
    else if (opcode === 0x8a) this.#stack.push(this.#long(this.#unsigned(1)));
    else if (opcode === 0x47) this.#stack.push(this.#take(8).readDoubleBE());
    else if (opcode === 0x4e) this.#stack.push(null);
    else if (opcode === 0x88 || opcode === 0x89) this.#stack.push(opcode === 0x88);
    else return false;
    return true;
  }

  /** Unicode by 1, 4 and 8 bytes of length; bytes and Python 2's strings by 1 and 4. */
  #text(opcode: number): boolean {
    const lengths: Readonly<Record<number, number>> = {
      0x8c: 1,
      0x58: 4,
      0x8d: 8,
      0x43: 1,
      0x42: 4,
      0x55: 1,
      0x54: 4,
    };
    const length = lengths[opcode];
    if (length === undefined) return false;
    this.#stack.push(this.#take(this.#unsigned(length)).toString("utf8"));
    return true;
  }

  #collect(opcode: number): boolean {
    // ] and ) begin a list and a tuple, } a dictionary.
    if (opcode === 0x5d || opcode === 0x29 || opcode === 0x8f) this.#stack.push([]);
    else if (opcode === 0x7d) this.#stack.push(new Map());
    else if (opcode === 0x28) this.#marks.push(this.#stack.splice(0));
    else if (opcode === 0x61) this.#append([this.#pop()]);
    else if (opcode === 0x65 || opcode === 0x90) this.#append(this.#toMark());
    else if (opcode === 0x73) {
      const value = this.#pop();
      this.#put([this.#pop(), value]);
    } else if (opcode === 0x75) this.#put(this.#toMark());
    else if (opcode === 0x74) this.#stack.push(this.#toMark());
    else if (opcode >= 0x85 && opcode <= 0x87) {
      const count = opcode - 0x84;
      if (this.#stack.length < count) throw broken("a tuple of what is not there");
      this.#stack.push(this.#stack.splice(-count));
    } else return false;
    return true;
  }

  #other(opcode: number): void {
    // PROTO and FRAME say nothing that matters here.
    if (opcode === 0x80) this.#take(1);
    else if (opcode === 0x95) this.#take(8);
    else if (opcode === 0x94) this.#memo.push(this.#peek());
    else if (opcode === 0x71) this.#remember(this.#unsigned(1));
    else if (opcode === 0x72) this.#remember(this.#unsigned(4));
    else if (opcode === 0x68) this.#recall(this.#unsigned(1));
    else if (opcode === 0x6a) this.#recall(this.#unsigned(4));
    else if (opcode === 0x63) this.#stack.push(`${this.#line()}.${this.#line()}`);
    else if (opcode === 0x93) {
      const name = this.#name();
      this.#stack.push(`${this.#name()}.${name}`);
    } else if (opcode === 0x52 || opcode === 0x81) {
      const given = this.#pop();
      this.#stack.push(called(this.#name(), Array.isArray(given) ? given : []));
      // BUILD: what it would set besides.
    } else if (opcode === 0x62) this.#pop();
    else throw broken(`opcode 0x${opcode.toString(16)} at byte ${this.#at - 1}`);
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#peek();
    if (!Array.isArray(list)) throw broken("an item of what is no list");
    for (const item of items) list.push(item);
  }

  #put(items: readonly PickleValue[]): void {
    const map = this.#peek();
    if (!(map instanceof Map)) throw broken("an entry of what is no dictionary");
    for (let i = 0; i + 1 < items.length; i += 2) map.set(items[i] ?? null, items[i + 1] ?? null);
  }

  #toMark(): PickleValue[] {
    const below = this.#marks.pop();
    if (below === undefined) throw broken("an end without a mark");
    const items = this.#stack;
    this.#stack = below;
    return items;
  }

  /** Numbers of places are bounded by the bytes that there are, so that one can't ask for any memory. */
  #remember(place: number): void {
    if (place > this.#bytes.length) throw broken("a place out of reach");
    this.#memo[place] = this.#peek();
  }

  #recall(place: number): void {
    const item = this.#memo[place];
    if (item === undefined) throw broken("a value that was not remembered");
    this.#stack.push(item);
  }

  #peek(): Item {
    const item = this.#stack.at(-1);
    if (item === undefined) throw broken("a value that is not there");
    return item;
  }

  #pop(): Item {
    const item = this.#peek();
    this.#stack.pop();
    return item;
  }

  #name(): string {
    const name = this.#pop();
    if (typeof name !== "string") throw broken("a name that is no text");
    return name;
  }

  #take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length)
      throw new RangeError(`${count} bytes at ${this.#at} of ${this.#bytes.length}`);
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  #unsigned(count: number): number {
    const bytes = this.#take(count);
    return count === 8 ? Number(bytes.readBigUInt64LE()) : bytes.readUIntLE(0, count);
  }

  /** A number of any length, two's complement, the lowest byte first. */
  #long(count: number): number {
    const bytes = this.#take(count);
    let value = 0n;
    for (let i = count - 1; i >= 0; i--) value = value * 256n + BigInt(bytes[i] ?? 0);
    return Number(BigInt.asIntN(count * 8, value));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new RangeError("a line without an end");
    const line = this.#take(end + 1 - this.#at);
    return line.toString("utf8", 0, line.length - 1).trimEnd();
  }
}

/** str(x) of Python is what it is given. */
function called(name: string, given: readonly PickleValue[]): PickleValue {
  const [first] = given;
  if (name.endsWith(".str") && typeof first === "string") return first;
  return new PickledObject(name, given);
}

function broken(what: string): OperatingError {
  return new OperatingError("corrupt", `a pickle that can't be read: ${what}`);
}
