import {
  type SecurityLevel,
  type Users,
  decrypted,
  isSigned,
  securityLevels,
} from "./packet_security.ts";

/** Types of parts (github.com/collectd/collectd, wiki "Binary protocol"). */
const host = 0x0000;
const [time, timeFine] = [0x0001, 0x0008];
const [plugin, pluginInstance, type, typeInstance] = [0x0002, 0x0003, 0x0004, 0x0005];
const values = 0x0006;
const notification = 0x0100;
const [signature, encryption] = [0x0200, 0x0210];
const headBytes = 4;
const numberBytes = 8;
/** Of kind and number. */
const valueBytes = 9;
/** Fine times count 2 to the -30 seconds. */
const finePerSecond = 2 ** 30;
const msPerSecond = 1_000;
/** An encrypted part in an encrypted part is of nobody. */
const depthMax = 2;
/** Bytes of all five names together. */
const identityBytesMax = 1_024;

/** Kinds of values. */
export const valueKinds = { counter: 0, gauge: 1, derive: 2, absolute: 3 } as const;

/** Values of one series of collectd's, as places in the packet: kinds, and then as many numbers of eight bytes. */
export type ValueList = {
  /** Host, plugin, its instance, type, its instance; a zero behind each. */
  readonly identity: Buffer;
  readonly timestampMs: number;
  readonly bytes: Buffer;
  readonly kindsStart: number;
  readonly numbersStart: number;
  readonly count: number;
};

export type PacketFault = "credentials" | "malformed";
type Handlers = {
  take(list: ValueList): void;
  /** What follows in the packet is not read. */
  fault(fault: PacketFault): void;
  /** Of a notification, which is no value. */
  notification(): void;
};

const names = [host, plugin, pluginInstance, type, typeInstance];

/** Reads packets of collectd's network plugin. */
export class PacketReader {
  readonly #level: number;
  readonly #users: Users;
  readonly #handlers: Handlers;
  readonly #names: Buffer[] = names.map(() => Buffer.alloc(0));
  #identity: Buffer | undefined;
  #timestampMs = 0;

  constructor(level: SecurityLevel, users: Users, handlers: Handlers) {
    this.#level = securityLevels.indexOf(level);
    this.#users = users;
    this.#handlers = handlers;
  }

  /** Views of the packet are handed on, and hold until the call returns. */
  read(packet: Buffer): void {
    this.#names.fill(Buffer.alloc(0));
    this.#identity = undefined;
    this.#timestampMs = 0;
    this.#readParts(packet, 0, 1);
  }

  /** `level`: how the bytes are known to be of a user's. */
  #readParts(bytes: Buffer, from: number, depth: number): void {
    let level = from;
    for (let at = 0; at < bytes.length;) {
      const length = at + headBytes <= bytes.length ? bytes.readUInt16BE(at + 2) : 0;
      if (length <= headBytes || at + length > bytes.length)
        return this.#handlers.fault("malformed");
      const kind = bytes.readUInt16BE(at);
      const part = bytes.subarray(at + headBytes, at + length);
      at += length;
      if (kind === signature) {
        // Without users nobody can tell, so it is as good as none.
        if (this.#users.size === 0) continue;
        if (!isSigned(part, bytes.subarray(at), this.#users))
          return this.#handlers.fault("credentials");
        level = Math.max(level, 1);
      } else if (kind === encryption) {
        const text = depth < depthMax ? decrypted(part, this.#users) : undefined;
        if (text === undefined) return this.#handlers.fault("credentials");
        this.#readParts(text, 2, depth + 1);
      } else if (level < this.#level) return this.#handlers.fault("credentials");
      else if (!this.#readPart(kind, part)) return this.#handlers.fault("malformed");
    }
  }

  /** False where it makes no sense. */
  #readPart(kind: number, part: Buffer): boolean {
    const name = names.indexOf(kind);
    if (name >= 0) {
      if (part.at(-1) !== 0) return false;
      this.#names[name] = part;
      this.#identity = undefined;
      return true;
    }
    if (kind === time || kind === timeFine) {
      if (part.length !== numberBytes) return false;
      const number = Number(part.readBigUInt64BE(0));
      const seconds = kind === time ? number : number / finePerSecond;
      this.#timestampMs = Math.round(seconds * msPerSecond);
      return true;
    }
    if (kind === notification) this.#handlers.notification();
    return kind !== values || this.#readValues(part);
  }

  #readValues(part: Buffer): boolean {
    const count = part.length < 2 ? 0 : part.readUInt16BE(0);
    if (count === 0 || part.length !== 2 + count * valueBytes) return false;
    this.#identity ??= Buffer.concat(
      this.#names.map((name) => (name.length === 0 ? Buffer.alloc(1) : name)),
    );
    if (this.#identity.length > identityBytesMax) return false;
    this.#handlers.take({
      identity: this.#identity,
      timestampMs: this.#timestampMs,
      bytes: part,
      kindsStart: 2,
      numbersStart: 2 + count,
      count,
    });
    return true;
  }
}
