import { Decoder, ExtensionCodec } from "@msgpack/msgpack";
import { unpackBody } from "../transport/body.ts";
import { MessagePackError, arrayAt, partsOf, valueEnd } from "./message_scanner.ts";

/** A message of the Forward protocol, v1: https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1 */
export type ForwardMessage = {
  readonly tag: string;
  readonly options: ForwardOptions;
  /** Each an array [time, record], or [[time, metadata], record], as bytes. */
  readonly entries: Iterable<Uint8Array>;
};

export type ForwardOptions = {
  /** Asked to be acknowledged. */
  readonly chunk: string | undefined;
  /** How many entries the sender counted. */
  readonly size: number;
  /** 0 or none: logs. */
  readonly signal: number;
};

export type ForwardEntry = {
  readonly unixNanos: bigint;
  readonly record: Readonly<Record<string, unknown>>;
  /** The bytes of a text of the record. */
  readonly bytesOf: (key: string) => Uint8Array | undefined;
};

/** Of one entry: a few hundred bytes of memory each. */
const partsMax = 100_000;

/** EventTime: extension type 0, seconds and nanoseconds in 32 bits each, big endian. */
class EventTime {
  readonly unixNanos: bigint;

  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.unixNanos =
      bytes.length === 8
        ? BigInt(view.getUint32(0)) * 1_000_000_000n + BigInt(view.getUint32(4))
        : 0n;
  }
}

const extensionCodec = new ExtensionCodec();
extensionCodec.register({
  type: 0,
  encode: () => null,
  decode: (bytes: Uint8Array) => new EventTime(bytes),
});
const decoder = new Decoder({
  extensionCodec,
  rawStrings: true,
  useBigInt64: true,
  // The library's cache of keys would give one that is no UTF-8 the text of another, read with what stood behind that.
  keyDecoder: null,
  // Keys may be of any type that there is; only text is of use.
  mapKeyConverter: (key) => (key instanceof Uint8Array ? textOf(key) : String(key)),
});
const utf8 = new TextDecoder();

/** A value with its texts as bytes, which need not be UTF-8. Throws MessagePackError. */
export function decodeValue(bytes: Uint8Array): unknown {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new MessagePackError(`a value can't be read (${String(cause).slice(0, 100)})`);
  }
}

/** Of bytes the text, with U+FFFD for what is none. */
export function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return utf8.decode(value);
  return typeof value === "string" ? value : "";
}

/**
 * The parts of a message in any of its modes: Message, Forward, PackedForward, CompressedPackedForward (gzip, zstd; unpacked at
 * most `bytesMax`). Entries are cut out one by one, so that a bad one does not cost the others. Throws OperatingError.
 */
export function readForwardMessage(
  bytes: Uint8Array,
  bytesMax: number,
  take: (bytes: number) => void,
): ForwardMessage {
  const { values, start } = arrayAt(bytes, 0);
  const parts: Uint8Array[] = [];
  for (let i = 0, at = start; i < values && i < 4; i++) {
    const end = valueEnd(bytes, at);
    parts.push(bytes.subarray(at, end));
    at = end;
  }
  const [tagBytes, second, third, fourth] = parts;
  if (tagBytes === undefined || second === undefined)
    throw new MessagePackError("expected a tag and entries");
  const tag = textOf(decodeValue(tagBytes));
  const kind = kindOf(second);
  if (kind === "time") {
    if (third === undefined) throw new MessagePackError("expected a record");
    const entry = Buffer.concat([Uint8Array.of(0x92), second, third]);
    return { tag, options: readOptions(fourth).options, entries: [entry] };
  }
  const { options, compressed } = readOptions(third);
  if (kind === "array") return { tag, options, entries: arrayEntries(second) };
  const packed = decodeValue(second);
  if (!(packed instanceof Uint8Array)) throw new MessagePackError("expected packed entries");
  const isPlain = compressed === "" || compressed === "text";
  const stream = isPlain ? packed : unpackBody(packed, compressed, bytesMax);
  if (!isPlain) take(stream.length);
  return { tag, options, entries: packedEntries(stream) };
}

/** The options of a message without its entries, for one whose entries can't be read. */
export function optionsOf(bytes: Uint8Array): ForwardOptions {
  try {
    const { values, start } = arrayAt(bytes, 0);
    let at = start;
    for (let i = 0; i < values - 1; i++) at = valueEnd(bytes, at);
    return readOptions(bytes.subarray(at)).options;
  } catch {
    return readOptions(undefined).options;
  }
}

/** Time and record of an entry. Throws MessagePackError. */
export function readEntry(bytes: Uint8Array): ForwardEntry {
  // No value is shorter than a byte.
  if (bytes.length > partsMax && partsOf(bytes) > partsMax)
    throw new MessagePackError(`an entry has more than ${partsMax} values`);
  const entry = decodeValue(bytes);
  if (!Array.isArray(entry)) throw new MessagePackError("an entry is no array");
  const [head, record]: unknown[] = entry;
  if (!isMap(record)) throw new MessagePackError("a record is no map");
  const time: unknown = Array.isArray(head) ? head[0] : head;
  const bytesOf = (key: string): Uint8Array | undefined => {
    const value = record[key];
    return value instanceof Uint8Array ? value : undefined;
  };
  return { unixNanos: nanosOf(time), record: withTexts(record), bytesOf };
}

function kindOf(second: Uint8Array): "array" | "bytes" | "time" {
  const type = second[0] ?? 0;
  if ((type >= 0x90 && type <= 0x9f) || type === 0xdc || type === 0xdd) return "array";
  const isText = (type >= 0xa0 && type <= 0xbf) || (type >= 0xd9 && type <= 0xdb);
  return isText || (type >= 0xc4 && type <= 0xc6) ? "bytes" : "time";
}

function readOptions(bytes: Uint8Array | undefined) {
  const map = bytes === undefined || bytes.length === 0 ? undefined : decodeValue(bytes);
  const of = (name: string): unknown => (isMap(map) ? map[name] : undefined);
  const number = (name: string): number => {
    const value = Number(of(name) ?? 0);
    return Number.isSafeInteger(value) && value >= 0 ? value : 0;
  };
  const chunk = of("chunk");
  const options: ForwardOptions = {
    chunk: chunk === undefined || chunk === null ? undefined : textOf(chunk),
    size: number("size"),
    signal: number("fluent_signal"),
  };
  return { options, compressed: textOf(of("compressed")) };
}

function* arrayEntries(bytes: Uint8Array): Generator<Uint8Array> {
  const { values, start } = arrayAt(bytes, 0);
  for (let i = 0, at = start; i < values; i++) {
    const end = valueEnd(bytes, at);
    yield bytes.subarray(at, end);
    at = end;
  }
}

function* packedEntries(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const end = valueEnd(bytes, at);
    yield bytes.subarray(at, end);
    at = end;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof EventTime)
  );
}

function nanosOf(time: unknown): bigint {
  if (time instanceof EventTime) return time.unixNanos;
  if (typeof time === "bigint") return time * 1_000_000_000n;
  if (typeof time !== "number" || !Number.isFinite(time)) return 0n;
  return BigInt(Math.floor(time)) * 1_000_000_000n + BigInt(Math.round((time % 1) * 1e6)) * 1_000n;
}

const depthMax = 64;

/** A record with its bytes as text. Throws MessagePackError where it is nested too deep. */
function withTexts(record: Record<string, unknown>, depth = 0): Record<string, unknown> {
  const texts = Object.entries(record).map(([key, value]) => [key, withText(value, depth + 1)]);
  return Object.fromEntries(texts);
}

function withText(value: unknown, depth: number): unknown {
  if (depth > depthMax) throw new MessagePackError("a record is nested too deep");
  if (value instanceof Uint8Array) return textOf(value);
  if (value instanceof EventTime) return String(value.unixNanos);
  if (Array.isArray(value)) return value.map((item: unknown) => withText(item, depth + 1));
  return isMap(value) ? withTexts(value, depth) : value;
}
