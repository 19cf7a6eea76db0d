import { isUtf8 } from "node:buffer";
import { fromBinary } from "@bufbuild/protobuf";
import { EntrySchema } from "#proto/gen/foreign/loki_push_pb.js";
import { ExpositionError } from "#shared/text/exposition/exposition_error.ts";
import { ProtobufCursor } from "#shared/text/exposition/protobuf_cursor.ts";
import { ByteMemo } from "../records/byte_memo.ts";
import type { Steps } from "../transport/decode_turns.ts";
import { partsMax } from "../transport/request_parts.ts";
import { type Metadata, type PushedLines, noMetadata } from "./pushed_lines.ts";
import { streamLabels } from "./stream_labels.ts";

/** Field number << 3 | wire type: of PushRequest and Stream, of Entry, and of Timestamp. */
const streamTag = 10;
const [labelsTag, entryTag] = [10, 18];
const [timestampTag, lineTag, metadataTag] = [10, 18, 26];
const [secondsTag, nanosTag] = [8, 16];
/** Read without a look at the clock. */
const entriesPerStep = 32;
/** More may be refused, which is decided over the push as a whole. */
const entriesMax = 100_000;
const metadataBytesMax = 2_048;
const [secondsMax, nanosMax] = [1e11, 999_999_999];

/** Of a known entry, and how many pairs it has. */
type Known = { readonly metadata: Metadata; readonly pairs: number };

/**
 * Reads pushes in protobuf entry by entry into lines; metadata that comes again is known by its bytes. What is not usual, or no such message, is left to whoever decodes
 * pushes as a whole.
 */
export class KnownPush {
  readonly #memo = new ByteMemo<Known>();
  readonly #metadata = new Uint8Array(metadataBytesMax);
  #metadataLength = 0;
  #pairs = 0;
  #ms = 0;
  #nanos = 0;
  #lineStart = 0;
  #lineEnd = 0;

  /** False: the lines are of no use. */
  *read(message: Uint8Array, lines: PushedLines): Steps<boolean> {
    const cursor = new ProtobufCursor(message);
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
    this.#pairs = 0;
    try {
      while (cursor.at < bytes.length) {
        if (cursor.varint(bytes.length) !== streamTag) return false;
        const end = cursor.lengthEnd(bytes.length);
        if (!(yield* this.#readStream(cursor, bytes, end, lines))) return false;
      }
      return true;
    } catch (thrown) {
      if (thrown instanceof ExpositionError) return false;
      throw thrown;
    }
  }

  /** Twice over it: labels may stand behind entries. */
  *#readStream(
    cursor: ProtobufCursor,
    bytes: Buffer,
    end: number,
    lines: PushedLines,
  ): Steps<boolean> {
    const start = cursor.at;
    let labels: string | undefined;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === labelsTag) {
        if (labels !== undefined) return false;
        const textEnd = cursor.lengthEnd(end);
        if (!isUtf8(bytes.subarray(cursor.at, textEnd))) return false;
        labels = bytes.toString("utf8", cursor.at, textEnd);
        cursor.at = textEnd;
      } else cursor.skip(tag, end);
    }
    lines.stream(streamLabels(labels ?? ""));
    yield;
    cursor.at = start;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag !== entryTag) cursor.skip(tag, end);
      else if (!this.#readEntry(cursor, bytes, cursor.lengthEnd(end))) return false;
      else if (lines.entries >= entriesMax || this.#pairs > partsMax) return false;
      else this.#add(bytes, lines);
      if (lines.entries % entriesPerStep === 0) yield;
    }
    return true;
  }

  #add(bytes: Buffer, lines: PushedLines): void {
    const metadata = this.#metadataLength === 0 ? noMetadata : this.#known(lines);
    lines.add(this.#ms, this.#nanos, bytes, this.#lineStart, this.#lineEnd, metadata);
  }

  #readEntry(cursor: ProtobufCursor, bytes: Buffer, end: number): boolean {
    this.#metadataLength = 0;
    this.#ms = 0;
    this.#nanos = 0;
    // An empty line is not written.
    this.#lineStart = end;
    this.#lineEnd = end;
    let hasTime = false;
    let hasLine = false;
    while (cursor.at < end) {
      const fieldStart = cursor.at;
      const tag = cursor.varint(end);
      if (tag !== timestampTag && tag !== lineTag && tag !== metadataTag) {
        cursor.skip(tag, end);
        continue;
      }
      const fieldEnd = cursor.lengthEnd(end);
      if (tag === timestampTag) {
        if (hasTime || !this.#readTime(cursor, fieldEnd)) return false;
        hasTime = true;
      } else if (tag === lineTag) {
        if (hasLine || !isUtf8(bytes.subarray(cursor.at, fieldEnd))) return false;
        hasLine = true;
        this.#lineStart = cursor.at;
        this.#lineEnd = fieldEnd;
      } else if (!this.#keepMetadata(bytes, fieldStart, fieldEnd)) return false;
      cursor.at = fieldEnd;
    }
    return true;
  }

  #readTime(cursor: ProtobufCursor, end: number): boolean {
    let seconds = 0;
    let nanos = 0;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === secondsTag) seconds = cursor.varint(end);
      else if (tag === nanosTag) nanos = cursor.varint(end);
      else return false;
    }
    if (seconds > secondsMax || nanos > nanosMax) return false;
    const ms = Math.floor(nanos / 1_000_000);
    this.#ms = seconds * 1_000 + ms;
    this.#nanos = nanos - ms * 1_000_000;
    return true;
  }

  /** Whole fields one after another. */
  #keepMetadata(bytes: Buffer, start: number, end: number): boolean {
    if (this.#metadataLength + end - start > metadataBytesMax) return false;
    for (let at = start; at < end; at++) this.#metadata[this.#metadataLength++] = bytes[at] ?? 0;
    return true;
  }

  #known(lines: PushedLines): Metadata {
    let known = this.#memo.get(this.#metadata, 0, this.#metadataLength, 0);
    if (known === undefined) {
      known = this.#decode(lines);
      this.#memo.set(this.#metadata, 0, this.#metadataLength, 0, known);
    }
    this.#pairs += known.pairs;
    return known.metadata;
  }

  /** The kept fields are an entry of their own. Throws ExpositionError. */
  #decode(lines: PushedLines): Known {
    const bytes = this.#metadata.subarray(0, this.#metadataLength);
    try {
      const { structuredMetadata: given } = fromBinary(EntrySchema, bytes);
      const pairs = given.map(({ name, value }) => [name, value]);
      return { metadata: lines.metadata(Object.fromEntries(pairs)), pairs: pairs.length };
    } catch {
      throw new ExpositionError("metadata that can't be read", 0);
    }
  }
}
